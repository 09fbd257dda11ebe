// The machine's monotonic clock, whose waits end early when a stop is requested.
#pragma once

#include <cstdint>

#include "core/port/clock.hpp"
#include "replayer/stop_request.hpp"

namespace tapedeck::replayer {

/// Monotonic nanoseconds as the machine counts them.
[[nodiscard]] std::int64_t steady_now_ns();

class SteadyClock final : public port::Clock {
 public:
  /// `stop` must outlive the clock. The calling thread's timers become as exact as Linux offers
  /// (PR_SET_TIMERSLACK), which halves the median lateness.
  explicit SteadyClock(const StopRequest& stop);

  [[nodiscard]] std::int64_t now_ns() override { return steady_now_ns(); }

  /// `woken` once a stop is requested.
  port::Wait wait_until(std::int64_t due_ns) override;

 private:
  const StopRequest& stop_;
};

}  // namespace tapedeck::replayer
