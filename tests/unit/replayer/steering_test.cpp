#include "replayer/steering.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "replayer/lone_play.hpp"
#include "tests/support/memory_source.hpp"

namespace tapedeck::replayer {
namespace {

using test::StoredFrame;

/// Ten frames, one at each second from 1 s on; an even one is a `stage`.
class SecondsReel final : public Reel {
 public:
  static std::vector<StoredFrame> frames(std::uint64_t after_seq) {
    std::vector<StoredFrame> frames;
    for (std::uint64_t seq = after_seq + 1; seq <= 10; ++seq) {
      frames.push_back({static_cast<std::int64_t>(seq) * ns_per_s, std::to_string(seq) + ' '});
    }
    return frames;
  }

  Result<Position> place_at(std::int64_t at_ns) override {
    const std::int64_t moment_ns = std::clamp<std::int64_t>(at_ns, 0, 10 * ns_per_s);
    return Position{.seq = static_cast<std::uint64_t>(moment_ns / ns_per_s), .at_ns = moment_ns};
  }
  Result<Position> place_behind(std::uint64_t seq) override {
    return Position{.seq = seq, .at_ns = static_cast<std::int64_t>(seq) * ns_per_s};
  }
  Result<std::optional<Position>> find_event(std::string_view event, std::uint64_t seq) override {
    const std::uint64_t next = seq + 2 - seq % 2;
    if (event != "stage" || next > 10) {
      return std::optional<Position>();
    }
    return std::optional(
        Position{.seq = next - 1, .at_ns = static_cast<std::int64_t>(next) * ns_per_s});
  }
  Result<std::unique_ptr<port::FrameSource>> reopen(const Position& position) override {
    if (torn) {
      return fail_io("the tape is torn");
    }
    // A memory source counts from 1: that is as good, for frames that follow a seek.
    return test::memory_source(frames(position.seq));
  }
  const std::vector<Mark>& marks() const override { return marks_; }
  Result<Kept> add_mark(Mark mark) override {
    marks_.push_back(std::move(mark));
    return Kept::for_this_run;
  }
  Result<std::string> state_json(std::uint64_t /*seq*/) override { return std::string("{}"); }
  Result<std::optional<Glance>> glance(std::uint64_t /*seq*/) override {
    return std::optional<Glance>();
  }
  std::int64_t tape_ns(std::int64_t at_ns) const override { return at_ns; }
  std::int64_t end_ns() const override { return 10 * ns_per_s; }

  bool torn = false;

 private:
  std::vector<Mark> marks_;
};

class TextSink final : public PacedSink {
 public:
  Result<void> accept(const port::Frame& frame) override {
    text += frame.raw;
    return {};
  }
  Result<void> flush() override { return {}; }
  Result<void> finish() override { return {}; }

  std::string text;
};

class SteeringTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(play_.start(test::memory_source(SecondsReel::frames(0))));
    steering_.on_change([this] { ++changes_; });
  }

  [[nodiscard]] Session session() const { return steering_.sessions(all_sessions).at(0); }

  port::VirtualClock clock_;
  Deck deck_;
  TextSink sink_;
  SecondsReel reel_;
  LonePlay play_{
      deck_, clock_,           reel_,
      sink_, {.paused = true}, [](std::unique_ptr<port::FrameSource> source) { return source; }};
  Steering steering_{play_};
  int changes_ = 0;
};

TEST_F(SteeringTest, AStepHandsOverAFrameAndAStepBackGoesBeforeIt) {
  EXPECT_FALSE(steering_.step(all_sessions, Direction::forward, 3).refusal);
  EXPECT_EQ(sink_.text, "1 2 3 ");
  EXPECT_EQ(session().seq, 3U);
  EXPECT_EQ(session().at_ns, 3 * ns_per_s);
  EXPECT_FALSE(steering_.step(all_sessions, Direction::back).refusal);
  EXPECT_EQ(session().seq, 2U);
  EXPECT_EQ(session().at_ns, 2 * ns_per_s);
  EXPECT_FALSE(steering_.step(all_sessions, Direction::forward).refusal);
  EXPECT_EQ(sink_.text, "1 2 3 3 ");
  EXPECT_TRUE(session().paused);
  EXPECT_EQ(changes_, 3);
}

TEST_F(SteeringTest, MoreStepsBackThanThereWereFramesEndAtTheBeginning) {
  EXPECT_FALSE(steering_.step(all_sessions, Direction::forward, 2).refusal);
  EXPECT_FALSE(steering_.step(all_sessions, Direction::back, 5).refusal);
  EXPECT_EQ(session().at_ns, 0);
}

TEST_F(SteeringTest, ASeekKeepsPauseAndRate) {
  EXPECT_FALSE(steering_.set_rate(all_sessions, *Rate::parse("2")).refusal);
  EXPECT_FALSE(steering_.seek_to(all_sessions, 5 * ns_per_s).refusal);
  EXPECT_TRUE(session().paused);
  EXPECT_EQ(session().rate.to_string(), "2");
  EXPECT_EQ(session().at_ns, 5 * ns_per_s);
  EXPECT_FALSE(steering_.seek_by(all_sessions, -2 * ns_per_s).refusal);
  EXPECT_EQ(session().at_ns, 3 * ns_per_s);
  EXPECT_FALSE(steering_.seek_by(all_sessions, -9 * ns_per_s).refusal);
  EXPECT_EQ(session().at_ns, 0);
  EXPECT_EQ(sink_.text, "");
}

