#include "replayer/deck.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "replayer/looped_source.hpp"
#include "tests/support/memory_source.hpp"

namespace tapedeck::replayer {
namespace {

using test::memory_source;
using test::StoredFrame;

/// Notes what it is handed, and when.
class NotingSink final : public PacedSink {
 public:
  explicit NotingSink(port::Clock& clock) : clock_(clock) {}

  Result<void> accept(const port::Frame& frame) override {
    bytes += frame.raw;
    times_ns.push_back(clock_.now_ns());
    return {};
  }
  Result<void> flush() override {
    ++flushes;
    on_flush();
    return {};
  }
  Result<void> finish() override {
    ++finishes;
    return {};
  }

  std::string bytes;
  std::vector<std::int64_t> times_ns;
  int flushes = 0;
  int finishes = 0;
  std::function<void()> on_flush = [] {};

 private:
  port::Clock& clock_;
};

class FailingSink final : public PacedSink {
 public:
  explicit FailingSink(int good) : good_(good) {}
  Result<void> accept(const port::Frame& /*frame*/) override { return step(); }
  Result<void> flush() override { return step(); }
  Result<void> finish() override { return step(); }

 private:
  Result<void> step() {
    return good_-- > 0 ? Result<void>{} : Result<void>{fail_io("the disk is full")};
  }
  int good_;
};

std::vector<StoredFrame> some_frames(int count) {
  std::vector<StoredFrame> frames;
  std::int64_t recv_ns = 0;
  for (int i = 0; i < count; ++i) {
    recv_ns += (i * 7919) % 1013 * ns_per_ms;
    frames.push_back({recv_ns, "data: " + std::to_string(i) + "\n\n"});
  }
  return frames;
}

TEST(Deck, HandsEachFrameOverWhenItIsDue) {
  port::VirtualClock clock;
  NotingSink sink(clock);
  Deck deck;
  ASSERT_TRUE(deck.start(memory_source({{10, "a"}, {10, "b"}, {30, "c"}}), Timeline({}, 0), sink));
  ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
  EXPECT_EQ(sink.bytes, "abc");
  EXPECT_EQ(sink.times_ns, (std::vector<std::int64_t>{10, 10, 30}));
  EXPECT_EQ(sink.flushes, 2) << "what is due together goes out together";
  EXPECT_EQ(sink.finishes, 1);
}

TEST(Deck, EveryRateGivesTheSameBytes) {
  const auto frames = some_frames(500);
  std::string bytes;
  for (const StoredFrame& frame : frames) {
    bytes += frame.raw;
  }
  for (const char* rate : {"1", "2", "0.5", "1.1", "1000", "max"}) {
    port::VirtualClock clock;
    NotingSink sink(clock);
    Deck deck;
    const Timeline timeline({.rate = *Rate::parse(rate)}, 0);
    ASSERT_TRUE(deck.start(memory_source(frames), timeline, sink));
    ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
    EXPECT_EQ(sink.bytes, bytes) << rate;
    EXPECT_EQ(deck.report().frames, frames.size());
    EXPECT_EQ(static_cast<std::int64_t>(deck.report().recorded_ns), frames.back().recv_ns);
    EXPECT_EQ(static_cast<std::int64_t>(deck.report().elapsed_ns),
              timeline.rate().scale(frames.back().recv_ns));
  }
}

TEST(Deck, UnderAVirtualClockNothingIsLate) {
  port::VirtualClock clock;
  NotingSink sink(clock);
  Deck deck;
  ASSERT_TRUE(deck.start(memory_source(some_frames(100)), Timeline({}, 0), sink));
  ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
  EXPECT_EQ(deck.report().lateness.count(), 100U);
  EXPECT_EQ(deck.report().lateness.max_ns(), 0);
}

TEST(Deck, LatenessIsWhatTheClockWasPastTheDueTime) {
  port::VirtualClock clock;
  NotingSink sink(clock);
  Deck deck;
  ASSERT_TRUE(deck.start(memory_source({{10, "a"}, {30, "b"}}), Timeline({}, 0), sink));
  clock.wait_until(25);
  ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
  EXPECT_EQ(deck.report().lateness.count(), 2U);
  EXPECT_EQ(deck.report().lateness.max_ns(), 15);
}

TEST(Deck, WhatTellsHowThingsStandIsNotLate) {
  port::VirtualClock clock;
  NotingSink sink(clock);
  Deck deck;
  ASSERT_TRUE(deck.start(memory_source({{-1, "state"}, {20, "at"}, {30, "b"}}),
                         Timeline({.from_ns = 20}, 0), sink));
  clock.wait_until(7);
  ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
  EXPECT_EQ(deck.report().frames, 3U);
  EXPECT_EQ(deck.report().lateness.count(), 2U);
}

TEST(Deck, AtUnlimitedRateThereIsNoLateness) {
  port::VirtualClock clock;
  NotingSink sink(clock);
  Deck deck;
  ASSERT_TRUE(
      deck.start(memory_source({{10, "a"}}), Timeline({.rate = Rate::unlimited()}, 0), sink));
  ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
  EXPECT_EQ(deck.report().lateness.count(), 0U);
}

TEST(Deck, PlaysSeveralSourcesSideBySideEachFromItsStart) {
  port::VirtualClock clock;
  NotingSink first(clock);
  NotingSink second(clock);
  Deck deck;
  ASSERT_TRUE(deck.start(memory_source({{10, "a"}, {20, "b"}}), Timeline({}, 0), first));
  ASSERT_TRUE(deck.start(memory_source({{10, "a"}, {20, "b"}}), Timeline({}, 5), second));
  ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
  EXPECT_EQ(first.times_ns, (std::vector<std::int64_t>{10, 20}));
  EXPECT_EQ(second.times_ns, (std::vector<std::int64_t>{15, 25}));
}

TEST(Deck, AnEndlessPlayAtUnlimitedRateDoesNotStarveTheOthers) {
  port::VirtualClock clock;
  NotingSink endless(clock);
  NotingSink other(clock);
  Deck deck;
  const Timeline at_once({.rate = Rate::unlimited()}, 0);
  ASSERT_TRUE(deck.start(std::make_unique<LoopedSource>(
                             [] {
                               return memory_source({{0, ""}});
                             },
                             0, 0),
                         at_once, endless));
  ASSERT_TRUE(deck.start(memory_source({{0, "a"}}), at_once, other));
  ASSERT_TRUE(deck.run(clock, [&] { return other.finishes == 1; }));
  EXPECT_EQ(other.bytes, "a");
}

TEST(Deck, AHeldPlayWaitsAndMissesNothing) {
  port::VirtualClock clock;
  NotingSink full(clock);
  NotingSink other(clock);
  Deck deck;
  const auto held =
      deck.start(memory_source({{10, "a"}, {20, "b"}, {30, "c"}}), Timeline({}, 0), full);
  ASSERT_TRUE(held);
  full.on_flush = [&] { deck.hold(*held); };
  ASSERT_TRUE(deck.start(memory_source({{100, "x"}}), Timeline({}, 0), other));
  ASSERT_TRUE(deck.run(clock, [&] { return other.finishes == 1; }));
  EXPECT_EQ(full.bytes, "a");
  full.on_flush = [] {};
  deck.release(*held);
  ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
  EXPECT_EQ(full.bytes, "abc");
  EXPECT_EQ(full.times_ns.back(), 100);
  EXPECT_EQ(deck.report().lateness.max_ns(), 80);
}

TEST(Deck, AStoppedPlayIsGoneAndItsSinkIsNotTold) {
  port::VirtualClock clock;
  NotingSink sink(clock);
  Deck deck;
  const auto id = deck.start(memory_source({{10, "a"}}), Timeline({}, 0), sink);
  ASSERT_TRUE(id);
  deck.stop(*id);
  deck.stop(*id);
  deck.hold(*id);
  deck.release(*id);
  EXPECT_TRUE(deck.empty());
  EXPECT_EQ(sink.finishes, 0);
}

TEST(Deck, ASourceWithoutFramesIsFinished) {
  port::VirtualClock clock;
  NotingSink sink(clock);
  Deck deck;
  ASSERT_TRUE(deck.start(memory_source({}), Timeline({}, 0), sink));
  ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
  EXPECT_EQ(sink.finishes, 1);
}

TEST(Deck, AFailureOfASourceEndsTheRun) {
  port::VirtualClock clock;
  NotingSink sink(clock);
  Deck deck;
  auto source = std::make_unique<test::BrokenSource>(std::vector<StoredFrame>{{0, "a"}});
  ASSERT_TRUE(deck.start(std::move(source), Timeline({}, 0), sink));
  const auto ran = deck.run(clock, [&] { return deck.empty(); });
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message, "the tape is torn");
}

TEST(Deck, AFailureOfASinkEndsTheRunWhereverItComes) {
  for (int good = 0;; ++good) {
    port::VirtualClock clock;
    FailingSink sink(good);
    Deck deck;
    ASSERT_TRUE(deck.start(memory_source({{0, "a"}, {1, "b"}}), Timeline({}, 0), sink));
    if (deck.run(clock, [&] { return deck.empty(); })) {
      EXPECT_EQ(good, 5) << "two frames, two flushes, one finish";
      break;
    }
    ASSERT_LT(good, 5);
  }
}

/// One play that is steered; under it time is what the test says.
class Steered : public testing::Test {
 protected:
  void start(const TimelineOptions& options = {}) {
    const auto started =
        deck_.start(memory_source({{-1, "state "}, {10, "a"}, {20, "b"}, {20, "c"}, {30, "d"}}),
                    Timeline(options, 0), sink_);
    id_ = started.value();
  }
  /// Plays what is due in this time.
  void let_pass(std::int64_t ns) {
    const auto other = deck_.start(memory_source({{ns, ""}}), Timeline({}, clock_.now_ns()), idle_);
    ASSERT_TRUE(other);
    const int before = idle_.finishes;
    ASSERT_TRUE(deck_.run(clock_, [&] { return idle_.finishes > before; }));
  }

