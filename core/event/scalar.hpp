// JSON's numbers and literals, and strings without escapes: what needs no parser around it.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/event/value.hpp"

namespace tapedeck::event {

/// All of `text` as a number; undefined where it is none.
[[nodiscard]] Value parse_number(std::string_view text);

/// All of `text` as a number, `true`, `false` or `null`; undefined where it is none of them.
[[nodiscard]] inline Value parse_word(std::string_view text) {
  if (text == "false") {
    return Value::boolean(false);
  }
  if (text == "true") {
    return Value::boolean(true);
  }
  return text == "null" ? Value::null() : parse_number(text);
}

struct Scalar {
  Value value;           ///< undefined where it is none, or not certain; a string lies in the text
  std::size_t size = 0;  ///< how much of the text it takes
};

/// The number, the literal or the string without escapes that `text` begins with, followed by a
/// comma, a closing brace or white space. `text` is UTF-8, or WTF-8.
[[nodiscard]] Scalar leading_scalar(std::string_view text);

}  // namespace tapedeck::event
