#include "core/state/message_id.hpp"

#include <array>
#include <cstddef>
#include <string_view>

#include "core/base/sha1.hpp"

namespace tapedeck::state {
namespace {

/// The namespace of tapedeck's messages: drawn once, part of the format from then on.
constexpr std::array<std::uint8_t, 16> message_namespace{
    0x6f, 0x2d, 0x1a, 0x94, 0x0c, 0x57, 0x4e, 0x3b, 0x9a, 0x61, 0x73, 0xd8, 0x25, 0xb0, 0xe4, 0x1f};

}  // namespace

std::string message_id(std::uint64_t seq) {
  std::string name(message_namespace.begin(), message_namespace.end());
  name += std::to_string(seq);
  auto bytes = sha1(name);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fU) | 0x50U);  // version 5
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);  // variant of RFC 9562
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    constexpr std::string_view hex = "0123456789abcdef";
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    text += hex[bytes[i] >> 4U];
    text += hex[bytes[i] & 0xfU];
  }
  return text;
}

}  // namespace tapedeck::state
