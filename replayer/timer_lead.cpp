#include "replayer/timer_lead.hpp"

#include <algorithm>
#include <chrono>

#include "replayer/limits.hpp"

namespace tapedeck::replayer {
namespace {

constexpr std::int64_t longest_ns = std::chrono::nanoseconds(limits::spin_time).count();

}  // namespace

void TimerLead::be_longest() {
  least_ns_ = longest_ns;
  lead_ns_ = longest_ns;
}

void TimerLead::woke_late(std::int64_t late_ns) {
  late_ns_[woken_++ % remembered] = late_ns;
  auto late = late_ns_;
  auto* const quartile = late.begin() + remembered / 4;
  std::ranges::nth_element(late, quartile);
  lead_ns_ = std::clamp(*quartile, least_ns_, longest_ns);
}

}  // namespace tapedeck::replayer
