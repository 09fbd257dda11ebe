#include "recorder/reconnect_policy.hpp"

#include <algorithm>
#include <limits>

#include "core/base/units.hpp"

namespace tapedeck::recorder {

void ReconnectPolicy::set_retry_ms(std::uint64_t retry_ms) {
  if (options_.first_wait_ns) {
    return;
  }
  // Compared in milliseconds: the product of a hostile value would not fit.
  constexpr auto longest_ms = static_cast<std::uint64_t>(limits::server_wait_ns_max / ns_per_ms);
  const auto wait_ns = static_cast<std::int64_t>(std::min(retry_ms, longest_ms)) * ns_per_ms;
  first_wait_ns_ = std::max(wait_ns, limits::server_wait_ns_min);
}

std::optional<std::int64_t> ReconnectPolicy::next_wait_ns(std::int64_t retry_after_ns) {
  if (options_.attempts_max && attempts_ >= *options_.attempts_max) {
    return std::nullopt;
  }
  const std::int64_t longest_ns = std::max(first_wait_ns_, options_.longest_wait_ns);
  std::int64_t wait_ns = first_wait_ns_;
  for (int n = 0; n < attempts_ && wait_ns < longest_ns; ++n) {
    wait_ns *= 2;
  }
  attempts_ += attempts_ < std::numeric_limits<int>::max() ? 1 : 0;
  // 80 to 120 per cent, drawn without a distribution: those differ between standard libraries.
  const auto percent = 80 + static_cast<std::int64_t>(random_() % 41);
  wait_ns = std::min(wait_ns * percent / 100, longest_ns);
  return std::max(wait_ns, std::min(retry_after_ns, limits::server_wait_ns_max));
}

}  // namespace tapedeck::recorder
