#include "replayer/timeline.hpp"

#include <algorithm>
#include <limits>

#include "core/base/saturating.hpp"

namespace tapedeck::replayer {
namespace {

constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

}  // namespace

Timeline::Timeline(const TimelineOptions& options, std::int64_t start_ns)
    : rate_(options.rate),
      max_gap_ns_(options.max_gap_ns),
      start_ns_(start_ns),
      from_ns_(options.from_ns),
      paused_(options.paused),
      anchor_ns_(start_ns),
      last_recv_ns_(options.from_ns),
      recv_before_ns_(options.from_ns) {}

std::int64_t Timeline::advance(std::int64_t recv_ns) {
  recv_before_ns_ = last_recv_ns_;
  played_before_ns_ = played_ns_;
  is_before_start_ = recv_ns < from_ns_;
  if (recv_ns > last_recv_ns_) {
    std::int64_t gap_ns = saturating_distance(last_recv_ns_, recv_ns);
    if (max_gap_ns_) {
      gap_ns = std::min(gap_ns, *max_gap_ns_);
    }
    played_ns_ = saturating_add(played_ns_, gap_ns);
    last_recv_ns_ = recv_ns;
  }
  return due_ns();
}

std::int64_t Timeline::due_ns() const {
  if (paused_) {
    return is_before_start_ ? anchor_ns_ : never_ns;
  }
  return saturating_add(anchor_ns_, rate_.scale(played_ns_ - anchor_played_ns_));
}

void Timeline::pause(std::int64_t now_ns) {
  anchor_played_ns_ = playhead_ns(now_ns);
  anchor_ns_ = now_ns;
  paused_ = true;
}

void Timeline::resume(std::int64_t now_ns) {
  anchor_played_ns_ = playhead_ns(now_ns);
  anchor_ns_ = now_ns;
  paused_ = false;
}

void Timeline::set_rate(const Rate& rate, std::int64_t now_ns) {
  anchor_played_ns_ = playhead_ns(now_ns);
  anchor_ns_ = now_ns;
  rate_ = rate;
}

std::int64_t Timeline::position_ns(std::int64_t now_ns) const {
  const std::int64_t ahead_ns = played_ns_ - playhead_ns(now_ns);
  return ahead_ns <= 0 ? last_recv_ns_ : std::max(recv_before_ns_, last_recv_ns_ - ahead_ns);
}

/// How much recorded time has been played now.
std::int64_t Timeline::playhead_ns(std::int64_t now_ns) const {
  if (paused_) {
    return anchor_played_ns_;
  }
  if (rate_.is_unlimited()) {
    return std::max(anchor_played_ns_, played_before_ns_);
  }
  const std::int64_t since_ns = saturating_distance(anchor_ns_, std::max(anchor_ns_, now_ns));
  return saturating_add(anchor_played_ns_, rate_.unscale(since_ns));
}

}  // namespace tapedeck::replayer
