// A clock that somebody else may wake.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/port/clock.hpp"

namespace tapedeck::test {

class WakingClock final : public port::Clock {
 public:
  void wake_next() { wake_ = true; }

  [[nodiscard]] std::int64_t now_ns() override { return now_ns_; }
  port::Wait wait_until(std::int64_t due_ns) override {
    if (std::exchange(wake_, false)) {
      return port::Wait::woken;
    }
    now_ns_ = std::max(now_ns_, due_ns);
    return port::Wait::reached;
  }

 private:
  std::int64_t now_ns_ = 0;
  bool wake_ = false;
};

}  // namespace tapedeck::test
