#include "core/state/message_id.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "core/base/sha1.hpp"

namespace tapedeck::state {
namespace {

/// The namespace of tapedeck's messages: drawn once, part of the format from then on.
constexpr std::array<std::uint8_t, 16> message_namespace{
    0x6f, 0x2d, 0x1a, 0x94, 0x0c, 0x57, 0x4e, 0x3b, 0x9a, 0x61, 0x73, 0xd8, 0x25, 0xb0, 0xe4, 0x1f};

}  // namespace

MessageId::MessageId(std::uint64_t seq) {
  constexpr std::size_t digits_max = 20;
  std::array<char, message_namespace.size() + digits_max> name;
  char* const number = std::copy(message_namespace.begin(), message_namespace.end(), name.data());
  const char* const end = std::to_chars(number, name.data() + name.size(), seq).ptr;
  auto bytes = sha1({name.data(), static_cast<std::size_t>(end - name.data())});
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fU) | 0x50U);  // version 5
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);  // variant of RFC 9562
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    constexpr std::string_view hex = "0123456789abcdef";
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text_[at++] = '-';
    }
    text_[at++] = hex[bytes[i] >> 4U];
    text_[at++] = hex[bytes[i] & 0xfU];
  }
}

}  // namespace tapedeck::state
