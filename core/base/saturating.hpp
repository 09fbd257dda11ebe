// Sums and differences of times that stop at the ends of int64: a tape may say anything.
#pragma once

#include <cstdint>
#include <limits>

namespace tapedeck {

[[nodiscard]] constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  using Ends = std::numeric_limits<std::int64_t>;
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? Ends::max() : Ends::min()) : sum;
}

/// `later - earlier`.
[[nodiscard]] constexpr std::int64_t saturating_distance(std::int64_t earlier, std::int64_t later) {
  using Ends = std::numeric_limits<std::int64_t>;
  std::int64_t distance = 0;
  return __builtin_sub_overflow(later, earlier, &distance)
             ? (earlier < 0 ? Ends::max() : Ends::min())
             : distance;
}

}  // namespace tapedeck
