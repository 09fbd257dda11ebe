// The conversions and comparisons of JavaScript (ECMA-262) that the client's code comes down to,
// for values that came from JSON: objects without methods of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/iso_time.hpp"
#include "core/event/value.hpp"

namespace tapedeck::state {

using event::Value;

/// What JavaScript throws. It is caught where the client catches it, and never leaves core/state.
struct Thrown {
  std::string_view why;  ///< a sentence without subject or period, static
};

/// `value.key`; throws for null and undefined.
[[nodiscard]] Value property(const Value& value, std::string_view key);

/// `Boolean(value)`.
[[nodiscard]] bool truthy(const Value& value);

/// `Number(value)`; throws where an object hides its toString.
[[nodiscard]] double to_number(const Value& value);

/// `String(value)`; throws where an object hides its toString.
[[nodiscard]] std::string to_string(const Value& value);

/// `a === b` for values of different origin: two objects are never the same.
[[nodiscard]] bool strictly_equal(const Value& a, const Value& b);

/// `text.trim().length === 0`.
[[nodiscard]] bool is_blank(std::string_view text);

/// The client's assertRoomID and assertParticipantID: throws where `id` is blank or no string.
void require_id(const Value& id, std::string_view why);

/// `new Date(ms).toJSON()`; nothing where the date is invalid and JSON has null.
[[nodiscard]] std::optional<IsoTime> date_to_json(double ms);

}  // namespace tapedeck::state
