#include "replayer/timeline.hpp"

#include <algorithm>
#include <limits>

#include "core/base/saturating.hpp"

namespace tapedeck::replayer {
Timeline::Timeline(const TimelineOptions& options, std::int64_t start_ns)
    : rate_(options.rate),
      max_gap_ns_(options.max_gap_ns),
      start_ns_(start_ns),
      last_recv_ns_(options.from_ns) {}

std::int64_t Timeline::advance(std::int64_t recv_ns) {
  if (recv_ns > last_recv_ns_) {
    std::int64_t gap_ns = saturating_distance(last_recv_ns_, recv_ns);
    if (max_gap_ns_) {
      gap_ns = std::min(gap_ns, *max_gap_ns_);
    }
    played_ns_ = saturating_add(played_ns_, gap_ns);
    last_recv_ns_ = recv_ns;
  }
  return saturating_add(start_ns_, rate_.scale(played_ns_));
}

}  // namespace tapedeck::replayer
