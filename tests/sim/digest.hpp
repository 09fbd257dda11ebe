// A number for all that a run brought about: two runs with the same number went the same way.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapedeck::test {

/// FNV-1a over values and texts in their order; a text counts with its length.
class Digest {
 public:
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      add_byte(static_cast<unsigned char>(number >> shift));
    }
  }
  void add(std::int64_t number) { add(static_cast<std::uint64_t>(number)); }
  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    for (const char c : text) {
      add_byte(static_cast<unsigned char>(c));
    }
  }

  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  void add_byte(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }

  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace tapedeck::test
