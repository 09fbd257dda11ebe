#include "core/base/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/base/utf8.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_unicode_escape(std::string& out, unsigned unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    out += hex_digits[(unit >> static_cast<unsigned>(shift)) & 0xfU];
  }
}

void append_escaped_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_unicode_escape(out, static_cast<unsigned char>(c));
      return;
  }
}

/// The code unit of a lone surrogate in WTF-8 at the start of `text`, or 0.
unsigned lone_surrogate(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.size() < 3 || byte(0) != 0xed || byte(1) < 0xa0 || byte(1) > 0xbf ||
      (byte(2) & 0xc0U) != 0x80) {
    return 0;
  }
  return 0xd000U | ((byte(1) & 0x3fU) << 6U) | (byte(2) & 0x3fU);
}

constexpr std::uint64_t in_each_byte(std::uint64_t byte) {
  return byte * 0x0101'0101'0101'0101U;
}

/// Whether one of these eight bytes may not stand for itself in a JSON string.
bool is_odd_word(const char* at) {
  constexpr std::uint64_t high = in_each_byte(0x80);
  constexpr std::uint64_t low = in_each_byte(0x01);
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t quote = word ^ in_each_byte('"');
  const std::uint64_t backslash = word ^ in_each_byte('\\');
  // A byte below n borrows into its high bit; none is 0x80 or above, or the bit is set anyway.
  const std::uint64_t found =
      word | (word - in_each_byte(0x20)) | (quote - low) | (backslash - low);
  return (found & high) != 0;
}

/// How many bytes from `at` on stand for themselves in a JSON string, as far as eight at a time
/// tell: a multiple of eight.
std::size_t plain_words(std::string_view text, std::size_t at) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  std::size_t count = 0;
  while (text.size() - at - count >= word && !is_odd_word(text.data() + at + count)) {
    count += word;
  }
  return count;
}

/// Whether all of `text` stands for itself.
bool is_plain(std::string_view text) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  if (text.size() < word) {
    std::array<char, word> padded;
    padded.fill(' ');
    text.copy(padded.data(), text.size());
    return !is_odd_word(padded.data());
  }
  for (std::size_t at = 0; at + word < text.size(); at += word) {
    if (is_odd_word(text.data() + at)) {
      return false;
    }
  }
  return !is_odd_word(text.data() + text.size() - word);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    const std::size_t before = out.size();
    out.resize(before + text.size() + 2, '"');
    text.copy(out.data() + before + 1, text.size());
    return;
  }
  out += '"';
  std::size_t plain = 0;  // start of the bytes that are copied as they are
  std::size_t i = 0;
  const auto flush = [&](std::size_t end) { out.append(text, plain, end - plain); };
  while (true) {
    i += plain_words(text, i);
    if (i == text.size()) {
      break;
    }
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      if (c < 0x20 || c == '"' || c == '\\') {
        flush(i);
        append_escaped_ascii(out, text[i]);
        plain = i + 1;
      }
      ++i;
      continue;
    }
    std::size_t run = i;
    while (run < text.size() && static_cast<unsigned char>(text[run]) >= 0x80) {
      ++run;
    }
    const std::size_t valid = i + valid_utf8_prefix(text.substr(i, run - i));
    i = valid;
    if (valid == run) {
      continue;
    }
    flush(valid);
    if (const unsigned unit = lone_surrogate(text.substr(valid)); unit != 0) {
      append_unicode_escape(out, unit);
      i = valid + 3;
    } else {
      out += "\xef\xbf\xbd";
      i = valid + 1;
    }
    plain = i;
  }
  flush(text.size());
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  constexpr double exact_max = 9'007'199'254'740'992;  // 2^53
  if (std::abs(value) <= exact_max) {
    const auto whole = static_cast<std::int64_t>(value);  // also -0 is 0
    if (static_cast<double>(whole) == value) {
      std::array<char, 24> digits{};
      out.append(digits.data(),
                 std::to_chars(digits.data(), digits.data() + digits.size(), whole).ptr);
      return;
    }
  }
  // Shortest round-trip digits and exponent, then ECMAScript's placement of the decimal point.
  std::array<char, 40> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific)
          .ptr;
  std::string_view shortest(text.data(), static_cast<std::size_t>(end - text.data()));
  if (shortest.front() == '-') {
    out += '-';
    shortest.remove_prefix(1);
  }
  const std::size_t e = shortest.find('e');
  std::string digits(1, shortest.front());
  if (e > 1) {
    digits += shortest.substr(2, e - 2);
  }
  int exponent = 0;
  const std::string_view exponent_text = shortest.substr(e + 1);
  const char* first = exponent_text.data() + (exponent_text.front() == '+' ? 1 : 0);
  std::from_chars(first, exponent_text.data() + exponent_text.size(), exponent);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the decimal point
  const auto zeros = [](int n) { return std::string(static_cast<std::size_t>(n), '0'); };
  if (count <= point && point <= 21) {
    out += digits + zeros(point - count);
  } else if (0 < point && point <= 21) {
    out += digits.substr(0, static_cast<std::size_t>(point)) + '.' +
           digits.substr(static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0." + zeros(-point) + digits;
  } else {
    out += digits.substr(0, 1);
    if (count > 1) {
      out += '.' + digits.substr(1);
    }
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(exponent < 0 ? -exponent : exponent);
  }
}

}  // namespace tapedeck
