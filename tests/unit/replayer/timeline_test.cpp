#include "replayer/timeline.hpp"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/units.hpp"

namespace tapedeck::replayer {
namespace {

constexpr std::int64_t max_ns = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t min_ns = std::numeric_limits<std::int64_t>::min();

Rate rate(std::string_view text) {
  return *Rate::parse(text);
}

TEST(Timeline, AtRecordedSpeedAFrameIsDueWhenItWasReceivedAfterTheStart) {
  Timeline timeline({}, 1000);
  EXPECT_EQ(timeline.advance(0), 1000);
  EXPECT_EQ(timeline.advance(250), 1250);
  EXPECT_EQ(timeline.advance(250), 1250);
  EXPECT_EQ(timeline.advance(5 * ns_per_s), 1000 + 5 * ns_per_s);
}

TEST(Timeline, FromIsTheMomentThatIsPlayedAtTheStart) {
  Timeline timeline({.from_ns = 10 * ns_per_s}, 0);
  EXPECT_EQ(timeline.advance(12 * ns_per_s), 2 * ns_per_s);
}

TEST(Timeline, ADueTimeHangsOnTheStartNotOnASum) {
  // A million steps of 1 ns at 3x: each step rounds to 0 by itself.
  Timeline timeline({.rate = rate("3")}, 0);
  std::int64_t due_ns = 0;
  for (std::int64_t ns = 1; ns <= 1'000'000; ++ns) {
    due_ns = timeline.advance(ns);
  }
  EXPECT_EQ(due_ns, 333'333);
}

TEST(Timeline, AnOddRateIsExactAfterAYear) {
  const std::int64_t year_ns = 365 * 24 * 3600 * ns_per_s;
  Timeline timeline({.rate = rate("1.1")}, 0);
  EXPECT_EQ(timeline.advance(year_ns), year_ns / 11 * 10 + year_ns % 11 * 10 / 11);
}

TEST(Timeline, ALongSilenceIsCutAndShortOnesAreKept) {
  Timeline timeline({.max_gap_ns = ns_per_s}, 0);
  EXPECT_EQ(timeline.advance(5 * ns_per_s), ns_per_s);  // before the first frame as well
  EXPECT_EQ(timeline.advance(5 * ns_per_s + 300), ns_per_s + 300);
  EXPECT_EQ(timeline.advance(65 * ns_per_s), 2 * ns_per_s + 300);
  EXPECT_EQ(timeline.advance(66 * ns_per_s), 3 * ns_per_s + 300);
  EXPECT_EQ(timeline.played_ns(), 3 * ns_per_s + 300);
}

TEST(Timeline, ACutSilenceIsScaledToo) {
  Timeline timeline({.rate = rate("10"), .max_gap_ns = ns_per_s}, 0);
  EXPECT_EQ(timeline.advance(60 * ns_per_s), ns_per_s / 10);
}

TEST(Timeline, NoGapAtAllPlaysEverythingAtOnce) {
  Timeline timeline({.max_gap_ns = 0}, 7);
  EXPECT_EQ(timeline.advance(ns_per_s), 7);
  EXPECT_EQ(timeline.advance(2 * ns_per_s), 7);
}

TEST(Timeline, AtUnlimitedRateAllIsDueAtTheStart) {
  Timeline timeline({.rate = Rate::unlimited()}, 42);
  EXPECT_EQ(timeline.advance(0), 42);
  EXPECT_EQ(timeline.advance(max_ns), 42);
  EXPECT_EQ(timeline.played_ns(), max_ns);
}

TEST(Timeline, TimeNeverRunsBackwards) {
  Timeline timeline({.from_ns = 100}, 0);
  EXPECT_EQ(timeline.advance(50), 0);
  EXPECT_EQ(timeline.advance(200), 100);
  EXPECT_EQ(timeline.advance(min_ns), 100);
  EXPECT_EQ(timeline.advance(300), 200);
}

TEST(Timeline, SaturatesWhereInt64Ends) {
  Timeline slow({.rate = rate("0.000001")}, 5);
  EXPECT_EQ(slow.advance(max_ns), max_ns);
  Timeline wide({.from_ns = min_ns}, 5);
  EXPECT_EQ(wide.advance(max_ns), max_ns);
  EXPECT_EQ(wide.played_ns(), max_ns);
}

TEST(Timeline, ThatIsPausedHasNoDueTimesButThoseOfTheStart) {
  Timeline timeline({.from_ns = 100, .paused = true}, 1000);
  EXPECT_EQ(timeline.advance(-1), 1000) << "it belongs to the start";
  EXPECT_EQ(timeline.advance(100), max_ns);
  timeline.resume(5000);
  EXPECT_EQ(timeline.due_ns(), 5000);
  EXPECT_EQ(timeline.advance(130), 5030);
}

TEST(Timeline, APauseMovesWhatIsToComeByItsLength) {
  Timeline timeline({.rate = rate("2")}, 0);
  timeline.advance(1000);
  timeline.pause(200);
  EXPECT_EQ(timeline.due_ns(), max_ns);
  EXPECT_EQ(timeline.position_ns(9999), 400);
  timeline.resume(10'000);
  EXPECT_EQ(timeline.due_ns(), 10'300);
}

TEST(Timeline, ANewRateCountsFromTheMomentItIsSet) {
  Timeline timeline({}, 0);
  timeline.advance(1000);
  timeline.set_rate(rate("10"), 500);
  EXPECT_EQ(timeline.due_ns(), 550);
  timeline.set_rate(rate("0.5"), 520);
  EXPECT_EQ(timeline.position_ns(520), 700);
  EXPECT_EQ(timeline.due_ns(), 520 + 600);
  timeline.set_rate(Rate::unlimited(), 530);
  EXPECT_EQ(timeline.due_ns(), 530);
}

TEST(Timeline, AMillionPausesDoNotDrift) {
  Timeline timeline({.rate = rate("3")}, 0);
  timeline.advance(3'000'000);
  std::int64_t now_ns = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    timeline.pause(now_ns);
    timeline.resume(now_ns);
    now_ns += 1;
  }
  EXPECT_EQ(timeline.due_ns(), 1'000'000) << "whole nanoseconds at a whole rate are kept exactly";
}

TEST(Timeline, ThePositionLiesBetweenTwoFramesAlsoWhereASilenceIsCut) {
  Timeline timeline({.max_gap_ns = 100}, 0);
  timeline.advance(1000);
  EXPECT_EQ(timeline.position_ns(0), 900) << "the end of a silence is what is kept of it";
  EXPECT_EQ(timeline.position_ns(60), 960);
  EXPECT_EQ(timeline.position_ns(500), 1000) << "the frame is late";
}

}  // namespace
}  // namespace tapedeck::replayer
