// The machine's monotonic clock, whose waits end early when a stop or a pause is requested.
#pragma once

#include <cstdint>
#include <functional>

#include "core/port/clock.hpp"
#include "replayer/pause_switch.hpp"
#include "replayer/stop_request.hpp"
#include "replayer/timer_lead.hpp"

namespace tapedeck::replayer {

/// Monotonic nanoseconds as the machine counts them.
[[nodiscard]] std::int64_t steady_now_ns();

/// Lets the timers of the calling thread be as exact as Linux offers (PR_SET_TIMERSLACK), which
/// halves their median lateness.
void make_timers_exact();

class SteadyClock final : public port::Clock {
 public:
  /// `stop` and `pause` must outlive the clock; null: nobody pauses. `console` gives a descriptor
  /// that is watched too, or -1. The calling thread's timers
  /// become exact.
  explicit SteadyClock(const StopRequest& stop, const PauseSwitch* pause = nullptr,
                       std::function<int()> console = {});

  /// Waits spin at their end, limits::spin_time long: exact to a microsecond, at the cost of a
  /// core.
  void be_precise() { lead_.be_longest(); }

  [[nodiscard]] std::int64_t now_ns() override { return steady_now_ns(); }

  /// `woken` once a stop is requested, and while the pause switch or the console waits to be heard.
  port::Wait wait_until(std::int64_t due_ns) override;

 private:
  const StopRequest& stop_;
  const PauseSwitch* pause_;
  std::function<int()> console_;
  TimerLead lead_;
};

}  // namespace tapedeck::replayer
