#include "recorder/json_scan.hpp"

#include <cstdint>
#include <utility>

#include "core/base/percent.hpp"
#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

constexpr std::string_view space = " \t\r\n";

bool is_word(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '+' || c == '.';
}

/// The number of a `\uXXXX` at the start of `text`.
std::optional<std::uint32_t> unicode_escape(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') {
    return std::nullopt;
  }
  std::uint32_t number = 0;
  for (const char c : text.substr(2, 4)) {
    const int digit = hex_value(c);
    if (digit < 0) {
      return std::nullopt;
    }
    number = number * 16 + static_cast<std::uint32_t>(digit);
  }
  return number;
}

void append_code_point(std::string& out, std::uint32_t point) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// Appends what the first character or escape of `written` says, nothing where that is cut off;
/// gives how long it is.
std::size_t take_unit(std::string_view written, std::string& out) {
  if (const auto first = unicode_escape(written)) {
    const auto second = unicode_escape(written.substr(6));
    const bool pair =
        *first >= 0xd800 && *first < 0xdc00 && second && *second >= 0xdc00 && *second < 0xe000;
    append_code_point(out,
                      pair ? 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00) : *first);
    return pair ? 12 : 6;
  }
  if (written == "\\" || (written.starts_with("\\u") && written.size() < 6)) {
    return written.size();  // cut off
  }
  constexpr std::string_view letters = "bfnrt";
  constexpr std::string_view meanings = "\b\f\n\r\t";
  if (written[0] != '\\') {
    out += written[0];
    return 1;
  }
  const std::size_t letter = letters.find(written[1]);
  out += letter != std::string_view::npos ? meanings[letter] : written[1];
  return 2;
}

}  // namespace

std::optional<JsonScalar> JsonScan::next() {
  while (at_ < text_.size()) {
    const std::size_t begin = at_;
    if (text_[begin] == '"') {
      std::size_t end = begin + 1;
      while (end < text_.size() && text_[end] != '"') {
        end += text_[end] == '\\' ? 2 : 1;
      }
      const bool torn = end >= text_.size();
      end = torn ? text_.size() : end;
      at_ = torn ? end : end + 1;
      if (!std::exchange(behind_colon_, false) && colon_follows(at_)) {
        key_ = unescaped(text_.substr(begin + 1, end - begin - 1));
        continue;
      }
      return JsonScalar{.begin = begin + 1, .end = end, .quoted = true, .torn = torn};
    }
    while (at_ < text_.size() && is_word(text_[at_])) {
      ++at_;
    }
    if (at_ == begin) {
      ++at_;
      behind_colon_ = text_[begin] == ':' ||
                      (behind_colon_ && space.find(text_[begin]) != std::string_view::npos);
    } else if (behind_colon_ = false; is_digit(text_[begin]) || text_[begin] == '-') {
      return JsonScalar{.begin = begin, .end = at_};
    }
  }
  return std::nullopt;
}

bool JsonScan::colon_follows(std::size_t at) const {
  const std::size_t next = text_.find_first_not_of(space, at);
  return next != std::string_view::npos && text_[next] == ':';
}

std::string unescaped(std::string_view written) {
  std::string out;
  while (!written.empty()) {
    written.remove_prefix(take_unit(written, out));
  }
  return out;
}

void to_written(std::string_view written, SecretPlaces& places) {
  std::size_t at = 0;    // in `written`
  std::size_t said = 0;  // so many bytes, up to there
  std::string unit;
  const auto step = [&] {
    unit.clear();
    at += take_unit(written.substr(at), unit);
    said += unit.size();
  };
  for (SecretPlace& place : places) {
    std::size_t begin = at;
    while (said <= place.begin && at < written.size()) {
      begin = at;
      step();
    }
    while (said < place.end && at < written.size()) {
      step();
    }
    place.begin = begin;
    place.end = at;
  }
}

}  // namespace tapedeck::recorder
