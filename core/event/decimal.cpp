#include "core/event/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <system_error>

namespace tapedeck::event {
namespace {

/// How many digits stand before the point when the number is written out; at most 0 for one
/// below 1.
std::int64_t magnitude(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  const std::string_view digits = text.substr(0, e);
  const auto point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(digits.find_first_of("123456789"));
  if (e == std::string_view::npos) {
    return point - first;
  }
  std::string_view exponent = text.substr(e + 1);
  if (exponent.front() == '+') {
    exponent.remove_prefix(1);
  }
  constexpr std::int64_t huge = std::int64_t{1} << 40;  // beyond any count of digits
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(exponent.data(), exponent.data() + exponent.size(), value);
  if (error == std::errc::result_out_of_range) {
    value = exponent.front() == '-' ? -huge : huge;
  }
  return point - first + std::clamp(value, -huge, huge);
}

}  // namespace

double decimal_to_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) {
    return value;
  }
  const bool negative = text.front() == '-';
  const double size =
      magnitude(text.substr(negative ? 1 : 0)) > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return negative ? -size : size;
}

}  // namespace tapedeck::event
