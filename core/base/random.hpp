// A seeded generator whose results are specified to the last bit: the same seed gives the same
// numbers on every machine, which the distributions of the standard library do not promise.
//
// xoshiro256** 1.0 (Blackman and Vigna), its state filled by SplitMix64. A value: copy it freely.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tapedeck {

/// The next number of SplitMix64; moves `state` on.
[[nodiscard]] std::uint64_t split_mix(std::uint64_t& state);

class Random {
 public:
  explicit Random(std::uint64_t seed);
  /// The generator in a given state, which must not be all zero.
  explicit Random(const std::array<std::uint64_t, 4>& state) : state_(state) {}

  [[nodiscard]] std::uint64_t next();

  /// Uniform in [0, bound), without bias. `bound` must not be 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);

  /// Uniform in [least, most], both included.
  [[nodiscard]] std::int64_t between(std::int64_t least, std::int64_t most);

  [[nodiscard]] bool percent(std::uint64_t chance) { return below(100) < chance; }

  template <class T, std::size_t N>
  [[nodiscard]] const T& pick(const std::array<T, N>& from) {
    return from[static_cast<std::size_t>(below(N))];
  }

  /// A version 4 UUID in lower case.
  [[nodiscard]] std::string uuid();

 private:
  std::array<std::uint64_t, 4> state_;
};

/// The UUID that belongs to a pair of names: the same for the same pair, always.
[[nodiscard]] std::string derived_uuid(std::string_view first, std::string_view second);

}  // namespace tapedeck
