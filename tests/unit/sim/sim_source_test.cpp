#include "core/sim/sim_source.hpp"

#include <set>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "core/event/wire_reader.hpp"
#include "core/state/reducer.hpp"
#include "core/verdict/validator.hpp"
#include "tests/support/stream_checker.hpp"

namespace tapedeck::sim {
namespace {

std::string bytes_of(const Options& options) {
  SimSource source(options);
  std::string bytes;
  while (const auto frame = source.next().value()) {
    bytes += frame->raw;
  }
  return bytes;
}

std::vector<Options> many_conferences() {
  std::vector<Options> all;
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    constexpr std::array<std::uint32_t, 8> sizes{12, 1, 5, 30, 0, 2, 12, 80};
    constexpr std::array<std::uint32_t, 5> rooms{1, 2, 0, 5, 1};
    all.push_back({.seed = seed,
                   .participants = sizes[seed % sizes.size()],
                   .breakouts = rooms[seed % rooms.size()],
                   .duration_ns = 120 * ns_per_s});
  }
  return all;
}

TEST(SimSource, TheSameSeedGivesTheSameBytes) {
  const Options options{
      .seed = 7, .participants = 20, .breakouts = 2, .duration_ns = 120 * ns_per_s};
  EXPECT_EQ(bytes_of(options), bytes_of(options));
  Options other = options;
  other.seed = 8;
  EXPECT_NE(bytes_of(options), bytes_of(other));
}

TEST(SimSource, ALongerConferenceBeginsAsAShorterOne) {
  Options options{.seed = 3, .participants = 12, .breakouts = 1, .duration_ns = 20 * ns_per_s};
  const std::string shorter = bytes_of(options);
  options.duration_ns = 60 * ns_per_s;
  const std::string longer = bytes_of(options);
  const std::size_t disconnect = shorter.find("event: disconnect\n");
  ASSERT_NE(disconnect, std::string::npos);
  EXPECT_EQ(shorter.substr(0, disconnect), longer.substr(0, disconnect));
  EXPECT_GT(longer.size(), shorter.size());
}

TEST(SimSource, FramesAreNumberedAndInOrderOfTime) {
  SimSource source({.seed = 5, .duration_ns = 30 * ns_per_s});
  std::uint64_t seq = 0;
  std::int64_t last_ns = 0;
  while (const auto frame = source.next().value()) {
    EXPECT_EQ(frame->seq, ++seq);
    EXPECT_EQ(frame->connection_id, 1U);
    EXPECT_TRUE(frame->complete);
    EXPECT_GE(frame->recv_ns, last_ns);
    EXPECT_LE(frame->recv_ns, last_ns + 2 * ns_per_s);  // nobody waits long for the next
    last_ns = frame->recv_ns;
  }
  EXPECT_GE(last_ns, 30 * ns_per_s);
  EXPECT_LT(last_ns, 31 * ns_per_s);
}

TEST(SimSource, EveryConferenceIsOneThatANodeCouldSend) {
  for (const Options& options : many_conferences()) {
    SCOPED_TRACE("seed " + std::to_string(options.seed));
    SimSource source(options);
    test::StreamChecker checker(source.self());
    while (const auto frame = source.next().value()) {
      checker.take(frame->raw, frame->recv_ns);
    }
    ASSERT_TRUE(checker.faults().empty()) << checker.faults().front();
    EXPECT_EQ(checker.counts().at("disconnect"), 1);
  }
}

TEST(SimSource, NothingInAConferenceIsAFinding) {
  for (const Options& options : many_conferences()) {
    SCOPED_TRACE("seed " + std::to_string(options.seed));
    SimSource source(options);
    verdict::Findings findings{verdict::RuleSet{}};
    verdict::Validator validator(findings);
    validator.self(source.self());
    state::Join join;
    join.self = source.self();
    state::Reducer reducer(join);
    reducer.begin();
    event::WireReader reader;
    while (const auto frame = source.next().value()) {
      validator.frame(*frame);
      reader.push({frame->seq, frame->connection_id, frame->recv_ns}, frame->raw);
      while (const auto event = reader.next()) {
        validator.event(*event, reducer.apply(*event, epoch_ns + frame->recv_ns));
      }
      reducer.end_turn();
    }
    validator.finish();
    for (const verdict::Finding& finding : findings.kept()) {
      ADD_FAILURE() << verdict::info_of(finding.rule).id << " at " << finding.seq << ": "
                    << finding.event << finding.pointer << ", expected " << finding.expected
                    << ", found " << finding.found;
    }
  }
}

TEST(SimSource, WhatTheStreamTellsIsTheTruth) {
  for (const Options& options : many_conferences()) {
    SCOPED_TRACE("seed " + std::to_string(options.seed));
    SimSource source(options);
    test::StreamChecker checker(source.self());
    while (const auto frame = source.next().value()) {
      checker.take(frame->raw, frame->recv_ns);
    }
    std::map<std::string, std::map<std::string, std::string>> truth;
    for (const auto& [id, room] : source.conference().rooms()) {
      for (const auto& [leg, participant] : room.participants) {
        truth[room.uuid][participant.uuid] = participant_payload(participant);
      }
    }
    EXPECT_TRUE(checker.rosters() == truth);
  }
}

TEST(SimSource, AllThatHappensInConferencesHappens) {
  std::set<std::string> seen;
  for (const Options& options : many_conferences()) {
    SimSource source(options);
    test::StreamChecker checker(source.self());
    while (const auto frame = source.next().value()) {
      checker.take(frame->raw, frame->recv_ns);
    }
    for (const auto& [name, count] : checker.counts()) {
      seen.insert(name);
    }
  }
  for (const char* name : {":",
                           "participant_sync_begin",
                           "participant_create",
                           "participant_update",
                           "participant_delete",
                           "participant_sync_end",
                           "conference_update",
                           "stage",
                           "layout",
                           "message_received",
                           "presentation_start",
                           "presentation_stop",
                           "live_captions",
                           "disconnect",
                           "breakout_begin",
                           "breakout_end",
                           "breakout_event/participant_sync_begin",
                           "breakout_event/participant_create",
                           "breakout_event/participant_update",
                           "breakout_event/participant_delete",
                           "breakout_event/participant_sync_end",
                           "breakout_event/conference_update",
                           "breakout_event/stage",
                           "breakout_event/layout",
                           "breakout_event/message_received",
                           "breakout_event/presentation_start",
                           "breakout_event/presentation_stop"}) {
    EXPECT_TRUE(seen.contains(name)) << name;
  }
}

TEST(SimSource, AConferenceWithoutAnEndGoesOn) {
  SimSource source({.seed = 2, .participants = 3, .duration_ns = 0});
  std::int64_t at_ns = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto frame = source.next().value();
    ASSERT_TRUE(frame);
    at_ns = frame->recv_ns;
  }
  EXPECT_GT(at_ns, 1000 * ns_per_s);
}

TEST(SimSource, NobodyButTheObserverStillMakesAStream) {
  const std::string bytes =
      bytes_of({.seed = 1, .participants = 0, .breakouts = 0, .duration_ns = 40 * ns_per_s});
  EXPECT_NE(bytes.find("participant_sync_end"), std::string::npos);
  EXPECT_NE(bytes.find(": keep-alive\n\n"), std::string::npos);
  EXPECT_NE(bytes.find("event: disconnect"), std::string::npos);
}

}  // namespace
}  // namespace tapedeck::sim
