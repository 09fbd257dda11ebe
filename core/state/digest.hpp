// A chained digest: each link is a hash over the one before and what has changed since, so that two
// chains are equal up to the first difference and never after it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapedeck::state {

/// 128 bits of XXH3: made for telling content apart at the speed of memory. Whoever wants to
/// deceive can find collisions; a digest is no signature.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  /// Adds a link.
  void chain(std::string_view change);

  /// 32 hexadecimal digits.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Digest&, const Digest&) = default;
};

}  // namespace tapedeck::state
