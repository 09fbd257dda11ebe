#include "core/base/random.hpp"

#include <bit>

#include "core/base/check.hpp"

namespace tapedeck {

std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Random::Random(std::uint64_t seed) : state_{} {
  for (std::uint64_t& word : state_) {
    word = split_mix(seed);
  }
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
  check(bound != 0, "Random::below(0)");
  // Draws from the smallest power of two that holds the bound until one fits: on average under two.
  const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero((bound - 1) | 1);
  while (true) {
    const std::uint64_t number = next() & mask;
    if (number < bound) {
      return number;
    }
  }
}

std::int64_t Random::between(std::int64_t least, std::int64_t most) {
  check(least <= most, "Random::between without a range");
  const std::uint64_t width =
      static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least) + 1;
  const std::uint64_t offset = width == 0 ? next() : below(width);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(least) + offset);
}

std::string Random::uuid() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int half = 0; half < 2; ++half) {
    std::uint64_t bits = next();
    if (half == 0) {
      bits = (bits & ~std::uint64_t{0xf000}) | 0x4000;  // version 4
    } else {
      bits = (bits & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);  // variant 1
    }
    for (int digit = 0; digit < 16; ++digit) {
      if (const int place = half * 16 + digit;
          place == 8 || place == 12 || place == 16 || place == 20) {
        text += '-';
      }
      text += digits[static_cast<std::size_t>(bits >> (60 - 4 * digit)) & 15];
    }
  }
  return text;
}

std::string derived_uuid(std::string_view first, std::string_view second) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3; };
  for (const char c : first) {
    add(static_cast<unsigned char>(c));
  }
  add(0);
  for (const char c : second) {
    add(static_cast<unsigned char>(c));
  }
  return Random(hash).uuid();
}

}  // namespace tapedeck
