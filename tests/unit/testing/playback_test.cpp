#include "testing/playback.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "tests/unit/testing/stream.hpp"

namespace tapedeck::testing {
namespace {

using Names = std::vector<std::string>;

Tape meeting() {
  return Tape::from_stream(test::meeting);
}

TEST(Playback, MovesTheClockFromFrameToFrame) {
  Playback playback(meeting());
  EXPECT_EQ(playback.seq(), 0U);
  EXPECT_EQ(playback.clock().now_ns(), 0);
  ASSERT_TRUE(playback.step());
  ASSERT_TRUE(playback.step());
  EXPECT_EQ(playback.seq(), 2U);
  EXPECT_EQ(playback.clock().now_ns(), 2 * ns_per_s);
}

TEST(Playback, PlaysUpToAMomentThatItIncludes) {
  Playback playback(meeting());
  playback.play_until(4 * ns_per_s);
  EXPECT_EQ(playback.seq(), 4U);
  playback.play_until(4 * ns_per_s + 1);
  EXPECT_EQ(playback.seq(), 4U);
  EXPECT_EQ(playback.clock().now_ns(), 4 * ns_per_s + 1);
  playback.play_until(100 * ns_per_s);
  EXPECT_EQ(playback.seq(), 8U);
  EXPECT_EQ(playback.clock().now_ns(), 100 * ns_per_s);
  EXPECT_FALSE(playback.step());
}

TEST(Playback, PlaysUpToAnEvent) {
  Playback playback(meeting());
  EXPECT_TRUE(playback.play_to("raiseHand"));
  EXPECT_EQ(playback.seq(), 5U);
  EXPECT_TRUE(playback.play_to("onParticipantLeft"));
  EXPECT_EQ(playback.seq(), 8U);
  EXPECT_FALSE(playback.play_to("raiseHand"));
}

TEST(Playback, CollectsPluginEventsWithTheFrameThatCausedThem) {
  Playback playback(meeting());
  playback.play_to_end();
  Names found;
  for (const Emission& emission : playback.events()) {
    if (emission.name != "participants") {
      found.push_back(std::to_string(emission.seq) + " " + std::string(emission.name));
    }
  }
  EXPECT_EQ(found, (Names{"0 authenticatedWithConference", "2 me", "2 participantJoined",
                          "4 participantJoined", "5 raiseHand", "8 participantLeft"}));
}

TEST(Playback, SeesWithTheEyesOfTheClientAskedFor) {
  Playback older(meeting());
  Playback newer(meeting(), {.plugin_api = state::PluginApi::api_22});
  older.play_to_end();
  newer.play_to_end();
  const auto has = [](std::span<const Emission> all, std::string_view name) {
    return std::ranges::any_of(all, [&](const Emission& one) { return one.name == name; });
  };
  EXPECT_FALSE(has(older.signals(), "onParticipantUpdated"));
  EXPECT_TRUE(has(newer.signals(), "onParticipantUpdated"));
  EXPECT_FALSE(has(older.events(), "participantsActivities"));
  EXPECT_TRUE(has(newer.events(), "participantsActivities"));
}

TEST(Playback, WhatAClientPutsOffComesWithTheReadThatCausedIt) {
  // client-17 moves to the breakout room by itself, at the end of its turn.
  const std::string stream =
      "event: breakout_begin\ndata: {\"breakout_uuid\":\"b\",\"participant_uuid\":\"p\"}\n\n"
      "event: breakout_refer\ndata: {\"breakout_uuid\":\"b\"}\n\n";
  Playback playback(Tape::from_stream(stream));
  playback.play_to_end();
  ASSERT_FALSE(playback.signals().empty());
  EXPECT_EQ(playback.signals().back().seq, 2U);
  EXPECT_EQ(playback.signals().back().name, "onPresentationConnectionChange");
}

TEST(Playback, AHandlerGetsEachMessageWhenTheStateKnowsIt) {
  Playback playback(meeting());
  Names seen;
  playback.on_message([&](const sse::Message& message) {
    seen.push_back(std::to_string(playback.seq()) + " " + std::string(message.event) + " " +
                   std::to_string(playback.state().main().participants.size()));
  });
  playback.play_to_end();
  EXPECT_EQ(seen,
            (Names{"1 participant_sync_begin 0", "2 participant_create 1",
                   "3 participant_sync_end 1", "4 participant_create 2", "5 participant_update 2",
                   "7 participant_update 2", "8 participant_delete 1"}));
}

TEST(Playback, AHandlerOfFramesGetsEveryByte) {
  Playback playback(meeting());
  std::string bytes;
  playback.on_frame([&](const port::Frame& frame) { bytes += frame.raw; });
  playback.play_to_end();
  EXPECT_EQ(bytes, test::meeting);
}

TEST(Playback, TheJoinIsThatOfTheTapeUnlessItIsGiven) {
  state::Join join;
  join.self = "a";
  const Tape tape = Tape::from_stream(test::meeting, ns_per_s, join);
  EXPECT_EQ(Playback(tape).state().join.self, "a");
  join.self = "b";
  EXPECT_EQ(Playback(tape, {.join = join}).state().join.self, "b");
}

TEST(Playback, GivesTheSameEachTime) {
  const Tape tape = meeting();
  Playback once(tape);
  Playback again(tape);
  once.play_to_end();
  while (again.step()) {
  }
  EXPECT_EQ(once.state_json(), again.state_json());
  EXPECT_EQ(once.events().size(), again.events().size());
}

TEST(Playback, TellsItsPlace) {
  Playback playback(meeting());
  EXPECT_EQ(playback.place(), "a stream before its first frame");
  playback.play_until(5 * ns_per_s);
  EXPECT_EQ(playback.place(), "a stream at seq 5, 5.000s");
  EXPECT_EQ(::testing::PrintToString(playback), playback.place());
}

}  // namespace
}  // namespace tapedeck::testing
