#include "core/base/sha1.hpp"

#include <bit>
#include <cstddef>
#include <string>

namespace tapedeck {
namespace {

constexpr std::size_t block_bytes = 64;

using Hash = std::array<std::uint32_t, 5>;

std::uint32_t word_at(const char* bytes) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    word = (word << 8U) | static_cast<std::uint8_t>(bytes[i]);
  }
  return word;
}

/// Twenty rounds with the same function and constant (FIPS 180-4, 6.1.2), from `first` on.
template <class Mix>
void add_rounds(Hash& hash, const std::array<std::uint32_t, 80>& words, std::size_t first,
                std::uint32_t constant, Mix mix) {
  auto [a, b, c, d, e] = hash;
  for (std::size_t i = first; i < first + 20; ++i) {
    const std::uint32_t next = std::rotl(a, 5) + mix(b, c, d) + e + constant + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  hash = {a, b, c, d, e};
}

void add_block(Hash& hash, const char* block) {
  std::array<std::uint32_t, 80> words;
  for (std::size_t i = 0; i < 16; ++i) {
    words[i] = word_at(block + 4 * i);
  }
  for (std::size_t i = 16; i < words.size(); ++i) {
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  }
  using Word = std::uint32_t;
  const auto choice = [](Word x, Word y, Word z) { return (x & y) | (~x & z); };
  const auto parity = [](Word x, Word y, Word z) { return x ^ y ^ z; };
  const auto majority = [](Word x, Word y, Word z) { return (x & y) | (x & z) | (y & z); };
  Hash mixed = hash;
  add_rounds(mixed, words, 0, 0x5a827999, choice);
  add_rounds(mixed, words, 20, 0x6ed9eba1, parity);
  add_rounds(mixed, words, 40, 0x8f1bbcdc, majority);
  add_rounds(mixed, words, 60, 0xca62c1d6, parity);
  for (std::size_t i = 0; i < hash.size(); ++i) {
    hash[i] += mixed[i];
  }
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view bytes) {
  std::string padded(bytes);
  padded += '\x80';
  const std::size_t with_length = padded.size() + 8;
  padded.append((block_bytes - with_length % block_bytes) % block_bytes, '\0');
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    padded += static_cast<char>(bits >> (shift - 8));
  }
  Hash hash{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (std::size_t at = 0; at < padded.size(); at += block_bytes) {
    add_block(hash, padded.data() + at);
  }
  std::array<std::uint8_t, 20> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(hash[i / 4] >> (8 * (3 - i % 4)));
  }
  return digest;
}

}  // namespace tapedeck
