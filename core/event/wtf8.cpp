#include "core/event/wtf8.hpp"

namespace tapedeck::event {
namespace {

constexpr std::size_t surrogate_bytes = 3;

/// The surrogate that stands alone at the start of `text`, or 0.
std::uint32_t surrogate_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.size() < surrogate_bytes || byte(0) != 0xed || byte(1) < 0xa0) {
    return 0;
  }
  return 0xd000U | ((byte(1) & 0x3fU) << 6U) | (byte(2) & 0x3fU);
}

bool is_high(std::uint32_t unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

bool is_low(std::uint32_t unit) {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/// The high surrogate without a partner at the end of `text`, or 0.
std::uint32_t open_surrogate(std::string_view text) {
  if (text.size() < surrogate_bytes) {
    return 0;
  }
  const std::uint32_t unit = surrogate_at(text.substr(text.size() - surrogate_bytes));
  return is_high(unit) ? unit : 0;
}

void append_code_point(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0U | (point >> 6U));
    put(0x80U | (point & 0x3fU));
  } else if (point < 0x10000) {
    put(0xe0U | (point >> 12U));
    put(0x80U | ((point >> 6U) & 0x3fU));
    put(0x80U | (point & 0x3fU));
  } else {
    put(0xf0U | (point >> 18U));
    put(0x80U | ((point >> 12U) & 0x3fU));
    put(0x80U | ((point >> 6U) & 0x3fU));
    put(0x80U | (point & 0x3fU));
  }
}

}  // namespace

void append_code_unit(std::string& out, std::uint16_t unit) {
  if (is_low(unit)) {
    if (const std::uint32_t high = open_surrogate(out); high != 0) {
      out.resize(out.size() - surrogate_bytes);
      append_code_point(out, 0x10000U + ((high - 0xd800U) << 10U) + (unit - 0xdc00U));
      return;
    }
  }
  append_code_point(out, unit);
}

void append_wtf8(std::string& out, std::string_view text) {
  if (const std::uint32_t first = surrogate_at(text); is_low(first)) {
    append_code_unit(out, static_cast<std::uint16_t>(first));
    text.remove_prefix(surrogate_bytes);
  }
  out += text;
}

}  // namespace tapedeck::event
