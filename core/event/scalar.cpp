#include "core/event/scalar.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "core/event/decimal.hpp"

namespace tapedeck::event {
namespace {

constexpr std::array<double, 20> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                               1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                               1e14, 1e15, 1e16, 1e17, 1e18, 1e19};

/// Digits at `text[at]` go on with `number`; how many they are.
std::size_t take_digits(std::string_view text, std::size_t& at, std::uint64_t& number) {
  const std::size_t start = at;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  return at - start;
}

/// All of `text` as a number of JSON.
std::optional<double> number_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::size_t at = negative ? 1 : 0;
  const bool zero = text.substr(at).starts_with('0');
  std::uint64_t number = 0;  // its digits without the point; too many wrap around
  std::size_t digits = take_digits(text, at, number);
  if (digits == 0 || (zero && digits > 1)) {
    return std::nullopt;
  }
  std::size_t decimals = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    decimals = take_digits(text, at, number);
    if (decimals == 0) {
      return std::nullopt;
    }
    digits += decimals;
  }
  if (at == text.size()) {
    // Up to 2^53 and 10^19 both are exact, so that their quotient is the nearest double.
    constexpr std::size_t digits_that_fit = 19;
    constexpr std::uint64_t exact_max = std::uint64_t{1} << 53U;
    if (digits <= digits_that_fit && number <= exact_max) {
      const double size = static_cast<double>(number) / powers_of_ten.at(decimals);
      return negative ? -size : size;
    }
    return decimal_to_double(text);
  }
  if (text[at] != 'e' && text[at] != 'E') {
    return std::nullopt;
  }
  ++at;
  at += at < text.size() && (text[at] == '+' || text[at] == '-') ? 1 : 0;
  if (take_digits(text, at, number) == 0 || at != text.size()) {
    return std::nullopt;
  }
  return decimal_to_double(text);
}

bool ends_a_scalar(char c) {
  return c == ',' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

Value parse_number(std::string_view text) {
  const std::optional<double> number = number_of(text);
  return number ? Value::number(*number) : Value();
}

Scalar leading_scalar(std::string_view text) {
  if (!text.starts_with('"')) {
    const auto* const end = std::find_if(text.begin(), text.end(), ends_a_scalar);
    const std::string_view word(text.begin(), static_cast<std::size_t>(end - text.begin()));
    return {end == text.end() ? Value() : parse_word(word), word.size()};
  }
  const std::size_t close = text.find('"', 1);
  if (close == std::string_view::npos) {
    return {};
  }
  const std::string_view inside = text.substr(1, close - 1);
  const auto is_odd = [](char c) { return c == '\\' || static_cast<unsigned char>(c) < 0x20; };
  const std::size_t size = close + 1;
  if (size == text.size() || !ends_a_scalar(text[size]) || std::ranges::any_of(inside, is_odd)) {
    return {};
  }
  return {Value::string(inside), size};
}

}  // namespace tapedeck::event
