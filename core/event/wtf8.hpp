// JavaScript's strings as bytes: WTF-8, that is UTF-8 in which a surrogate without a partner stands
// as its three-byte form. A pair always stands as the four bytes of its character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tapedeck::event {

/// Appends one UTF-16 code unit: what `+=` does. A low surrogate after a high one makes a
/// character.
void append_code_unit(std::string& out, std::uint16_t unit);

/// Appends `text`, joining a pair of surrogates whose halves meet where it begins.
void append_wtf8(std::string& out, std::string_view text);

/// `text.split('')`: calls `each(std::string_view unit)` for each UTF-16 code unit; the view lives
/// during the call.
template <class Each>
void for_each_code_unit(std::string_view text, Each each) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const std::string_view character = text.substr(i, length);
    i += length;
    if (character.size() < 4) {
      each(character);
      continue;
    }
    const auto bits = [&](std::size_t at) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(character[at]) & 0x3fU);
    };
    const std::uint32_t above =
        (((lead & 0x7U) << 18U) | (bits(1) << 12U) | (bits(2) << 6U) | bits(3)) - 0x10000U;
    std::string half;
    append_code_unit(half, static_cast<std::uint16_t>(0xd800U + (above >> 10U)));
    each(half);
    half.clear();
    append_code_unit(half, static_cast<std::uint16_t>(0xdc00U + (above & 0x3ffU)));
    each(half);
  }
}

}  // namespace tapedeck::event
