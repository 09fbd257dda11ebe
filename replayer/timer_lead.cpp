#include "replayer/timer_lead.hpp"

#include <algorithm>
#include <chrono>

#include "replayer/limits.hpp"

namespace tapedeck::replayer {

void TimerLead::woke_late(std::int64_t late_ns) {
  late_ns_[woken_++ % remembered] = late_ns;
  auto late = late_ns_;
  auto* const quartile = late.begin() + remembered / 4;
  std::ranges::nth_element(late, quartile);
  lead_ns_ =
      std::clamp<std::int64_t>(*quartile, 0, std::chrono::nanoseconds(limits::spin_time).count());
}

}  // namespace tapedeck::replayer
