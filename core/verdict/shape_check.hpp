// Holds the payload of an event against its shape in the catalogue.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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

/// Remembers where the fields of each shape stood in the last object, where they mostly stand in
/// the next one. What it finds does not depend on that. Not thread-safe.
class ShapeCheck {
 public:
  /// Calls `report` for each departure of `value`, in the order of its members; missing fields
  /// follow at the end of their object. `pointer` is where `value` stands.
  void check(const event::Shape& shape, const event::Value& value, std::string_view pointer,
             const std::function<void(const Misfit&)>& report);

  /// The field that a member at this place of an object is; null where it is none.
  [[nodiscard]] const event::Field* field(const event::Shape& shape, std::size_t place,
                                          std::string_view key);

 private:
  class Walk;
  using Order = std::vector<const event::Field*>;  ///< at the place of a member; null: unknown

  [[nodiscard]] static const event::Field* field(const event::Shape& shape, Order& order,
                                                 std::size_t place, std::string_view key);

  /// By the fields of a shape of the catalogue, which are as many as there are shapes.
  std::unordered_map<const event::Field*, Order> orders_;
};

/// Whether `value` is what `shape` allows; what it holds aside.
[[nodiscard]] bool fits(const event::Shape& shape, const event::Value& value);

/// What `shape` allows, for people: `a string or null`, `"YES" or "NO"`.
[[nodiscard]] std::string describe(const event::Shape& shape);

}  // namespace tapedeck::verdict
