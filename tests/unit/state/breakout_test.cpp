// Breakout rooms, as a host sees them on the main stream.
#include <gtest/gtest.h>

#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

constexpr std::string_view begin = R"({"breakout_uuid":"b1","participant_uuid":"me-in-b1"})";

TEST(Breakout, HasARosterOfItsOwnWithASelfOfItsOwn) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("breakout_begin", begin),
            (Texts{R"(onBreakoutBegin {"breakout_uuid":"b1","participant_uuid":"me-in-b1"})"}));
  EXPECT_EQ(client.send_in(R"("b1")", "participant_create", person("me-in-b1")),
            (Texts{R"(onMe "b1"/"me-in-b1")", R"(onParticipantJoined "b1"/"me-in-b1")"}));
  EXPECT_EQ(client.send_in(R"("b1")", "participant_create", person(self_uuid)).size(), 1U);
  EXPECT_EQ(client.send_in(R"("b1")", "participant_sync_end", "null").size(), 1U);
  EXPECT_EQ(client.state().room("b1")->participants.size(), 2U);
  EXPECT_EQ(client.state().main().participants.size(), 0U);
}

TEST(Breakout, ExistsWithoutBeginAndHasNoSelfThen) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send_in(R"("b1")", "participant_create", person("u1")),
            (Texts{R"(onParticipantJoined "b1"/"u1")"}));
}

TEST(Breakout, NamedMainIsTheMainRoom) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send_in(R"("main")", "participant_create", person(self_uuid)).front(),
            R"(onMe "main"/")" + std::string(self_uuid) + '"');
  EXPECT_EQ(client.state().main().participants.size(), 1U);
  TestClient client_17(Client::client_17);
  EXPECT_EQ(client_17.send_in(R"("main")", "conference_update", "{}").size(), 1U);
}

TEST(Breakout, NeedsAnIdFrom19On) {
  for (const std::string_view id : {"null", "\"\"", "\" \"", "7", "[]"}) {
    TestClient client(Client::client_20);
    EXPECT_EQ(client.send_in(id, "participant_create", person("u1")), Texts{}) << id;
    EXPECT_EQ(client.outcome().fate, Fate::dropped) << id;
  }
  TestClient client_17(Client::client_17);
  EXPECT_EQ(client_17.send_in("7", "participant_create", person("u1")).back(),
            R"(onParticipants 7: "u1")");
  EXPECT_EQ(client_17.send_in("{}", "participant_create", person("u1")).back(),
            R"(onParticipants {}: "u1")");
}

TEST(Breakout, IsGoneWithItsEnd) {
  TestClient client(Client::client_20);
  client.send("breakout_begin", begin);
  client.send_in(R"("b1")", "participant_create", person("u1"));
  client.send_in(R"("b1")", "conference_update", "{}");
  EXPECT_EQ(client.send("breakout_end", begin),
            (Texts{R"(onBreakoutEnd {"breakout_uuid":"b1","participant_uuid":"me-in-b1"})"}));
  EXPECT_FALSE(client.state().room("b1")->is_known());
}

TEST(Breakout, KeepsASyncThatWasCutOffBeyondItsEnd) {
  TestClient client(Client::client_20);
  client.send_in(R"("b1")", "participant_sync_begin", "null");
  client.send("breakout_end", begin);
  EXPECT_EQ(client.send_in(R"("b1")", "participant_create", person("u1")), Texts{});
}

TEST(Breakout, StageAndLayoutAreKeptThoughTheClientDoesNotHearThem) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send_in(R"("b1")", "stage", "[1]"), Texts{});
  EXPECT_EQ(client.outcome().fate, Fate::unheard);
  EXPECT_EQ(client.state().room("b1")->stage->items().size(), 1U);
}

TEST(BreakoutRefer, IsCheckedAndRenamedFrom19On) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("breakout_refer", R"({"breakout_uuid":"b1","breakout_name":"One",)"
                                          R"("requester_uuid":"u1"})"),
            (Texts{R"(onBreakoutRefer {"breakoutUuid":"b1","breakoutName":"One",)"
                   R"("requesterUuid":"u1"})"}));
  EXPECT_EQ(client.send("breakout_refer", R"({"breakout_uuid":"b1"})"), Texts{});
}

TEST(BreakoutRefer, IsFollowedBy17WhenItsTurnIsOver) {
  TestClient client(Client::client_17);
  client.send_in(R"("b1")", "presentation_start", R"({"presenter_uuid":"u1"})");
  EXPECT_EQ(client.send("breakout_refer", R"({"breakout_uuid":"b1"})"),
            (Texts{R"(onBreakoutRefer {"breakout_uuid":"b1"})"}));
  // What came with the same read is handled before the client moves.
  EXPECT_EQ(client.send_along("presentation_start", R"({"presenter_uuid":"u2"})").size(), 2U);
  client.begin_read();
  const Texts moved = client.send_along("on_hold", "{}");
  EXPECT_EQ(moved, (Texts{R"(onPresentationConnectionChange {"send":"new","recv":"disconnected"})",
                          R"(onPresentationConnectionChange {"send":"disconnected",)"
                          R"("recv":"disconnected"})",
                          R"(onPresentationConnectionChange {"send":"new","recv":"connecting"})",
                          R"(onPresentationConnectionChange {"send":"new","recv":"connected"})"}));
  // In the room, its captions are heard and the main room's presentation is not.
  EXPECT_EQ(client.send_in(R"("b1")", "live_captions", R"({"data":"hi","is_final":true})"),
            (Texts{R"(onLiveCaptions {"data":"hi","isFinal":true})"}));
  EXPECT_EQ(client.send("presentation_stop", "{}"), Texts{});
  // Back in the main room, where nobody presents any more: only the call in the room ends.
  client.send("breakout_refer", R"({"breakout_uuid":"main"})");
  EXPECT_EQ(client.finish().size(), 2U);
}

}  // namespace
}  // namespace tapedeck::state::test
