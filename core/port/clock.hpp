// The port through which time comes: whoever waits or asks for the time does it here.
#pragma once

#include <cstdint>

namespace tapedeck::port {

enum class Wait {
  reached,  ///< the time asked for has come
  woken,    ///< something else happened first (a client, a key, a signal): look, then wait again
};

/// Monotonic time in nanoseconds from an origin of the clock's own. Not thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual std::int64_t now_ns() = 0;

  /// Returns when `due_ns` has come or when something else wants attention. A time that is past
  /// returns `reached` at once (a clock that pumps events may pump what is ready first).
  virtual Wait wait_until(std::int64_t due_ns) = 0;
};

}  // namespace tapedeck::port
