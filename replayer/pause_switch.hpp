// The wish to let time stand still and go on, from a signal or from another thread, in a form that
// a wait can watch.
#pragma once

#include "core/base/result.hpp"

namespace tapedeck::replayer {

/// Lives longer than whoever watches it.
class PauseSwitch {
 public:
  /// Aborts when the system has no file descriptor left to give.
  PauseSwitch();
  PauseSwitch(const PauseSwitch&) = delete;
  PauseSwitch& operator=(const PauseSwitch&) = delete;
  ~PauseSwitch();

  /// From now on SIGUSR1 presses the switch, until destruction; for one PauseSwitch at a time.
  void catch_signal();

  /// Safe in a signal handler and from any thread.
  void press();

  /// Whether it was pressed an odd number of times since the last call.
  [[nodiscard]] bool take();

  /// Readable while there is something to take.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  bool catching_ = false;
};

}  // namespace tapedeck::replayer
