#include "replayer/pump_clock.hpp"

#include <chrono>
#include <limits>

#include "core/base/saturating.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::replayer {

namespace {

constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

}  // namespace

PumpClock::PumpClock() : guard_(context_.get_executor()), timer_(context_) {
  make_timers_exact();
}

port::Wait PumpClock::wait_until(std::int64_t due_ns) {
  const std::int64_t left_ns = saturating_distance(now_ns(), due_ns);
  if (left_ns > lead_.ns()) {
    arm(due_ns == never_ns ? never_ns : due_ns - lead_.ns());
    context_.run_one();
  } else if (left_ns > 0) {
    context_.poll_one();  // the caller waits again: that is the spinning
  }
  run_ready();
  return due_ns <= now_ns() ? port::Wait::reached : port::Wait::woken;
}

void PumpClock::arm(std::int64_t due_ns) {
  // A timer makes the wait exact to a microsecond; run_one_until alone counts in milliseconds.
  if (due_ns == armed_ns_) {
    return;
  }
  armed_ns_ = due_ns;
  if (due_ns == never_ns) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due_ns)));
  timer_.async_wait([this, due_ns](const boost::system::error_code& error) {
    if (!error) {
      lead_.woke_late(now_ns() - due_ns);
    }
  });
}

void PumpClock::run_ready() {
  for (int i = 0; i < limits::handlers_at_once_max && context_.poll_one() != 0; ++i) {
  }
}

}  // namespace tapedeck::replayer
