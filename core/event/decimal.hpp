// Decimal text to the nearest double, as JavaScript reads it: past the range it is infinite or
// zero.
#pragma once

#include <string_view>

namespace tapedeck::event {

/// `text` is an optional minus, digits with at most one point among or around them, and an optional
/// exponent; at least one digit stands before the exponent.
[[nodiscard]] double decimal_to_double(std::string_view text);

}  // namespace tapedeck::event