  port::VirtualClock clock_;
  NotingSink sink_{clock_};
  NotingSink idle_{clock_};
  Deck deck_;
  Deck::PlayId id_ = 0;
};

TEST_F(Steered, APausedPlayGivesWhatBelongsToItsStartAndThenNothing) {
  start({.paused = true});
  let_pass(100);
  EXPECT_EQ(sink_.bytes, "state ");
  deck_.resume(id_, clock_.now_ns());
  let_pass(25);
  EXPECT_EQ(sink_.bytes, "state abc");
  EXPECT_EQ(sink_.times_ns, (std::vector<std::int64_t>{0, 110, 120, 120}));
  EXPECT_EQ(deck_.report().lateness.max_ns(), 0) << "a pause is not lateness";
}

TEST_F(Steered, AStepHandsOverOneFrameAndTimeStandsStillAtIt) {
  start();
  let_pass(15);
  for (const char* bytes : {"state ab", "state abc", "state abcd"}) {
    ASSERT_TRUE(deck_.step(id_, clock_.now_ns()));
    let_pass(100);
    EXPECT_EQ(sink_.bytes, bytes);
  }
}

TEST_F(Steered, AStepOfSeveralIsAtOnceAndComesAfterWhatBelongsToTheStart) {
  start({.paused = true});
  ASSERT_TRUE(deck_.step(id_, clock_.now_ns(), 3));
  EXPECT_EQ(sink_.bytes, "state abc");
  ASSERT_TRUE(deck_.step(id_, clock_.now_ns(), 3));
  let_pass(1);
  EXPECT_EQ(sink_.bytes, "state abcd");
  EXPECT_EQ(sink_.finishes, 1);
}

TEST_F(Steered, AStepIsAWholeBlock) {
  id_ = deck_
            .start(memory_source({{10, "a", 1, false}, {20, "b"}, {30, "c"}}),
                   Timeline({.paused = true}, 0), sink_)
            .value();
  ASSERT_TRUE(deck_.step(id_, clock_.now_ns()));
  EXPECT_EQ(sink_.bytes, "ab");
}

TEST_F(Steered, ABlockThatHasBegunIsFinishedAndNoMore) {
  id_ = deck_
            .start(memory_source({{10, "a", 1, false}, {20, "b", 1, false}, {30, "c"}, {40, "d"}}),
                   Timeline({}, 0), sink_)
            .value();
  ASSERT_TRUE(deck_.finish_block(id_));
  EXPECT_EQ(sink_.bytes, "");
  let_pass(15);
  ASSERT_TRUE(deck_.finish_block(id_));
  ASSERT_TRUE(deck_.finish_block(id_));
  EXPECT_EQ(sink_.bytes, "abc");
}

TEST_F(Steered, AfterAStepTimeGoesOnFromTheFrameThatWasHandedOver) {
  start();
  let_pass(15);
  ASSERT_TRUE(deck_.step(id_, clock_.now_ns()));
  let_pass(1);
  deck_.resume(id_, clock_.now_ns());  // at 16: b is out, c belongs to the same moment
  let_pass(12);
  EXPECT_EQ(sink_.bytes, "state abcd");
  EXPECT_EQ(sink_.times_ns, (std::vector<std::int64_t>{0, 10, 15, 16, 26}));
}

TEST_F(Steered, ANewRateHoldsFromNowOn) {
  start();
  let_pass(15);
  deck_.set_rate(id_, *Rate::parse("0.1"), clock_.now_ns());
  let_pass(200);
  EXPECT_EQ(sink_.times_ns, (std::vector<std::int64_t>{0, 10, 65, 65, 165}));
}

TEST_F(Steered, ASeekGoesOnWithOtherFramesInTheTimeOfTheClock) {
  start();
  let_pass(15);
  ASSERT_TRUE(deck_.seek(id_, memory_source({{-1, "state of 1000 "}, {1005, "z"}}),
                         Timeline({.from_ns = 1000}, clock_.now_ns())));
  let_pass(10);
  EXPECT_EQ(sink_.bytes, "state astate of 1000 z");
  EXPECT_EQ(sink_.times_ns, (std::vector<std::int64_t>{0, 10, 15, 20}));
  EXPECT_EQ(sink_.finishes, 1);
}

TEST_F(Steered, ASeekToFramesThatCannotBeReadChangesNothing) {
  start();
  EXPECT_FALSE(deck_.seek(id_, std::make_unique<test::BrokenSource>(std::vector<StoredFrame>{}),
                          Timeline({}, 0)));
  let_pass(40);
  EXPECT_EQ(sink_.bytes, "state abcd");
}

TEST_F(Steered, APlayThatIsOverIsNotSteered) {
  start();
  let_pass(40);
  deck_.pause(id_, 40);
  EXPECT_TRUE(deck_.step(id_, 40));
  deck_.resume(id_, 40);
  EXPECT_EQ(deck_.timeline(id_), nullptr);
  EXPECT_TRUE(deck_.empty());
}

TEST(Deck, AFrameWithoutBytesMarksAMomentAndIsNotCounted) {
  port::VirtualClock clock;
  NotingSink sink(clock);
  Deck deck;
  ASSERT_TRUE(deck.start(memory_source({{10, "a"}, {30, ""}}), Timeline({}, 0), sink));
  ASSERT_TRUE(deck.run(clock, [&] { return deck.empty(); }));
  EXPECT_EQ(sink.times_ns, (std::vector<std::int64_t>{10, 30}));
  EXPECT_EQ(deck.report().frames, 1U);
}

}  // namespace
}  // namespace tapedeck::replayer
