// The recorder's clock and event loop: waiting runs what sockets, pipes and signals have to say.
//
// One thread, one io_context. Whatever is registered on `context()` must go before the loop does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/result.hpp"
#include "core/port/clock.hpp"

namespace boost::asio {
class io_context;
}

namespace tapedeck::recorder {

class EventLoop final : public port::Clock {
 public:
  EventLoop();
  ~EventLoop() override;

  /// From now on SIGINT, SIGTERM and SIGHUP ask to stop, as often as they come. SIGHUP keeps being
  /// ignored where it was (nohup). When the loop goes, so do the handlers.
  Result<void> catch_signals();

  /// From now on `heard` is called from the loop when `signal` has come. As long as it was not
  /// handled, one that comes again is the same.
  Result<void> on_signal(int signal, std::function<void()> heard);

  /// The signal that asked to stop first; 0 as long as none did.
  [[nodiscard]] int stop_signal() const;
  /// A signal has come since the last `take_stop`.
  [[nodiscard]] bool stop_requested() const;
  /// The same, and with that it is known: waiting goes on as before until another signal comes.
  bool take_stop();

  /// Nanoseconds of the monotonic clock.
  [[nodiscard]] std::int64_t now_ns() override;

  /// Runs handlers until the time comes (reached) or a stop is requested (woken).
  port::Wait wait_until(std::int64_t due_ns) override;

  /// Runs one handler as soon as there is one. False: the time came first, or a stop is requested.
  bool run_one_until(std::int64_t due_ns);

  [[nodiscard]] boost::asio::io_context& context();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tapedeck::recorder
