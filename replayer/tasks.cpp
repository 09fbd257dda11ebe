#include "replayer/tasks.hpp"

namespace tapedeck::replayer {

void Tasks::start(Task task) {
  const auto handle = task.handle_;
  check(static_cast<bool>(handle), "a task that was started before");
  tasks_.emplace(handle.address(), std::move(task));
  add(clock_.now_ns(), handle);
}

bool Tasks::run() {
  while (!waiting_.empty()) {
    const auto first = waiting_.begin();
    if (clock_.wait_until(first->first.first) == port::Wait::woken) {
      return false;
    }
    const std::coroutine_handle<> handle = first->second;
    waiting_.erase(first);
    resume(handle);
  }
  return true;
}

Stream Tasks::replay(std::unique_ptr<port::FrameSource> source, const TimelineOptions& options) {
  return {*this, std::move(source), Timeline(options, clock_.now_ns())};
}

Tasks::Turn Tasks::add(std::int64_t due_ns, std::coroutine_handle<> handle) {
  const Turn turn(due_ns, ++turns_);
  waiting_.emplace(turn, handle);
  return turn;
}

void Tasks::resume(std::coroutine_handle<> handle) {
  // What is not a Task may be gone after this: of it only the address is used.
  void* const address = handle.address();
  try {
    handle.resume();
  } catch (...) {
    erase_if_over(address);
    throw;
  }
  erase_if_over(address);
}

void Tasks::erase_if_over(void* address) {
  const auto task = tasks_.find(address);
  if (task != tasks_.end() && task->second.handle_.done()) {
    tasks_.erase(task);
  }
}

Result<std::optional<port::Frame>> Stream::Next::await_resume() {
  if (!due_ns_) {
    return fail(due_ns_.error());
  }
  if (!*due_ns_) {
    return std::optional<port::Frame>();
  }
  return std::optional(player_.take());
}

}  // namespace tapedeck::replayer
