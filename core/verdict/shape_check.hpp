// Holds the payload of an event against its shape in the catalogue.
#pragma once

#include <functional>
#include <string_view>

#include "core/event/catalogue.hpp"
#include "core/event/value.hpp"
#include "core/verdict/rule.hpp"

namespace tapedeck::verdict {

/// One departure: unknown_field, missing_field or mistyped_field. Texts live during the call.
struct Misfit {
  Rule rule = Rule::unknown_field;
  std::string_view pointer;
  std::string_view expected;
  event::Value found;  ///< undefined where a field is missing
};

/// Calls `report` for each departure of `value`, in the order of its members; missing fields follow
/// at the end of their object. `pointer` is where `value` stands.
void check_shape(const event::Shape& shape, const event::Value& value, std::string_view pointer,
                 const std::function<void(const Misfit&)>& report);

/// What `shape` allows, for people: `a string or null`, `"YES" or "NO"`.
[[nodiscard]] std::string describe(const event::Shape& shape);

}  // namespace tapedeck::verdict
