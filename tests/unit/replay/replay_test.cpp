#include "replayer/replay.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/unit/replay/waking_clock.hpp"

namespace tapedeck::replayer {
namespace {

using test::BrokenSource;
using test::memory_source;

TEST(Replay, GivesEachFrameWhenItIsDue) {
  port::VirtualClock clock;
  clock.wait_until(100);
  Replay replay(memory_source({{10, "a"}, {25, "b"}}), {}, clock);
  const auto first = replay.next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->raw, "a");
  EXPECT_EQ(clock.now_ns(), 110);
  const auto second = replay.next();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->raw, "b");
  EXPECT_EQ(clock.now_ns(), 125);
  const auto end = replay.next();
  EXPECT_TRUE(end && !*end);
  EXPECT_EQ(clock.now_ns(), 125);
}

TEST(Replay, KeepsToTheTimeline) {
  port::VirtualClock clock;
  TimelineOptions options;
  options.rate = *Rate::parse("2");
  options.max_gap_ns = 100;
  Replay replay(memory_source({{10, "a"}, {5000, "b"}}), options, clock);
  std::vector<std::int64_t> due;
  ASSERT_TRUE(replay.play([&](const port::Frame&) { due.push_back(clock.now_ns()); }));
  EXPECT_EQ(due, (std::vector<std::int64_t>{5, 55}));
}

TEST(Replay, IsARangeThatViewsCanBuildOn) {
  port::VirtualClock clock;
  Replay replay(memory_source({{1, "keep"}, {2, "drop"}, {3, "keep"}, {4, "keep"}}), {}, clock);
  std::vector<std::uint64_t> kept;
  for (const port::Frame& frame :
       replay | std::views::filter([](const port::Frame& f) { return f.raw == "keep"; })) {
    kept.push_back(frame.seq);
  }
  EXPECT_TRUE(replay.result());
  EXPECT_EQ(kept, (std::vector<std::uint64_t>{1, 3, 4}));
}

TEST(Replay, AnIterationThatIsLeftGoesOnWithTheNextFrame) {
  port::VirtualClock clock;
  Replay replay(memory_source({{1, "a"}, {2, "b"}, {3, "c"}}), {}, clock);
  for (const port::Frame& frame : replay) {
    if (frame.raw == "b") {
      break;
    }
  }
  std::string rest;
  ASSERT_TRUE(replay.play([&](const port::Frame& frame) { rest += frame.raw; }));
  EXPECT_EQ(rest, "c");
}

TEST(Replay, AFailureOfTheSourceEndsEveryWayToTakeFrames) {
  const std::vector<test::StoredFrame> one{{1, ":\n\n"}};
  port::VirtualClock clock;
  Replay played(std::make_unique<BrokenSource>(one), {}, clock);
  int frames_played = 0;
  const auto result = played.play([&](const port::Frame&) { ++frames_played; });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "the tape is torn");
  EXPECT_EQ(frames_played, 1);

  Replay iterated(std::make_unique<BrokenSource>(one), {}, clock);
  EXPECT_EQ(std::ranges::distance(iterated.begin(), iterated.end()), 1);
  ASSERT_FALSE(iterated.result());
  EXPECT_EQ(iterated.result().error().message, "the tape is torn");
}

TEST(Replay, AFailureOfTheCallbackIsHandedOn) {
  port::VirtualClock clock;
  Replay replay(memory_source({{1, "a"}, {2, "b"}}), {}, clock);
  int calls = 0;
  const auto result = replay.play([&](const port::Frame&) -> Result<void> {
    ++calls;
    return fail_io("enough");
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "enough");
  EXPECT_EQ(calls, 1);
}

TEST(Replay, GoesOnWaitingAfterSomethingElseWokeTheClock) {
  test::WakingClock clock;
  Replay replay(memory_source({{10, "a"}}), {}, clock);
  clock.wake_next();
  const auto woken = replay.next();
  EXPECT_TRUE(woken && !*woken);
  const auto frame = replay.next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->raw, "a");
}

}  // namespace
}  // namespace tapedeck::replayer
