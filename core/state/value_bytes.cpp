#include "core/state/value_bytes.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <memory>

#include "core/base/limits.hpp"
#include "core/base/utf8.hpp"

namespace tapedeck::state {
namespace {

using event::Arena;
using event::Member;
using event::Type;
using event::Value;

enum Tag : std::uint8_t {
  undefined_tag,
  null_tag,
  false_tag,
  true_tag,
  whole_tag,
  negative_tag,
  double_tag,
  text_tag,
  known_text_tag,
  array_tag,
  object_tag,
};

/// Up to here each integer is a double.
constexpr double whole_max = 9007199254740992.0;

/// A message of the chat is a payload within an object of tapedeck's.
constexpr std::size_t depth_max = limits::json_depth_max + 2;
constexpr std::size_t values_max = limits::json_values_max + 16;

/// UTF-8, or UTF-8 but for surrogates without a partner (core/event/wtf8.hpp).
bool is_wtf8(std::string_view text) {
  if (is_valid_utf8(text)) {
    return true;
  }
  while (!text.empty()) {
    text.remove_prefix(valid_utf8_prefix(text));
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (text.empty()) {
      break;
    }
    if (text.size() < 3 || byte(0) != 0xed || byte(1) < 0xa0 || byte(1) > 0xbf || byte(2) < 0x80 ||
        byte(2) > 0xbf) {
      return false;
    }
    text.remove_prefix(3);
  }
  return true;
}

}  // namespace

// --- ValueWriter ---

void ValueWriter::number(std::uint64_t number) {
  for (; number >= 0x80; number >>= 7U) {
    out_ += static_cast<char>((number & 0x7fU) | 0x80U);
  }
  out_ += static_cast<char>(number);
}

void ValueWriter::signed_number(std::int64_t number) {
  // The sign goes to the lowest bit, so that small ones stay small.
  const auto bits = static_cast<std::uint64_t>(number);
  this->number(number < 0 ? ~bits << 1U | 1U : bits << 1U);
}

void ValueWriter::text(std::string_view text) {
  number(text.size());
  out_ += text;
}

void ValueWriter::finite(double number) {
  const double size = std::fabs(number);
  const bool is_whole = size <= whole_max && std::trunc(size) == size;
  if (is_whole && !std::signbit(number)) {
    out_ += static_cast<char>(whole_tag);
    this->number(static_cast<std::uint64_t>(size));
  } else if (is_whole && size != 0) {
    out_ += static_cast<char>(negative_tag);
    this->number(static_cast<std::uint64_t>(size));
  } else {
    out_ += static_cast<char>(double_tag);
    const auto bits = std::bit_cast<std::uint64_t>(number);
    for (unsigned shift = 0; shift < 64; shift += 8) {
      out_ += static_cast<char>(bits >> shift & 0xffU);
    }
  }
}

void ValueWriter::key(std::string_view key) {
  const auto [place, is_new] = places_.try_emplace(key, places_.size());
  if (is_new) {
    out_ += '\0';
    text(key);
  } else {
    number(place->second + 1);
  }
}

void ValueWriter::value(const Value& value) {
  switch (value.type()) {
    case Type::undefined:
      out_ += static_cast<char>(undefined_tag);
      return;
    case Type::null:
      out_ += static_cast<char>(null_tag);
      return;
    case Type::boolean:
      out_ += static_cast<char>(value.as_boolean() ? true_tag : false_tag);
      return;
    case Type::number:
      return finite(value.as_number());
    case Type::string: {
      const std::string_view bytes = value.as_string();
      if (bytes.size() <= text_kept_max) {
        const auto [place, is_new] = places_.try_emplace(bytes, places_.size());
        if (!is_new) {
          out_ += static_cast<char>(known_text_tag);
          return number(place->second);
        }
      }
      out_ += static_cast<char>(text_tag);
      return text(bytes);
    }
    case Type::array:
      out_ += static_cast<char>(array_tag);
      number(value.items().size());
      for (const Value& item : value.items()) {
        this->value(item);
      }
      return;
    case Type::object:
      out_ += static_cast<char>(object_tag);
      number(value.members().size());
      for (const Member& member : value.members()) {
        key(member.key);
        this->value(member.value);
      }
      return;
  }
}

// --- ValueReader ---

std::uint8_t ValueReader::byte() {
  if (rest_.empty()) {
    fail();
    return 0;
  }
  const auto first = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return first;
}

std::uint64_t ValueReader::number() {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t digit = byte();
    if (shift == 63 && digit > 1) {
      break;
    }
    number |= (digit & 0x7fU) << shift;
    if (digit < 0x80) {
      return failed_ ? 0 : number;
    }
  }
  fail();
  return 0;
}

