#include "replayer/stop_request.hpp"

#include <csignal>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/check.hpp"

namespace tapedeck::replayer {
namespace {

std::atomic<StopRequest*> catcher = nullptr;

void on_signal(int /*number*/) {
  if (StopRequest* stop = catcher.load()) {
    stop->request();
  }
}

void handle_signals(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  for (const int number : {SIGINT, SIGTERM}) {
    check(::sigaction(number, &action, nullptr) == 0, "sigaction of a stop signal");
  }
}

}  // namespace

StopRequest::StopRequest() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  check(fd_ >= 0, "a file descriptor for the stop request");
}

StopRequest::~StopRequest() {
  if (catching_) {
    handle_signals(SIG_DFL, 0);
    catcher = nullptr;
  }
  ::close(fd_);
}

void StopRequest::catch_signals() {
  StopRequest* expected = nullptr;
  check(catcher.compare_exchange_strong(expected, this), "two StopRequests that catch signals");
  catching_ = true;
  // No SA_RESTART: a write that waits for its reader ends with the signal.
  handle_signals(on_signal, static_cast<int>(SA_RESETHAND));
}

void StopRequest::request() {
  requested_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable already.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

}  // namespace tapedeck::replayer
