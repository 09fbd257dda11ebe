// How late frames were handed over: a histogram, so that memory is flat in the length of a tape.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tapedeck::replayer {

/// Buckets are a power of two cut into 32: a quantile is at most 1/32 too high. The largest value
/// is exact.
class Lateness {
 public:
  /// A negative value counts as 0.
  void add(std::int64_t late_ns);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::int64_t max_ns() const { return max_ns_; }

  /// The value that `per_mille` of 1000 do not exceed; 0 when nothing was added.
  [[nodiscard]] std::int64_t quantile_ns(unsigned per_mille) const;

 private:
  static constexpr int sub_bits = 5;
  static constexpr std::size_t subs = std::size_t{1} << sub_bits;
  static constexpr std::size_t buckets = (64 - sub_bits) * subs;

  static std::size_t bucket_of(std::uint64_t value);
  /// The largest value that the bucket holds.
  static std::uint64_t top_of(std::size_t bucket);

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::int64_t max_ns_ = 0;
};

}  // namespace tapedeck::replayer
