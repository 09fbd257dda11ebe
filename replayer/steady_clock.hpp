// The machine's monotonic clock, whose waits end early when a stop or a pause is requested.
#pragma once

#include <cstdint>

#include "core/port/clock.hpp"
#include "replayer/pause_switch.hpp"
#include "replayer/stop_request.hpp"

namespace tapedeck::replayer {

/// Monotonic nanoseconds as the machine counts them.
[[nodiscard]] std::int64_t steady_now_ns();

class SteadyClock final : public port::Clock {
 public:
  /// `stop` and `pause` must outlive the clock; null: nobody pauses. The calling thread's timers
  /// become as exact as Linux offers (PR_SET_TIMERSLACK), which halves the median lateness.
  explicit SteadyClock(const StopRequest& stop, const PauseSwitch* pause = nullptr);

  [[nodiscard]] std::int64_t now_ns() override { return steady_now_ns(); }

  /// `woken` once a stop is requested, and while the pause switch waits to be heard.
  port::Wait wait_until(std::int64_t due_ns) override;

 private:
  const StopRequest& stop_;
  const PauseSwitch* pause_;
};

}  // namespace tapedeck::replayer
