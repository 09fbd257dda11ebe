// What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput: libFuzzer drives
// it under the preset `fuzz`, plain_main.cpp in every other build. What must hold is a check().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/check.hpp"
#include "core/base/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tapedeck::fuzz {

/// An input: choices of the target come off its front, the rest is what is fuzzed.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : bytes_(reinterpret_cast<const char*>(data), size) {}

  /// The next byte, 0 where there is none.
  std::uint8_t byte() {
    if (bytes_.empty()) {
      return 0;
    }
    const auto first = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return first;
  }
  /// Up to the next `end`, which is dropped, or all that is left.
  std::string_view until(char end) {
    const std::string_view part = bytes_.substr(0, bytes_.find(end));
    bytes_.remove_prefix(std::min(part.size() + 1, bytes_.size()));
    return part;
  }
  [[nodiscard]] std::string_view rest() const { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

/// Hands `bytes` to `push` in chunks that `seed` draws, each in memory of its own, so that reading
/// past one is found.
template <class Push>
void in_chunks(std::string_view bytes, std::uint64_t seed, Push push) {
  Random random(seed);
  const std::uint64_t largest = 1 + random.below(random.percent(50) ? 4 : 200);
  while (!bytes.empty()) {
    const auto drawn = static_cast<std::size_t>(1 + random.below(largest));
    const std::size_t size = std::min(bytes.size(), drawn);
    const auto chunk = std::make_unique<char[]>(size);
    std::copy_n(bytes.data(), size, chunk.get());
    push(std::string_view(chunk.get(), size));
    bytes.remove_prefix(size);
  }
}

}  // namespace tapedeck::fuzz
