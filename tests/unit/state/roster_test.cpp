// Participants: what each client emits for them, and what is kept.
#include <gtest/gtest.h>

#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

TEST(Roster, IsSentSilentlyAndListedAtItsEndFrom19On) {
  for (const Client version : {Client::client_19, Client::client_20}) {
    TestClient client(version);
    EXPECT_EQ(client.send("participant_sync_begin", "null"), Texts{});
    EXPECT_EQ(client.send("participant_create", person("u1")), Texts{});
    EXPECT_EQ(
        client.send("participant_create", person(self_uuid, R"("service_type":"waiting_room")")),
        (Texts{R"(onServiceType "waiting_room")"}));
    EXPECT_EQ(client.send("participant_sync_end", "null"),
              (Texts{R"(onParticipants "main": "u1" ")" + std::string(self_uuid) + '"'}));
  }
}

TEST(Roster, IsListedAtEachChangeUpTo17) {
  TestClient client(Client::client_17);
  EXPECT_EQ(client.send("participant_sync_begin", "null"), Texts{});
  EXPECT_EQ(client.send("participant_create", person("u1")),
            (Texts{R"(onParticipantJoined "main"/"u1")", R"(onParticipants "main": "u1")"}));
  EXPECT_EQ(client.send("participant_update", person("u1")),
            (Texts{R"(onParticipants "main": "u1")"}));
  EXPECT_EQ(client.send("participant_delete", person("u1")),
            (Texts{R"(onParticipantLeft "main"/"u1")", R"(onParticipants "main":)"}));
  EXPECT_EQ(client.send("participant_sync_end", "null"), Texts{});
}

TEST(Roster, KeepsThePlaceOfAParticipantThatComesAgain) {
  TestClient client(Client::client_20);
  client.send("participant_create", person("u1"));
  client.send("participant_create", person("u2"));
  EXPECT_EQ(client.send("participant_create", person("u1")),
            (Texts{R"(onParticipantJoined "main"/"u1")"}));
  EXPECT_EQ(client.send("participant_sync_end", "null"),
            (Texts{R"(onParticipants "main": "u1" "u2")"}));
}

TEST(Roster, BeginsAnewWithASync) {
  TestClient client(Client::client_20);
  client.send("participant_create", person("u1"));
  client.send("participant_sync_begin", "null");
  EXPECT_EQ(client.state().main().participants.size(), 0U);
  EXPECT_TRUE(client.state().main().syncing);
}

TEST(Create, OfSelfTellsMeAndTheServiceType) {
  TestClient client(Client::client_20);
  const std::string self(self_uuid);
  EXPECT_EQ(client.send("participant_create", person(self, R"("service_type":"lecture")")),
            (Texts{R"(onServiceType "lecture")", R"(onMe "main"/")" + self + '"',
                   R"(onParticipantJoined "main"/")" + self + '"'}));
  EXPECT_TRUE(client.state().service_type->is_text("lecture"));
}

TEST(Create, NeedsAnIdFrom19On) {
  for (const std::string_view payload :
       {R"({})", R"({"uuid":""})", R"({"uuid":" \u00a0"})", R"({"uuid":5})", "null", "[]"}) {
    TestClient client(Client::client_20);
    EXPECT_EQ(client.send("participant_create", payload), Texts{}) << payload;
    EXPECT_EQ(client.outcome().fate, Fate::dropped) << payload;
    EXPECT_EQ(client.state().main().participants.size(), 0U) << payload;
  }
}

TEST(Create, TakesAnythingForAnIdUpTo17) {
  TestClient client(Client::client_17);
  EXPECT_EQ(client.send("participant_create", R"({"uuid":5})"),
            (Texts{R"(onParticipantJoined "main"/5)", R"(onParticipants "main": 5)"}));
  EXPECT_EQ(client.send("participant_create", R"({"uuid":{}})").back(),
            R"(onParticipants "main": 5 {})");
  EXPECT_EQ(client.send("participant_create", R"({"uuid":{}})").back(),
            R"(onParticipants "main": 5 {} {})");
  EXPECT_EQ(client.send("participant_create", "{}").back(),
            R"(onParticipants "main": 5 {} {} null)");
  // Without an id the client's own map takes everybody out.
  EXPECT_EQ(client.send("participant_delete", "{}"),
            (Texts{R"(onParticipantLeft "main"/null)", R"(onParticipants "main":)"}));
}

TEST(Update, OfSomebodyUnknownDiffersByVersion) {
  TestClient client_17(Client::client_17);
  EXPECT_EQ(client_17.send("participant_update", person("u1")),
            (Texts{R"(onParticipants "main": "u1")"}));
  TestClient client_19(Client::client_19);
  EXPECT_EQ(client_19.send("participant_update", person("u1")),
            (Texts{R"(onParticipantUpdated "main"/"u1")"}));
  TestClient client_20(Client::client_20);
  EXPECT_EQ(client_20.send("participant_update", person("u1")), Texts{});
  EXPECT_EQ(client_20.outcome().fate, Fate::ignored);
  EXPECT_EQ(client_20.state().participant("main", "u1"), nullptr);
}

TEST(Update, IsNotHeldBackBySync) {
  TestClient client(Client::client_20);
  client.send("participant_sync_begin", "null");
  client.send("participant_create", person("u1"));
  EXPECT_EQ(client.send("participant_update", person("u1")),
            (Texts{R"(onParticipantUpdated "main"/"u1")"}));
}

TEST(RaiseHand, TellsOfRaisingAndLoweringButNotOfSelf) {
  TestClient client(Client::client_20);
  client.send("participant_create", person("u1"));
  EXPECT_EQ(client.send("participant_update", person("u1", R"("buzz_time":1790000000.5)")),
            (Texts{R"(onRaiseHand "main"/"u1")", R"(onParticipantUpdated "main"/"u1")"}));
  EXPECT_EQ(client.send("participant_update", person("u1", R"("buzz_time":1790000001.5)")),
            (Texts{R"(onParticipantUpdated "main"/"u1")"}));
  EXPECT_EQ(client.send("participant_update", person("u1", R"("buzz_time":0)")).front(),
            R"(onRaiseHand "main"/"u1")");
  client.send("participant_create", person(self_uuid));
  EXPECT_EQ(client.send("participant_update", person(self_uuid, R"("buzz_time":1)")),
            (Texts{R"(onMe "main"/")" + std::string(self_uuid) + '"',
                   R"(onParticipantUpdated "main"/")" + std::string(self_uuid) + '"'}));
}

TEST(MyselfMuted, IsToldOnAChangeWhereMutingIsPossible) {
  const std::string muted = R"("mute_supported":"YES","is_muted":"YES")";
  TestClient client(Client::client_20);
  client.send("participant_create", person(self_uuid, R"("mute_supported":"YES")"));
  EXPECT_EQ(client.send("participant_update", person(self_uuid, muted)).front(),
            "onMyselfMuted true");
  EXPECT_NE(client.send("participant_update", person(self_uuid, muted)).front(),
            "onMyselfMuted true");
  EXPECT_EQ(client.send("participant_update", person(self_uuid, R"("is_muted":"NO")")).size(), 2U);
}

TEST(Delete, TellsWithTheStateThatWasKnown) {
  TestClient client(Client::client_20);
  client.send("participant_create", person("u1", R"("display_name":"Alice")"));
  EXPECT_EQ(client.send("participant_delete", person("u1", R"("display_name":"Bob")")),
            (Texts{R"(onParticipantLeft "main"/"u1")"}));
  EXPECT_EQ(client.send("participant_delete", person("u1")), Texts{});
  EXPECT_EQ(client.outcome().fate, Fate::ignored);
}

TEST(Self, IsNobodyWhereTheJoinGaveNoId) {
  Join join;
  join.self = " ";
  TestClient client(Client::client_20, join);
  EXPECT_EQ(client.send("participant_create", person("u1")).size(), 1U);
  // Where ids are not checked, a participant without one is the same as a self without one.
  TestClient client_17(Client::client_17, join);
  EXPECT_EQ(client_17.send("participant_create", R"({"uuid":" "})").front(), R"(onMe "main"/" ")");
}

TEST(ConferenceStatus, IsToldTwiceUpTo17) {
  TestClient client_17(Client::client_17);
  EXPECT_EQ(client_17.send("conference_update", R"({"locked":true})").size(), 2U);
  TestClient client_20(Client::client_20);
  EXPECT_EQ(client_20.send("conference_update", R"({"locked":true,"all_muted":"odd"})"),
            (Texts{R"(onConferenceStatus {"id":"main","status":{"locked":true,"allMuted":"odd",)"
                   R"("liveCaptionsAvailable":false,"breakoutRooms":false,"directMedia":false,)"
                   R"("presentationAllowed":false,"breakout":false}})"}));
  EXPECT_EQ(client_20.send("conference_update", "null"), Texts{});
}

/// Sends what makes the state larger until there is no room; how often there was.
int fill(TestClient& client, std::string_view room, std::string_view event) {
  for (int sent = 0; sent < 1000; ++sent) {
    client.send_in(room, event, person("u" + std::to_string(sent), R"("overlay_text":"hello")"));
    if (client.outcome().fate == Fate::left_out) {
      return sent;
    }
  }
  return 1000;
}

TEST(Participants, AreNotListedInARosterThatIsTooLarge) {
  TestClient client({}, {.client = Client::client_17, .roster_listed_max = 2});
  client.send("participant_create", person("u1"));
  EXPECT_EQ(client.send("participant_create", person("u2")).back(),
            R"(onParticipants "main": "u1" "u2")");
  EXPECT_EQ(client.outcome().limit, Limit::none);
  EXPECT_EQ(client.send("participant_create", person("u3")),
            (Texts{R"(onParticipantJoined "main"/"u3")"}));
  EXPECT_EQ(client.outcome().fate, Fate::handled);
  EXPECT_EQ(client.outcome().limit, Limit::roster);
  EXPECT_EQ(client.state().counts.over_limit, 1U);
  client.send("participant_delete", R"({"uuid":"u2"})");
  EXPECT_EQ(client.outcome().limit, Limit::none);
}

TEST(Room, LeavesOutWhatWouldGoOverTheLimitOfTheState) {
  TestClient client(Client::client_20, {}, true, 20'000);
  const int room_for = fill(client, R"("main")", "participant_create");
  EXPECT_GT(room_for, 20);
  EXPECT_LT(room_for, 80);
  EXPECT_EQ(client.state().main().participants.size(), static_cast<std::size_t>(room_for));
  client.send("breakout_begin", R"({"breakout_uuid":"b","participant_uuid":"me"})");
  EXPECT_EQ(client.outcome().fate, Fate::left_out);
  // What makes it no larger goes on, and what it gives back can be taken again.
  client.send("participant_update", person("u1", R"("overlay_text":"olleh")"));
  EXPECT_EQ(client.outcome().fate, Fate::handled);
  client.send("participant_delete", person("u1"));
  client.send("participant_create", person("u1", R"("overlay_text":"again")"));
  EXPECT_EQ(client.outcome().fate, Fate::handled);
}

TEST(Room, TakesNoMoreForHowOftenItWasFilled) {
  TestClient client(Client::client_20, {}, true, 20'000);
  client.send("breakout_begin", R"({"breakout_uuid":"b","participant_uuid":"me"})");
  const int room_for = fill(client, R"("b")", "participant_create");
  for (int i = 0; i < 20; ++i) {
    client.send_in(R"("b")", "participant_sync_begin", "null");
    EXPECT_EQ(fill(client, R"("b")", "participant_create"), room_for);
    client.send("breakout_end", R"({"breakout_uuid":"b"})");
    client.send("breakout_begin", R"({"breakout_uuid":"b","participant_uuid":"me"})");
    EXPECT_EQ(fill(client, R"("b")", "participant_create"), room_for);
    for (int left = 0; left < room_for; ++left) {
      client.send_in(R"("b")", "participant_delete", person("u" + std::to_string(left)));
    }
    EXPECT_EQ(fill(client, R"("b")", "participant_create"), room_for);
    client.send("refer", R"({"alias":"x","token":"y"})");
    client.send("cancel_refer", "{}");
  }
}

TEST(Digest, ChangesWithTheStateAndOnlyThen) {
  TestClient one(Client::client_20);
  TestClient other(Client::client_20);
  one.send("participant_create", person("u1"));
  EXPECT_NE(one.reducer().digest(), other.reducer().digest());
  other.send("on_hold", "{}");
  other.send("participant_update", person("nobody"));
  other.send("participant_create", "null");
  other.send("participant_create", person("u1"));
  EXPECT_EQ(one.reducer().digest(), other.reducer().digest());
  one.send("participant_delete", person("u1"));
  other.send("participant_delete", person("u2"));
  EXPECT_NE(one.reducer().digest(), other.reducer().digest());
}

}  // namespace
}  // namespace tapedeck::state::test
