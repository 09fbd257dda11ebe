#include "core/state/restore.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "core/event/decoder.hpp"
#include "core/sim/sim_source.hpp"
#include "core/state/state_json.hpp"
#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

/// What a client that joins now has in common with one that was there all the time.
std::string common_state(const Reducer& reducer) {
  std::string whole;
  append_state_json(whole, reducer);
  event::Decoder decoder;
  const Value state = decoder.decode(whole).value;
  return json(state["self"]) + json(state["rooms"]) + json(state["splash_screen"]);
}

void pull(Derivation& derivation) {
  while (derivation.next()) {
  }
}

/// The state of a client of the same join that is told what restores `reducer`.
std::string restored_state(const Reducer& reducer, Client client) {
  Derivation derivation(reducer.state().join, {.client = client, .signals = false});
  std::uint64_t seq = 0;
  for (const std::string& block : restoring_blocks(reducer.state())) {
    derivation.push({++seq, 1, 0}, wall_ns, block);
    pull(derivation);
  }
  return common_state(derivation.reducer());
}

class Restore : public testing::TestWithParam<Client> {};

TEST_P(Restore, GivesTheStateOfASimulatedConferenceAtEveryFrame) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    sim::SimSource source({.seed = seed,
                           .participants = static_cast<std::uint32_t>(2 * seed),
                           .breakouts = static_cast<std::uint32_t>(seed % 3),
                           .duration_ns = 30 * ns_per_s});
    Join join;
    join.self = source.self();
    Derivation derivation(join, {.client = GetParam(), .signals = false});
    while (const auto frame = source.next().value()) {
      derivation.push({frame->seq, 1, frame->recv_ns}, wall_ns, frame->raw);
      pull(derivation);
      ASSERT_EQ(restored_state(derivation.reducer(), GetParam()),
                common_state(derivation.reducer()))
          << "seed " << seed << ", frame " << frame->seq;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Restore,
                         testing::Values(Client::client_17, Client::client_19, Client::client_20),
                         [](const auto& client) {
                           return std::string("client_") + (client.param == Client::client_17 ? "17"
                                                            : client.param == Client::client_19
                                                                ? "19"
                                                                : "20");
                         });

TEST(Restoring, EndsNoSyncThatGoesOn) {
  TestClient client(Client::client_20);
  client.send("participant_sync_begin", "null");
  client.send("participant_create", person("u1", ""));
  EXPECT_EQ(restored_state(client.reducer(), Client::client_20), common_state(client.reducer()));
}

TEST(Restoring, KeepsTheOrderOfTheRosterAndEveryPartOfARoom) {
  TestClient client(Client::client_20);
  client.send("participant_create", person("u2", R"("buzz_time":2)"));
  client.send("participant_create", person("u1", R"("spotlight":1)"));
  client.send("participant_update", person("u2", R"("display_name":"\ud83d\ud83d\n\"x")"));
  client.send("live_captions", R"({"data":"hello","is_final":true})");
  client.send("splash_screen", R"({"screen_key":"direct_media_welcome"})");
  client.send("breakout_begin", R"({"breakout_uuid":"b1","participant_uuid":"me"})");
  client.send_in(R"("b1")", "participant_create", person("me", ""));
  client.send_in(R"("b1")", "stage", R"([{"participant_uuid":"me","stage_index":0,"vad":100}])");
  client.send_in(R"("b1")", "layout", R"({"view":"1:7"})");
  client.send_in(R"("b1")", "live_captions", R"({"data":"there"})");
  client.send_in(R"("b1")", "presentation_start",
                 R"({"presenter_name":"A","presenter_uuid":"me"})");
  EXPECT_EQ(restored_state(client.reducer(), Client::client_20), common_state(client.reducer()));
}

TEST(Transition, EndsWhatIsThereNoMoreAndTellsTheRest) {
  TestClient later(Client::client_20);
  later.send("participant_create", person("u1", ""));
  later.send("splash_screen", R"({"screen_key":"direct_media_welcome"})");
  later.send("stage", R"([{"participant_uuid":"u1","stage_index":0,"vad":100}])");
  later.send("presentation_start", R"({"presenter_name":"A","presenter_uuid":"u1"})");
  later.send("breakout_begin", R"({"breakout_uuid":"b1","participant_uuid":"me"})");
  later.send_in(R"("b1")", "participant_create", person("me", ""));
  later.send_in(R"("b1")", "presentation_start", R"({"presenter_name":"B","presenter_uuid":"me"})");
  later.send_in(R"("b2")", "participant_create", person("u3", ""));
  TestClient earlier(Client::client_20);
  earlier.send("participant_create", person("u2", ""));
  const auto blocks = transition_blocks(later.reducer().state(), earlier.reducer().state());
  Derivation derivation(later.reducer().state().join, {.signals = false});
  std::uint64_t seq = 0;
  for (const auto& known : {restoring_blocks(later.reducer().state()), blocks}) {
    for (const std::string& block : known) {
      derivation.push({++seq, 1, 0}, wall_ns, block);
      pull(derivation);
    }
  }
  EXPECT_EQ(derivation.state().main().participants.size(), 1U);
  EXPECT_NE(derivation.state().participant("main", "u2"), nullptr);
  EXPECT_TRUE(derivation.state().main().presentation->is_undefined());
  EXPECT_EQ(json(*derivation.state().main().stage), "[]");
  EXPECT_TRUE(derivation.state().splash_screen->is_undefined());
  EXPECT_FALSE(derivation.state().room("b1")->is_known());
  EXPECT_TRUE(derivation.state().room("b1")->presentation->is_undefined());
  EXPECT_FALSE(derivation.state().room("b2")->is_known());
}

TEST(Transition, APresentationByAnotherIsEndedFirst) {
  TestClient from(Client::client_20);
  from.send("presentation_start", R"({"presenter_name":"A","presenter_uuid":"u1"})");
  TestClient to(Client::client_20);
  to.send("presentation_start", R"({"presenter_name":"B","presenter_uuid":"u2"})");
  const auto blocks = transition_blocks(from.reducer().state(), to.reducer().state());
  ASSERT_EQ(blocks.size(), 4U);
  EXPECT_EQ(blocks.front(), "event: presentation_stop\ndata: {}\n\n");
  EXPECT_TRUE(blocks.back().starts_with("event: presentation_start\n")) << blocks.back();
  EXPECT_EQ(transition_blocks(to.reducer().state(), to.reducer().state()),
            restoring_blocks(to.reducer().state()));
}

TEST(Restoring, LeavesOutWhatIsOver) {
  TestClient client(Client::client_20);
  client.send("message_received", R"({"type":"text/plain","payload":"hi","origin":"A"})");
  client.send("refer", R"({"alias":"meet.bob","token":"secret"})");
  client.send("breakout_begin", R"({"breakout_uuid":"b1","participant_uuid":"me"})");
  client.send("breakout_end", R"({"breakout_uuid":"b1","participant_uuid":"me"})");
  client.send("disconnect", R"({"reason":"over"})");
  EXPECT_EQ(restoring_blocks(client.reducer().state()),
            (std::vector<std::string>{"event: participant_sync_begin\ndata: null\n\n",
                                      "event: participant_sync_end\ndata: null\n\n"}));
}

}  // namespace
}  // namespace tapedeck::state::test
