#include "core/base/utf8.hpp"

#include <cstdint>
#include <cstring>

#include "core/base/utf8_private.hpp"

namespace tapedeck {
namespace {

/// What a lead byte asks for: continuation bytes, and the range of the first of them.
struct Lead {
  int continuations = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
};

Lead lead_of(unsigned char c) {
  if (c >= 0xc2 && c <= 0xdf) return {1, 0x80, 0xbf};
  if (c == 0xe0) return {2, 0xa0, 0xbf};
  if (c == 0xed) return {2, 0x80, 0x9f};
  if (c >= 0xe1 && c <= 0xef) return {2, 0x80, 0xbf};
  if (c == 0xf0) return {3, 0x90, 0xbf};
  if (c >= 0xf1 && c <= 0xf3) return {3, 0x80, 0xbf};
  if (c == 0xf4) return {3, 0x80, 0x8f};
  return {};
}

/// Length of the well-formed sequence at `p`, or 0; `subpart` is then the length of the maximal
/// ill-formed part that one U+FFFD stands for.
std::size_t sequence_at(const unsigned char* p, std::size_t size, std::size_t& subpart) {
  const Lead lead = lead_of(*p);
  subpart = 1;
  if (lead.continuations == 0) {
    return 0;
  }
  unsigned char low = lead.low;
  unsigned char high = lead.high;
  for (int i = 0; i < lead.continuations; ++i) {
    if (subpart >= size || p[subpart] < low || p[subpart] > high) {
      return 0;
    }
    ++subpart;
    low = 0x80;
    high = 0xbf;
  }
  return subpart;
}

std::size_t ascii_prefix(const unsigned char* p, std::size_t size) {
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p + i, 8);
    if ((word & 0x8080808080808080U) != 0) {
      break;
    }
  }
  while (i < size && p[i] < 0x80) {
    ++i;
  }
  return i;
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  static const utf8::IsValid vector_validator = [] {
    const utf8::IsValid x86 = utf8::x86_validator();
    return x86 != nullptr ? x86 : utf8::arm_validator();
  }();
  return vector_validator != nullptr ? vector_validator(bytes)
                                     : valid_utf8_prefix(bytes) == bytes.size();
}

std::size_t valid_utf8_prefix(std::string_view bytes) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t i = 0;
  while (true) {
    i += ascii_prefix(p + i, bytes.size() - i);
    if (i == bytes.size()) {
      return i;
    }
    std::size_t subpart = 0;
    const std::size_t length = sequence_at(p + i, bytes.size() - i, subpart);
    if (length == 0) {
      return i;
    }
    i += length;
  }
}

void append_utf8_lossy(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t valid = valid_utf8_prefix(bytes);
    out.append(bytes.substr(0, valid));
    bytes.remove_prefix(valid);
    if (bytes.empty()) {
      return;
    }
    std::size_t subpart = 0;
    sequence_at(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), subpart);
    out += "\xef\xbf\xbd";
    bytes.remove_prefix(subpart);
  }
}

}  // namespace tapedeck