TEST_F(SteeringTest, AnEventThatIsSoughtIsHandedOverAlthoughTimeStandsStill) {
  EXPECT_FALSE(steering_.seek_event(all_sessions, "stage").refusal);
  EXPECT_EQ(sink_.text, "2 ");
  EXPECT_EQ(session().at_ns, 2 * ns_per_s);
  const Steered none = steering_.seek_event(all_sessions, "layout");
  EXPECT_EQ(none.refusal, Refusal::nothing_there);
  EXPECT_EQ(none.sentence, "No 'layout' follows");
}

TEST_F(SteeringTest, MarksAreGoneThroughInBothDirections) {
  EXPECT_EQ(steering_.seek_mark(all_sessions, Direction::forward).refusal, Refusal::nothing_there);
  EXPECT_EQ(steering_.seek_mark(all_sessions, Direction::back).refusal, Refusal::nothing_there);
  for (const std::int64_t at_ns : {3 * ns_per_s, 7 * ns_per_s}) {
    const Steered marked = steering_.mark(all_sessions, at_ns, "here");
    EXPECT_FALSE(marked.refusal);
    EXPECT_NE(marked.sentence.find(", for this run only"), std::string::npos) << marked.sentence;
  }
  EXPECT_EQ(steering_.mark(all_sessions, 11 * ns_per_s, "late").refusal, Refusal::nothing_there);
  EXPECT_TRUE(reel_.add_mark({.at_ns = 11 * ns_per_s, .text = "on the tape, but not played"}));
  const auto there = [&](Direction direction) {
    return steering_.seek_mark(all_sessions, direction).refusal ? -1 : session().at_ns / ns_per_s;
  };
  EXPECT_EQ(there(Direction::forward), 3);
  EXPECT_EQ(there(Direction::forward), 7);
  EXPECT_EQ(there(Direction::forward), -1);
  EXPECT_EQ(there(Direction::back), 3);
  EXPECT_EQ(there(Direction::back), -1);
}

TEST_F(SteeringTest, WhilePlayingTheMarkThatHasJustBeenPassedIsNotTheLastOne) {
  EXPECT_FALSE(steering_.mark(all_sessions, 2 * ns_per_s, "a").refusal);
  EXPECT_FALSE(steering_.mark(all_sessions, 5 * ns_per_s, "b").refusal);
  EXPECT_FALSE(steering_.resume(all_sessions).refusal);
  EXPECT_FALSE(steering_.seek_to(all_sessions, 5 * ns_per_s + 100 * ns_per_ms).refusal);
  EXPECT_EQ(steering_.seek_mark(all_sessions, Direction::back).sentence, "mark at 2.000s: a");
}

TEST_F(SteeringTest, KeysGoThroughTheRatesAndStopAtTheirEnds) {
  std::string rates;
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(steering_.change_rate(all_sessions, Direction::forward).refusal);
    rates += session().rate.to_string() + ' ';
  }
  EXPECT_EQ(rates, "2 5 10 25 50 100 max max ");
  EXPECT_FALSE(steering_.set_rate(all_sessions, *Rate::parse("0.3")).refusal);
  rates.clear();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(steering_.change_rate(all_sessions, Direction::back).refusal);
    rates += session().rate.to_string() + ' ';
  }
  EXPECT_EQ(rates, "0.25 0.1 0.1 ");
}

TEST_F(SteeringTest, PauseIsTurnedOffAndOn) {
  EXPECT_FALSE(steering_.toggle_pause(all_sessions).refusal);
  EXPECT_FALSE(session().paused);
  EXPECT_FALSE(steering_.toggle_pause(all_sessions).refusal);
  EXPECT_TRUE(session().paused);
}

TEST_F(SteeringTest, WhatIsNotThereIsNotSteered) {
  EXPECT_EQ(steering_.step(7, Direction::forward).refusal, Refusal::unknown_session);
  EXPECT_EQ(steering_.pause(7).refusal, Refusal::unknown_session);
  EXPECT_FALSE(steering_.step(all_sessions, Direction::forward, 100).refusal);
  EXPECT_EQ(sink_.text, "1 2 3 4 5 6 7 8 9 10 ");
  ASSERT_TRUE(deck_.run(clock_, [&] { return deck_.empty(); }));
  EXPECT_EQ(steering_.seek_to(all_sessions, 0).refusal, Refusal::nothing_there);
}

TEST_F(SteeringTest, ATapeThatCannotBeReadIsSaidAndNothingChanges) {
  EXPECT_FALSE(steering_.seek_to(all_sessions, 4 * ns_per_s).refusal);
  reel_.torn = true;
  const Steered sought = steering_.seek_to(all_sessions, 1 * ns_per_s);
  EXPECT_EQ(sought.refusal, Refusal::failed);
  EXPECT_EQ(sought.sentence, "the tape is torn");
  EXPECT_EQ(session().at_ns, 4 * ns_per_s);
}

}  // namespace
}  // namespace tapedeck::replayer
