#include "recorder/ticker.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "recorder/event_loop.hpp"

namespace tapedeck::recorder {

struct Ticker::State : std::enable_shared_from_this<Ticker::State> {
  State(EventLoop& loop, std::int64_t period_ns, std::function<void()> what)
      : timer(loop.context()), period(period_ns), tick(std::move(what)) {}

  void wait() {
    timer.expires_after(period);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      if (const auto self = weak.lock(); self && !error) {
        self->tick();
        self->wait();
      }
    });
  }

  boost::asio::steady_timer timer;
  std::chrono::nanoseconds period;
  std::function<void()> tick;
};

Ticker::Ticker(EventLoop& loop, std::int64_t period_ns, std::function<void()> tick)
    : state_(std::make_shared<State>(loop, period_ns, std::move(tick))) {
  state_->wait();
}

Ticker::~Ticker() = default;

}  // namespace tapedeck::recorder
