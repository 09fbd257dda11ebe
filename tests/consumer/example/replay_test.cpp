// A replay within the process: no server, no thread, no waiting.
#include <ranges>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <tapedeck/core/port/virtual_clock.hpp>
#include <tapedeck/replayer/replay.hpp>
#include <tapedeck/replayer/tasks.hpp>
#include <tapedeck/testing/tape.hpp>

namespace {

using tapedeck::ns_per_s;
using tapedeck::port::Frame;
using tapedeck::port::VirtualClock;
using tapedeck::replayer::Replay;

// One block a second. Any FrameSource will do: schema::TapeReader gives those of a tape file of
// any length, sim::SimSource a simulated conference.
const auto tape = tapedeck::testing::Tape::from_stream("data: a\n\ndata: b\n\n: keep-alive\n\n");

TEST(Replay, IsARange) {
  VirtualClock clock;
  Replay replay(tape.frames(), {}, clock);
  std::vector<std::int64_t> seconds;
  for (const Frame& frame : replay) {
    seconds.push_back(clock.now_ns() / ns_per_s);
  }
  EXPECT_TRUE(replay.result());
  EXPECT_EQ(seconds, (std::vector<std::int64_t>{1, 2, 3}));
}

TEST(Replay, CallsBack) {
  VirtualClock clock;
  Replay replay(tape.frames(), {}, clock);
  std::string body;
  ASSERT_TRUE(replay.play([&](const Frame& frame) { body += frame.raw; }));
  EXPECT_EQ(body, "data: a\n\ndata: b\n\n: keep-alive\n\n");
}

// Coroutines are for tests in which several things go on: two clients, or one that gives up.
tapedeck::replayer::Task watch(tapedeck::replayer::Stream stream, std::string& log, char name) {
  for (auto frame = co_await stream.next(); frame && *frame; frame = co_await stream.next()) {
    log += name;
  }
}

tapedeck::replayer::Task note(tapedeck::replayer::Tasks& tasks, std::int64_t at_ns,
                              std::string& log) {
  co_await tasks.until(at_ns);
  log += '!';
}

TEST(Replay, FeedsCoroutines) {
  VirtualClock clock;
  tapedeck::replayer::Tasks tasks(clock);
  std::string log;
  tasks.start(watch(tasks.replay(tape.frames()), log, 'x'));
  tasks.start(watch(tasks.replay(tape.frames()), log, 'y'));
  tasks.start(note(tasks, 5 * ns_per_s / 2, log));
  EXPECT_TRUE(tasks.run());
  EXPECT_EQ(log, "xyxy!xy");
}

}  // namespace
