// Coroutines that take frames: several at once on one clock, in one thread, in one order.
//
//   replayer::Task watch(replayer::Stream stream, std::vector<std::string>& seen) {
//     for (auto frame = co_await stream.next(); frame && *frame; frame = co_await stream.next()) {
//       seen.emplace_back((*frame)->raw);
//     }
//   }
//
// What is due first goes on first; of two that are due at once, the one that began to wait first.
// Not thread-safe.
#pragma once

#include <coroutine>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "core/port/frame_source.hpp"
#include "replayer/player.hpp"
#include "replayer/timeline.hpp"

namespace tapedeck::replayer {

/// A coroutine that has not begun: give it to Tasks::start. What its parameters refer to must
/// outlive it.
class Task {
 public:
  struct promise_type {
    [[nodiscard]] Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const {}
    void unhandled_exception() const { throw; }  // out of Tasks::run
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) {
      handle_.destroy();
    }
  }

 private:
  friend class Tasks;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

class Stream;

/// Runs tasks. Those that are not over when it is destroyed are destroyed where they wait.
class Tasks {
 public:
  /// `clock` must outlive it.
  explicit Tasks(port::Clock& clock) : clock_(clock) {}
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;
  ~Tasks() = default;

  /// The task begins in run(), after those that are due already. A task may start others.
  void start(Task task);

  /// Until nothing waits any more: true. False when something else woke the clock; another call
  /// goes on then. An exception that leaves a task ends it and leaves here; the others are as they
  /// were.
  bool run();

  class Until;
  /// `co_await tasks.until(due_ns)`: goes on when the clock says so. Tasks may wait, and coroutines
  /// of other kinds too.
  [[nodiscard]] Until until(std::int64_t due_ns);

  /// A replay for a task; its time begins to run now.
  [[nodiscard]] Stream replay(std::unique_ptr<port::FrameSource> source,
                              const TimelineOptions& options = {});

 private:
  /// Who waits for what: the due time, and how many began to wait before.
  using Turn = std::pair<std::int64_t, std::uint64_t>;

  Turn add(std::int64_t due_ns, std::coroutine_handle<> handle);
  void resume(std::coroutine_handle<> handle);
  void erase_if_over(void* address);

  port::Clock& clock_;
  std::uint64_t turns_ = 0;
  std::map<Turn, std::coroutine_handle<>> waiting_;
  std::unordered_map<void*, Task> tasks_;  ///< by the address of their handle, never gone through
};

class Tasks::Until {
 public:
  Until(Tasks& tasks, std::int64_t due_ns) : tasks_(tasks), due_ns_(due_ns) {}
  Until(const Until&) = delete;
  Until& operator=(const Until&) = delete;
  /// A coroutine that is destroyed while it waits has no turn any more.
  ~Until() { tasks_.waiting_.erase(turn_); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) { turn_ = tasks_.add(due_ns_, handle); }
  void await_resume() const noexcept {}

 private:
  Tasks& tasks_;
  std::int64_t due_ns_;
  Turn turn_{};  ///< none has the number 0
};

/// The frames of a source for a coroutine.
class Stream {
 public:
  Stream(Tasks& tasks, std::unique_ptr<port::FrameSource> source, const Timeline& timeline)
      : tasks_(tasks), player_(std::move(source), timeline) {}

  class Next;
  /// `co_await stream.next()` waits until the next frame is due and gives it as
  /// Result<std::optional<port::Frame>>: nothing when the source is over. Its bytes live until the
  /// next call.
  [[nodiscard]] Next next();

 private:
  Tasks& tasks_;
  Player player_;
};

class Stream::Next {
 public:
  explicit Next(Stream& stream)
      : player_(stream.player_),
        due_ns_(player_.next_due_ns()),
        until_(stream.tasks_, is_over() ? 0 : **due_ns_) {}

  [[nodiscard]] bool await_ready() const noexcept { return is_over(); }
  void await_suspend(std::coroutine_handle<> handle) { until_.await_suspend(handle); }
  [[nodiscard]] Result<std::optional<port::Frame>> await_resume();

 private:
  [[nodiscard]] bool is_over() const { return !due_ns_ || !*due_ns_; }

  Player& player_;
  Result<std::optional<std::int64_t>> due_ns_;
  Tasks::Until until_;
};

inline Tasks::Until Tasks::until(std::int64_t due_ns) {
  return {*this, due_ns};
}

inline Stream::Next Stream::next() {
  return Next(*this);
}

}  // namespace tapedeck::replayer
