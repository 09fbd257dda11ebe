#include "replayer/lateness.hpp"

#include <algorithm>
#include <bit>

namespace tapedeck::replayer {

std::size_t Lateness::bucket_of(std::uint64_t value) {
  if (value < subs) {
    return static_cast<std::size_t>(value);
  }
  const int shift = static_cast<int>(std::bit_width(value)) - sub_bits - 1;
  return static_cast<std::size_t>(shift) * subs + static_cast<std::size_t>(value >> shift);
}

std::uint64_t Lateness::top_of(std::size_t bucket) {
  if (bucket < subs) {
    return bucket;
  }
  const std::size_t shift = bucket / subs - 1;
  const std::uint64_t lead = bucket - shift * subs;
  return ((lead + 1) << shift) - 1;
}

void Lateness::add(std::int64_t late_ns) {
  late_ns = std::max<std::int64_t>(late_ns, 0);
  ++counts_[bucket_of(static_cast<std::uint64_t>(late_ns))];
  ++count_;
  max_ns_ = std::max(max_ns_, late_ns);
}

std::int64_t Lateness::quantile_ns(unsigned per_mille) const {
  // Split, so that the product cannot overflow.
  const std::uint64_t rank = count_ / 1000 * per_mille + (count_ % 1000 * per_mille + 999) / 1000;
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank && seen > 0) {
      return std::min(static_cast<std::int64_t>(top_of(bucket)), max_ns_);
    }
  }
  return 0;
}

}  // namespace tapedeck::replayer
