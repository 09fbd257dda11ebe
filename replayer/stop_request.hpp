// The wish to stop, from a signal or from another thread, in a form that a wait can watch.
#pragma once

#include <atomic>

#include "core/base/result.hpp"

namespace tapedeck::replayer {

/// Lives longer than whoever watches it.
class StopRequest {
 public:
  /// Aborts when the system has no file descriptor left to give.
  StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  ~StopRequest();

  /// From now on the first SIGINT or SIGTERM requests the stop; a second one ends the process, so
  /// that nothing which hangs can hold it. Until destruction; for one StopRequest at a time.
  void catch_signals();

  /// Safe in a signal handler and from any thread.
  void request();

  [[nodiscard]] bool requested() const { return requested_.load(std::memory_order_relaxed); }

  /// Becomes readable with the request and stays so; not to be read from.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  std::atomic<bool> requested_ = false;
  int fd_;
  bool catching_ = false;
};

}  // namespace tapedeck::replayer
