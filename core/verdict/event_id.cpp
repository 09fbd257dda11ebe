#include "core/verdict/event_id.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace tapedeck::verdict {
namespace {

constexpr std::size_t id_bytes_max = 1024;  // real ones have less than thirty

constexpr std::uint8_t no_digit = 64;

constexpr std::array<std::uint8_t, 256> make_digits() {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> digit_values = make_digits();

/// False where it is no base64 (RFC 4648, 4).
bool read_base64(std::string_view text, std::string& bytes) {
  bytes.clear();
  if (text.empty() || text.size() % 4 != 0 || text.size() > id_bytes_max) {
    return false;
  }
  text.remove_suffix(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::uint8_t digit = digit_values[static_cast<unsigned char>(c)];
    if (digit == no_digit) {
      return false;
    }
    bits = (bits << 6U) | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> count) & 0xffU);
    }
  }
  return true;
}

}  // namespace

std::optional<EventId> EventIdParser::parse(std::string_view id) {
  if (!read_base64(id, text_)) {
    return std::nullopt;
  }
  const std::size_t underscore = text_.rfind('_');
  if (underscore == std::string::npos) {
    return std::nullopt;
  }
  EventId parsed;
  const char* const end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data() + underscore + 1, end, parsed.counter);
  if (error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  parsed.node = std::string_view(text_).substr(0, underscore);
  return parsed;
}

}  // namespace tapedeck::verdict