std::uint64_t ValueReader::number_up_to(std::uint64_t most) {
  const std::uint64_t found = number();
  if (found > most) {
    fail();
    return 0;
  }
  return found;
}

std::int64_t ValueReader::signed_number() {
  const std::uint64_t bits = number();
  return static_cast<std::int64_t>((bits & 1U) != 0 ? ~(bits >> 1U) : bits >> 1U);
}

std::string_view ValueReader::text() {
  const std::size_t size = count();
  const std::string_view text = rest_.substr(0, size);
  rest_.remove_prefix(size);
  if (!is_wtf8(text)) {
    fail();
    return {};
  }
  return text;
}

std::size_t ValueReader::count() {
  const std::uint64_t found = number();
  if (found > rest_.size()) {
    fail();
    return 0;
  }
  return static_cast<std::size_t>(found);
}

double ValueReader::finite() {
  std::uint64_t bits = 0;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    bits |= static_cast<std::uint64_t>(byte()) << shift;
  }
  const auto number = std::bit_cast<double>(bits);
  if (std::isnan(number)) {  // nothing that JSON.parse gives
    fail();
    return 0;
  }
  return number;
}

std::string_view ValueReader::known(std::uint64_t place) {
  if (place >= texts_.size()) {
    fail();
    return {};
  }
  return texts_[static_cast<std::size_t>(place)];
}

std::string_view ValueReader::key() {
  if (const std::uint64_t place = number(); place != 0 || failed_) {
    return known(place - 1);
  }
  const std::string_view found = text();
  texts_.push_back(found);
  return found;
}

std::size_t ValueReader::values() {
  const std::size_t found = count();
  values_ += found;
  if (values_ > values_max) {
    fail();
    return 0;
  }
  return found;
}

Value ValueReader::value(Arena& arena) {
  values_ = 1;
  return value(arena, 0);
}

Value ValueReader::array(Arena& arena, std::size_t depth) {
  const std::size_t size = values();
  Value* const items = arena.allocate<Value>(size);
  for (std::size_t i = 0; i < size; ++i) {
    std::construct_at(items + i, value(arena, depth + 1));
  }
  return Value::array({items, size});
}

Value ValueReader::object(Arena& arena, std::size_t depth) {
  const std::size_t size = values();
  Member* const members = arena.allocate<Member>(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::string_view name = key();
    std::construct_at(members + i, Member{name, value(arena, depth + 1)});
  }
  if (event::normalize_members({members, size}) != size) {
    fail();
    return {};
  }
  return Value::object({members, size});
}

Value ValueReader::value(Arena& arena, std::size_t depth) {
  if (depth > depth_max) {
    fail();
  }
  switch (byte()) {
    case undefined_tag:
      return {};
    case null_tag:
      return Value::null();
    case false_tag:
      return Value::boolean(false);
    case true_tag:
      return Value::boolean(true);
    case whole_tag:
      return Value::number(static_cast<double>(number()));
    case negative_tag:
      return Value::number(-static_cast<double>(number()));
    case double_tag:
      return Value::number(finite());
    case text_tag: {
      const std::string_view found = text();
      if (found.size() <= text_kept_max) {
        texts_.push_back(found);
      }
      return Value::string(found);
    }
    case known_text_tag:
      return Value::string(known(number()));
    case array_tag:
      return array(arena, depth);
    case object_tag:
      return object(arena, depth);
    default:
      fail();
      return {};
  }
}

}  // namespace tapedeck::state
