#include "core/event/json_escape.hpp"

#include <algorithm>
#include <cstdint>

#include "core/event/wtf8.hpp"

namespace tapedeck::event {
namespace {

/// The byte at `at`; a NUL, which no escape has, at the end.
char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? text[at] : '\0';
}

bool take_code_unit(std::string_view text, std::size_t& at, std::string& out) {
  unsigned unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = byte_at(text, at);
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      unit = unit * 16 + static_cast<unsigned>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + static_cast<unsigned>(lower - 'a') + 10;
    } else {
      return false;
    }
    ++at;
  }
  append_code_unit(out, static_cast<std::uint16_t>(unit));
  return true;
}

}  // namespace

bool take_escape(std::string_view text, std::size_t& at, std::string& out) {
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
  const char name = byte_at(text, at);
  if (name == 'u') {
    ++at;
    return take_code_unit(text, at, out);
  }
  const std::size_t which = names.find(name);
  if (which == std::string_view::npos) {
    return false;
  }
  out += meant[which];
  ++at;
  return true;
}

bool unescape(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t backslash = std::min(text.find('\\', at), text.size());
    append_wtf8(out, text.substr(at, backslash - at));
    at = backslash + 1;
    if (backslash < text.size() && !take_escape(text, at, out)) {
      return false;
    }
  }
  return true;
}

}  // namespace tapedeck::event
