#include "recorder/refresh_schedule.hpp"

#include <algorithm>
#include <limits>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace tapedeck::recorder {
namespace {

constexpr std::int64_t first_wait_ns = ns_per_s;
constexpr std::int64_t grace_ns = 5 * ns_per_s;
constexpr std::int64_t asked_period_ns = ns_per_s;

}  // namespace

RefreshSchedule::RefreshSchedule(std::int64_t joined_ns, std::int64_t life_ns)
    : life_ns_(std::clamp(life_ns, limits::token_life_ns_min, limits::token_life_ns_max)),
      fresh_ns_(joined_ns),
      begun_ns_(joined_ns),
      wait_ns_(first_wait_ns) {
  period_ns_ = life_ns_ / 3;
  next_regular_ns_ = due_ns_ = joined_ns + period_ns_;
}

std::int64_t RefreshSchedule::due_ns() const {
  return alive_ && !under_way_ ? due_ns_ : std::numeric_limits<std::int64_t>::max();
}

void RefreshSchedule::asked(std::int64_t now_ns) {
  due_ns_ = std::min(due_ns_, std::max(now_ns, begun_ns_ + asked_period_ns));
}

void RefreshSchedule::begun(std::int64_t now_ns) {
  under_way_ = true;
  begun_ns_ = now_ns;
  while (next_regular_ns_ <= now_ns) {
    next_regular_ns_ += period_ns_;
  }
  due_ns_ = next_regular_ns_;
}

void RefreshSchedule::succeeded(std::int64_t now_ns) {
  under_way_ = false;
  fresh_ns_ = now_ns;
  wait_ns_ = first_wait_ns;
}

void RefreshSchedule::failed(std::int64_t now_ns) {
  under_way_ = false;
  due_ns_ = std::min(due_ns_, now_ns + wait_ns_);
  wait_ns_ = std::min(wait_ns_ * 2, period_ns_);
  alive_ = now_ns < fresh_ns_ + life_ns_ + grace_ns;
}

}  // namespace tapedeck::recorder
