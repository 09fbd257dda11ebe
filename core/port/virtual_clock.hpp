// A clock that nobody waits for: wait_until moves it. Replays under it take no time at all.
#pragma once

#include <algorithm>

#include "core/port/clock.hpp"

namespace tapedeck::port {

class VirtualClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() override { return now_ns_; }

  Wait wait_until(std::int64_t due_ns) override {
    now_ns_ = std::max(now_ns_, due_ns);
    return Wait::reached;
  }

 private:
  std::int64_t now_ns_ = 0;
};

}  // namespace tapedeck::port
