#include "core/state/javascript.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/base/json_text.hpp"
#include "core/event/decimal.hpp"
#include "core/event/wtf8.hpp"

namespace tapedeck::state {
namespace {

using event::Type;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr std::array<std::string_view, 25> white_space{
    "\t",           "\n",           "\v",           "\f",           "\r",           " ",
    "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
    "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89",
    "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    "\xef\xbb\xbf"};

std::string_view trimmed(std::string_view text) {
  const auto strip = [&](auto touches, auto remove) {
    while (true) {
      const auto* found = std::find_if(white_space.begin(), white_space.end(), touches);
      if (found == white_space.end()) {
        return;
      }
      remove(found->size());
    }
  };
  strip([&](std::string_view space) { return text.starts_with(space); },
        [&](std::size_t size) { text.remove_prefix(size); });
  strip([&](std::string_view space) { return text.ends_with(space); },
        [&](std::size_t size) { text.remove_suffix(size); });
  return text;
}

/// 0x1f, 0o17, 0b11 (StringNumericLiteral, NonDecimalIntegerLiteral); NaN where it is none.
double number_of_base(std::string_view digits, int base) {
  if (digits.empty()) {
    return nan;
  }
  double value = 0;
  for (const char c : digits) {
    const char lower = static_cast<char>(c | 0x20);
    int digit = base;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (lower >= 'a' && lower <= 'f') {
      digit = lower - 'a' + 10;
    }
    if (digit >= base) {
      return nan;
    }
    value = value * base + digit;
  }
  return value;
}

bool is_decimal_literal(std::string_view text) {
  const auto digits = [&] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  std::size_t mantissa = digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    mantissa += digits();
  }
  if (mantissa == 0) {
    return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) {
      text.remove_prefix(1);
    }
    if (digits() == 0) {
      return false;
    }
  }
  return text.empty();
}

/// StringToNumber (ECMA-262, 7.1.4.1.1).
double string_to_number(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) {
    return 0;
  }
  if (text.size() > 1 && text[0] == '0') {
    switch (text[1] | 0x20) {
      case 'x':
        return number_of_base(text.substr(2), 16);
      case 'o':
        return number_of_base(text.substr(2), 8);
      case 'b':
        return number_of_base(text.substr(2), 2);
      default:
        break;
    }
  }
  const double sign = text[0] == '-' ? -1 : 1;
  if (text[0] == '-' || text[0] == '+') {
    text.remove_prefix(1);
  }
  if (text == "Infinity") {
    return sign * infinity;
  }
  if (!is_decimal_literal(text)) {
    return nan;
  }
  return sign * event::decimal_to_double(text);
}

/// ToPrimitive (ECMA-262, 7.1.1) of an object or array: it has no way but toString.
std::string primitive(const Value& value) {
  if (value.is_object()) {
    // An own member of that name is not callable, and Object.prototype.valueOf gives the object.
    if (value.find("toString") != nullptr) {
      throw Thrown{"an object with a member toString cannot be converted to a primitive value"};
    }
    return "[object Object]";
  }
  std::string joined;
  bool first = true;
  for (const Value& item : value.items()) {
    if (!first) {
      joined += ',';
    }
    first = false;
    if (!item.is_nullish()) {
      event::append_wtf8(joined, to_string(item));
    }
  }
  return joined;
}

}  // namespace

Value property(const Value& value, std::string_view key) {
  if (value.is_nullish()) {
    throw Thrown{"a member of null or undefined is read"};
  }
  return value[key];
}

bool truthy(const Value& value) {
  switch (value.type()) {
    case Type::undefined:
    case Type::null:
      return false;
    case Type::boolean:
      return value.as_boolean();
    case Type::number:
      return value.as_number() != 0 && !std::isnan(value.as_number());
    case Type::string:
      return !value.as_string().empty();
    case Type::array:
    case Type::object:
      return true;
  }
  return false;
}

double to_number(const Value& value) {
  switch (value.type()) {
    case Type::undefined:
      return nan;
    case Type::null:
      return 0;
    case Type::boolean:
      return value.as_boolean() ? 1 : 0;
    case Type::number:
      return value.as_number();
    case Type::string:
      return string_to_number(value.as_string());
    case Type::array:
    case Type::object:
      return string_to_number(primitive(value));
  }
  return nan;
}

std::string to_string(const Value& value) {
  switch (value.type()) {
    case Type::undefined:
      return "undefined";
    case Type::null:
      return "null";
    case Type::boolean:
      return value.as_boolean() ? "true" : "false";
    case Type::number: {
      const double number = value.as_number();
      if (std::isnan(number)) {
        return "NaN";
      }
      if (std::isinf(number)) {
        return number < 0 ? "-Infinity" : "Infinity";
      }
      std::string text;
      append_json_number(text, number);
      return text;
    }
    case Type::string:
      return std::string(value.as_string());
    case Type::array:
    case Type::object:
      return primitive(value);
  }
  return {};
}

bool strictly_equal(const Value& a, const Value& b) {
  if (a.is_array() || a.is_object()) {
    return false;
  }
  return a == b;
}

bool is_blank(std::string_view text) {
  if (!text.empty() && text.front() > ' ' && text.front() < '\x7f') {
    return false;  // as nearly always
  }
  return trimmed(text).empty();
}

void require_id(const Value& id, std::string_view why) {
  if (!id.is_string() || is_blank(id.as_string())) {
    throw Thrown{why};
  }
}

std::optional<IsoTime> date_to_json(double ms) {
  constexpr double ms_max = 8.64e15;  // TimeClip, ECMA-262, 21.4.1.31
  if (!(std::abs(ms) <= ms_max)) {
    return std::nullopt;
  }
  return IsoTime(static_cast<std::int64_t>(ms));  // toward zero, as TimeClip
}

}  // namespace tapedeck::state
