#include "core/state/digest.hpp"

#include <array>
#include <cinttypes>
#include <cstddef>
#include <cstdio>

#include <xxhash.h>

namespace tapedeck::state {

void Digest::chain(std::string_view change) {
  const XXH128_hash_t changed = XXH3_128bits(change.data(), change.size());
  const std::array<std::uint64_t, 4> link{high, low, changed.high64, changed.low64};
  std::array<unsigned char, sizeof(link)> bytes{};  // little-endian, whatever the machine
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(link[i / 8] >> (8 * (i % 8)));
  }
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  high = hash.high64;
  low = hash.low64;
}

std::string Digest::to_string() const {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64, high, low);
  return text.data();
}

}  // namespace tapedeck::state
