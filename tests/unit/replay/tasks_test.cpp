#include "replayer/tasks.hpp"

#include <coroutine>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/port/virtual_clock.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/unit/replay/waking_clock.hpp"

namespace tapedeck::replayer {
namespace {

using test::BrokenSource;
using test::memory_source;

/// What tasks did, each with the time at which.
class Log {
 public:
  explicit Log(port::Clock& clock) : clock_(clock) {}

  void note(const std::string& what) {
    lines_.push_back(std::to_string(clock_.now_ns()) + " " + what);
  }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  port::Clock& clock_;
  std::vector<std::string> lines_;
};

using Lines = std::vector<std::string>;

Task watch(Stream stream, std::string name, Log& log) {
  for (auto frame = co_await stream.next(); frame && *frame; frame = co_await stream.next()) {
    log.note(name + " " + std::string((*frame)->raw));
  }
  log.note(name + " over");
}

Task alarm(Tasks& tasks, std::int64_t due_ns, std::string name, Log& log) {
  co_await tasks.until(due_ns);
  log.note(name);
}

TEST(Tasks, TakeTurnsInTheOrderOfTheDueTimes) {
  port::VirtualClock clock;
  Log log(clock);
  Tasks tasks(clock);
  tasks.start(watch(tasks.replay(memory_source({{10, "x"}, {30, "y"}})), "one", log));
  tasks.start(watch(tasks.replay(memory_source({{20, "x"}, {30, "y"}})), "two", log));
  tasks.start(alarm(tasks, 25, "alarm", log));
  EXPECT_TRUE(tasks.run());
  EXPECT_EQ(log.lines(), (Lines{"10 one x", "20 two x", "25 alarm", "30 one y", "30 one over",
                                "30 two y", "30 two over"}));
}

TEST(Tasks, GiveTheSameOrderEachTime) {
  const auto run = [] {
    port::VirtualClock clock;
    Log log(clock);
    Tasks tasks(clock);
    for (int i = 0; i < 50; ++i) {
      tasks.start(
          watch(tasks.replay(memory_source({{1, "x"}, {i % 3, "y"}})), std::to_string(i), log));
    }
    tasks.run();
    return log.lines();
  };
  EXPECT_EQ(run(), run());
}

TEST(Tasks, ATaskMayStartOthers) {
  port::VirtualClock clock;
  Log log(clock);
  Tasks tasks(clock);
  const auto parent = [](Tasks& all, Log& notes) -> Task {
    co_await all.until(5);
    all.start(alarm(all, 7, "child", notes));
    notes.note("parent");
  };
  tasks.start(parent(tasks, log));
  EXPECT_TRUE(tasks.run());
  EXPECT_EQ(log.lines(), (Lines{"5 parent", "7 child"}));
}

TEST(Tasks, ATimeThatIsPastIsDueAtOnce) {
  port::VirtualClock clock;
  clock.wait_until(100);
  Log log(clock);
  Tasks tasks(clock);
  tasks.start(alarm(tasks, 1, "alarm", log));
  EXPECT_TRUE(tasks.run());
  EXPECT_EQ(log.lines(), Lines{"100 alarm"});
}

TEST(Tasks, AFailureOfTheSourceReachesTheTask) {
  const std::vector<test::StoredFrame> two{{1, "x"}, {2, "y"}};
  port::VirtualClock clock;
  Tasks tasks(clock);
  std::string message;
  const auto reader = [](Stream stream, std::string& text) -> Task {
    auto frame = co_await stream.next();
    while (frame) {
      frame = co_await stream.next();
    }
    text = frame.error().message;
  };
  tasks.start(reader(tasks.replay(std::make_unique<BrokenSource>(two)), message));
  EXPECT_TRUE(tasks.run());
  EXPECT_EQ(message, "the tape is torn");
}

TEST(Tasks, AnExceptionEndsItsTaskAndTheOthersGoOn) {
  port::VirtualClock clock;
  Log log(clock);
  Tasks tasks(clock);
  const auto thrower = [](Tasks& all) -> Task {
    co_await all.until(1);
    throw std::runtime_error("out");
  };
  tasks.start(thrower(tasks));
  tasks.start(alarm(tasks, 2, "alarm", log));
  EXPECT_THROW(tasks.run(), std::runtime_error);
  EXPECT_TRUE(tasks.run());
  EXPECT_EQ(log.lines(), Lines{"2 alarm"});
}

TEST(Tasks, GoOnWaitingAfterSomethingElseWokeTheClock) {
  test::WakingClock clock;
  Log log(clock);
  Tasks tasks(clock);
  tasks.start(alarm(tasks, 3, "alarm", log));
  clock.wake_next();
  EXPECT_FALSE(tasks.run());
  EXPECT_TRUE(tasks.run());
  EXPECT_EQ(log.lines(), Lines{"3 alarm"});
}

TEST(Tasks, AreDestroyedWhereTheyWait) {
  const auto alive = std::make_shared<int>();
  const auto holder = [](Tasks& all, std::shared_ptr<int>) -> Task { co_await all.until(1); };
  test::WakingClock clock;
  {
    Tasks tasks(clock);
    tasks.start(holder(tasks, alive));
    tasks.start(holder(tasks, alive));
    const Task never_started = holder(tasks, alive);
    EXPECT_EQ(alive.use_count(), 4);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

/// A coroutine of another kind, as a user may have one: it begins at once, and owns itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };
};

TEST(Tasks, CoroutinesOfOtherKindsMayWait) {
  port::VirtualClock clock;
  Log log(clock);
  Tasks tasks(clock);
  const auto other = [](Stream stream, Log& notes) -> Detached {
    while (true) {
      const auto frame = co_await stream.next();
      if (!frame || !*frame) {
        break;
      }
      notes.note("other " + std::string((*frame)->raw));
    }
  };
  other(tasks.replay(memory_source({{10, "x"}, {20, "y"}})), log);
  tasks.start(alarm(tasks, 15, "alarm", log));
  EXPECT_TRUE(tasks.run());
  EXPECT_EQ(log.lines(), (Lines{"10 other x", "15 alarm", "20 other y"}));
}

}  // namespace
}  // namespace tapedeck::replayer
