#include "replayer/steady_clock.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <poll.h>
#include <sys/prctl.h>

#include "core/base/units.hpp"

namespace tapedeck::replayer {

std::int64_t steady_now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

void make_timers_exact() {
  ::prctl(PR_SET_TIMERSLACK, 1UL);
}

SteadyClock::SteadyClock(const StopRequest& stop, const PauseSwitch* pause,
                         std::function<int()> console)
    : stop_(stop), pause_(pause), console_(std::move(console)) {
  make_timers_exact();
}

port::Wait SteadyClock::wait_until(std::int64_t due_ns) {
  for (;;) {
    if (stop_.requested()) {
      return port::Wait::woken;
    }
    const std::int64_t now_ns = steady_now_ns();
    if (due_ns <= now_ns) {
      return port::Wait::reached;
    }
    const std::int64_t left_ns = std::max<std::int64_t>(due_ns - now_ns - lead_.ns(), 0);
    const timespec timeout{.tv_sec = left_ns / ns_per_s, .tv_nsec = left_ns % ns_per_s};
    std::array<pollfd, 3> watched{
        {{.fd = stop_.fd(), .events = POLLIN, .revents = 0},
         {.fd = pause_ == nullptr ? -1 : pause_->fd(), .events = POLLIN, .revents = 0},
         {.fd = console_ ? console_() : -1, .events = POLLIN, .revents = 0}}};
    const int ready = ::ppoll(watched.data(), watched.size(), &timeout, nullptr);
    if (ready == 0 && left_ns != 0) {
      lead_.woke_late(steady_now_ns() - now_ns - left_ns);
    }
    if (watched[1].revents != 0 || watched[2].revents != 0) {
      return port::Wait::woken;
    }
  }
}

}  // namespace tapedeck::replayer
