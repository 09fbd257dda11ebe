#include "core/verdict/event_id.hpp"

#include <charconv>

namespace tapedeck::verdict {
namespace {

constexpr std::size_t id_bytes_max = 1024;  // real ones have less than thirty

std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.empty() || text.size() % 4 != 0 || text.size() > id_bytes_max) {
    return std::nullopt;
  }
  text.remove_suffix(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> count) & 0xffU);
    }
  }
  return bytes;
}

}  // namespace

std::optional<EventId> parse_event_id(std::string_view id) {
  auto text = from_base64(id);
  if (!text) {
    return std::nullopt;
  }
  const std::size_t underscore = text->rfind('_');
  if (underscore == std::string::npos) {
    return std::nullopt;
  }
  EventId parsed;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data() + underscore + 1, end, parsed.counter);
  if (error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  text->resize(underscore);
  parsed.node = std::move(*text);
  return parsed;
}

}  // namespace tapedeck::verdict
