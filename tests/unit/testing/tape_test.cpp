#include "testing/tape.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/sim/sim_source.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/unit/testing/stream.hpp"

namespace tapedeck::testing {
namespace {

std::string body_of(const Tape& tape) {
  std::string body;
  const auto source = tape.frames();
  for (auto frame = source->next(); frame && *frame; frame = source->next()) {
    body += (*frame)->raw;
  }
  return body;
}

TEST(Tape, HoldsAllThatATapeFileHolds) {
  const test::TemporaryFolder folder;
  test::TapeBuilder builder(folder.path());
  builder.connect(5).frame(10, "data: a\n\n").frame(10, ": b\n\n").frame(20, "data", false);
  builder.disconnect(25).connect(30).frame(40, "data: c\n\n").finish();
  const auto tape = Tape::load(folder.path());
  ASSERT_TRUE(tape) << tape.error().message;
  EXPECT_EQ(tape->name(), folder.path());
  ASSERT_EQ(tape->size(), 4U);
  const port::Frame torn = tape->frame(2);
  EXPECT_EQ(torn.seq, 3U);
  EXPECT_EQ(torn.connection_id, 1U);
  EXPECT_EQ(torn.recv_ns, 20);
  EXPECT_FALSE(torn.complete);
  EXPECT_EQ(torn.raw, "data");
  EXPECT_EQ(tape->frame(3).connection_id, 2U);
  EXPECT_EQ(body_of(*tape), "data: a\n\n: b\n\ndatadata: c\n\n");
  EXPECT_EQ(tape->wall_ns(2, 40), test::TapeBuilder::wall_start_ns + 40);
}

TEST(Tape, KnowsTheJoinThatTheRecorderNoted) {
  const test::TemporaryFolder folder;
  test::TapeBuilder builder(folder.path());
  ASSERT_TRUE(builder.writer().set("self", "me"));
  ASSERT_TRUE(builder.writer().set("alias", "meet.bob"));
  builder.finish();
  const auto tape = Tape::load(folder.path());
  ASSERT_TRUE(tape) << tape.error().message;
  EXPECT_EQ(tape->join().self, "me");
  EXPECT_EQ(tape->join().alias, "meet.bob");
  EXPECT_EQ(tape->join().conference_name, "Meet Bob");
  EXPECT_EQ(tape->join().role, state::Join().role);
}

TEST(Tape, AFileThatIsNoTapeIsRefusedWithASentence) {
  const test::TemporaryFolder folder;
  const auto tape = Tape::load(folder.path("missing.tape"));
  ASSERT_FALSE(tape);
  EXPECT_NE(tape.error().message.find("missing.tape"), std::string::npos);
}

TEST(Tape, AFailureOfTheSourceIsHandedOn) {
  test::BrokenSource source({{1, "data: a\n\n"}});
  const auto tape = Tape::take(source, "broken");
  ASSERT_FALSE(tape);
  EXPECT_EQ(tape.error().message, "the tape is torn");
}

TEST(Tape, AStreamBecomesATapeBlockByBlock) {
  const Tape tape = Tape::from_stream("data: a\n\ndata: b\n\ndata: to", 5);
  ASSERT_EQ(tape.size(), 3U);
  EXPECT_EQ(tape.frame(0).recv_ns, 5);
  EXPECT_EQ(tape.frame(1).recv_ns, 10);
  EXPECT_TRUE(tape.frame(1).complete);
  EXPECT_EQ(tape.frame(2).raw, "data: to");
  EXPECT_FALSE(tape.frame(2).complete);
}

TEST(Tape, ASimulatedConferenceBecomesATape) {
  sim::SimSource source({.seed = 7, .participants = 3, .duration_ns = 20 * ns_per_s});
  state::Join join;
  join.self = source.self();
  const auto tape = Tape::take(source, "a simulated conference", join);
  ASSERT_TRUE(tape) << tape.error().message;
  EXPECT_GT(tape->size(), 5U);
  EXPECT_EQ(tape->join().self, source.self());
}

TEST(Tape, ItsFramesOutliveIt) {
  auto tape = std::make_unique<Tape>(Tape::from_stream("data: a\n\n"));
  const auto source = tape->frames();
  tape.reset();
  const auto frame = source->next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->raw, "data: a\n\n");
}

TEST(NearestFrames, AreALineEachAndTheLastOnePlayedIsMarked) {
  const Tape tape = Tape::from_stream(test::meeting);
  EXPECT_EQ(nearest_frames(tape, 6),
            "       3        3.000s  participant_sync_end null\n"
            "       4        4.000s  participant_create {\"uuid\":\"a\",\"display_name\":\"Alice\","
            "\"is_muted\":\"NO\",\"buzz_time\":0}\n"
            "       5        5.000s  participant_update {\"uuid\":\"a\",\"display_name\":\"Alice\","
            "\"is_muted\":\"NO\",\"buzz_time\":7.5}\n"
            ">      6        6.000s  \": keep-alive\\n\\n\"\n"
            "       7        7.000s  participant_update {\"uuid\":\"a\",\"display_name\":\"Alice\","
            "\"is_muted\":\"YES\",\"buzz_time\":7.5}\n"
            "       8        8.000s  participant_delete {\"uuid\":\"a\"}\n");
}

TEST(NearestFrames, MarkNothingBeforeTheFirst) {
  EXPECT_EQ(nearest_frames(Tape::from_stream("data: a\n\n"), 0),
            "       1        1.000s  message a\n");
}

TEST(NearestFrames, ShowNoControlCharactersAndNoEndlessLines) {
  const std::string lines = nearest_frames(
      Tape::from_stream("data: \x1b[31m\ndata: " + std::string(10'000, 'x') + "\n\n"), 1);
  EXPECT_LT(lines.size(), 200U);
  EXPECT_EQ(lines.find('\x1b'), std::string::npos);
  EXPECT_EQ(lines.find('\n'), lines.size() - 1);
}

}  // namespace
}  // namespace tapedeck::testing
