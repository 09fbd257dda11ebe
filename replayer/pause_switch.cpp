#include "replayer/pause_switch.hpp"

#include <atomic>
#include <csignal>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/check.hpp"

namespace tapedeck::replayer {
namespace {

std::atomic<PauseSwitch*> catcher = nullptr;

void on_signal(int /*number*/) {
  if (PauseSwitch* pause = catcher.load()) {
    pause->press();
  }
}

void handle_signal(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESTART);
  check(::sigaction(SIGUSR1, &action, nullptr) == 0, "sigaction of SIGUSR1");
}

}  // namespace

PauseSwitch::PauseSwitch() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  check(fd_ >= 0, "a file descriptor for the pause switch");
}

PauseSwitch::~PauseSwitch() {
  if (catching_) {
    handle_signal(SIG_DFL);
    catcher = nullptr;
  }
  ::close(fd_);
}

void PauseSwitch::catch_signal() {
  PauseSwitch* expected = nullptr;
  check(catcher.compare_exchange_strong(expected, this), "two PauseSwitches that catch SIGUSR1");
  catching_ = true;
  handle_signal(on_signal);
}

void PauseSwitch::press() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full: nobody presses so often.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

bool PauseSwitch::take() {
  std::uint64_t times = 0;
  return ::read(fd_, &times, sizeof times) == sizeof times && times % 2 == 1;
}

}  // namespace tapedeck::replayer
