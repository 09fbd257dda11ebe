#include "recorder/event_loop.hpp"

#include <chrono>
#include <csignal>
#include <functional>
#include <list>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace tapedeck::recorder {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

namespace {

Failure cannot_catch(int signal, const boost::system::error_code& error) {
  return fail_io("cannot catch signal " + std::to_string(signal) + ": " + error.message());
}

struct HeardSignal {
  HeardSignal(asio::io_context& io, std::function<void()> heard_)
      : signals(io), heard(std::move(heard_)) {}

  asio::signal_set signals;
  std::function<void()> heard;

  void listen() {
    signals.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) {
        heard();
        listen();
      }
    });
  }
};

}  // namespace

struct EventLoop::State {
  asio::io_context io{1};
  // Without work the context would stop, and waiting would spin.
  asio::executor_work_guard<asio::io_context::executor_type> guard = asio::make_work_guard(io);
  asio::signal_set signals{io};
  std::list<HeardSignal> heard_signals;
  int stop_signal = 0;
  bool stop_requested = false;

  void listen() {
    signals.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) {
        return;
      }
      stop_signal = stop_signal == 0 ? signal : stop_signal;
      stop_requested = true;
      listen();
    });
  }
};

EventLoop::EventLoop() : state_(std::make_unique<State>()) {}
EventLoop::~EventLoop() = default;

Result<void> EventLoop::catch_signals() {
  boost::system::error_code error;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    const bool ignored = sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;
    if (signal == SIGHUP && ignored) {
      continue;
    }
    state_->signals.add(signal, error);
    if (error) {
      return cannot_catch(signal, error);
    }
  }
  state_->listen();
  return {};
}

Result<void> EventLoop::on_signal(int signal, std::function<void()> heard) {
  boost::system::error_code error;
  HeardSignal& added = state_->heard_signals.emplace_back(state_->io, std::move(heard));
  added.signals.add(signal, error);
  if (error) {
    state_->heard_signals.pop_back();
    return cannot_catch(signal, error);
  }
  added.listen();
  return {};
}

int EventLoop::stop_signal() const {
  return state_->stop_signal;
}

bool EventLoop::stop_requested() const {
  return state_->stop_requested;
}

bool EventLoop::take_stop() {
  return std::exchange(state_->stop_requested, false);
}

std::int64_t EventLoop::now_ns() {
  const auto since_epoch = SteadyClock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

port::Wait EventLoop::wait_until(std::int64_t due_ns) {
  while (now_ns() < due_ns && run_one_until(due_ns)) {
  }
  return stop_requested() ? port::Wait::woken : port::Wait::reached;
}

bool EventLoop::run_one_until(std::int64_t due_ns) {
  if (stop_requested()) {
    return false;
  }
  const SteadyClock::time_point due{
      std::chrono::duration_cast<SteadyClock::duration>(std::chrono::nanoseconds(due_ns))};
  // run_one_until looks at the time first: what is ready would starve under a due time that is
  // past.
  const bool ran = state_->io.poll_one() != 0 || state_->io.run_one_until(due) != 0;
  return ran && !stop_requested();
}

asio::io_context& EventLoop::context() {
  return state_->io;
}

}  // namespace tapedeck::recorder
