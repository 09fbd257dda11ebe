// Calls a function time and again from the event loop, whatever else that is waiting for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace tapedeck::recorder {

class EventLoop;

class Ticker {
 public:
  /// `tick` is called each `period_ns` while the loop runs, for the first time after one of them.
  /// Calls that were missed are not made up for. `loop` must outlive the ticker.
  Ticker(EventLoop& loop, std::int64_t period_ns, std::function<void()> tick);
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;
  ~Ticker();

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< a handler under way holds it weakly
};

}  // namespace tapedeck::recorder
