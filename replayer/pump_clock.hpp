// A clock that serves sockets while it waits: one thread, one loop, for time and for the network.
#pragma once

#include <cstdint>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/port/clock.hpp"
#include "replayer/steady_clock.hpp"
#include "replayer/timer_lead.hpp"

namespace tapedeck::replayer {

class PumpClock final : public port::Clock {
 public:
  PumpClock();

  [[nodiscard]] boost::asio::io_context& context() { return context_; }

  [[nodiscard]] std::int64_t now_ns() override { return steady_now_ns(); }

  /// Waits spin at their end, limits::spin_time long; see SteadyClock.
  void be_precise() { lead_.be_longest(); }

  /// Runs handlers that are ready, some at a time, so that what is due is never far behind them;
  /// `woken` when one has run and the time has not come.
  port::Wait wait_until(std::int64_t due_ns) override;

 private:
  void arm(std::int64_t due_ns);
  void run_ready();

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  boost::asio::steady_timer timer_;
  std::int64_t armed_ns_ = 0;
  TimerLead lead_;
};

}  // namespace tapedeck::replayer
