#include "replayer/timeline.hpp"

#include <algorithm>
#include <limits>

namespace tapedeck::replayer {
namespace {

/// For an addend that is not negative.
std::int64_t saturating_add(std::int64_t value, std::int64_t addend) {
  constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max();
  return value > max - addend ? max : value + addend;
}

/// `later - earlier` where `later >= earlier`.
std::int64_t saturating_distance(std::int64_t earlier, std::int64_t later) {
  constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max();
  return earlier < 0 && later > max + earlier ? max : later - earlier;
}

}  // namespace

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
