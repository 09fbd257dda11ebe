#include "core/verdict/shape_check.hpp"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <string>
#include <vector>

#include "core/verdict/json_pointer.hpp"

namespace tapedeck::verdict {
namespace {

using event::Field;
using event::Shape;
using event::Type;
using event::Value;

std::string_view phrase(Type type, bool integral) {
  switch (type) {
    case Type::undefined:
      return "nothing";
    case Type::null:
      return "null";
    case Type::boolean:
      return "true or false";
    case Type::number:
      return integral ? "a whole number" : "a number";
    case Type::string:
      return "a string";
    case Type::array:
      return "an array";
    case Type::object:
      return "an object";
  }
  return {};
}

}  // namespace

class ShapeCheck::Walk {
 public:
  Walk(ShapeCheck& check, std::string_view pointer,
       const std::function<void(const Misfit&)>& report)
      : check_(check), pointer_(pointer), report_(report) {}

  void value(const Shape& shape, const Value& found) {
    if (!fits(shape, found)) {
      report_({Rule::mistyped_field, pointer_, describe(shape), found});
      return;
    }
    if (shape.items != nullptr) {
      const auto items = found.items();
      for (std::size_t i = 0; i < items.size(); ++i) {
        const PointerStep step(pointer_, i);
        value(*shape.items, items[i]);
      }
    }
    if (found.is_object()) {
      members(shape, found);
    }
  }

 private:
  void members(const Shape& shape, const Value& object) {
    std::bitset<event::fields_max> seen;
    Order& order = check_.orders_[shape.fields];
    const auto members = object.members();
    for (std::size_t i = 0; i < members.size(); ++i) {
      const event::Member& member = members[i];
      const Field* const field = ShapeCheck::field(shape, order, i, member.key);
      if (field != nullptr) {
        seen.set(static_cast<std::size_t>(field - shape.fields));
        if (!is_plain(field->shape, member.value)) {
          const PointerStep step(pointer_, member.key);
          value(field->shape, member.value);
        }
      } else if (shape.members == nullptr) {
        const PointerStep step(pointer_, member.key);
        report_({Rule::unknown_field, pointer_, "no such field", member.value});
      } else if (!shape.is_open()) {
        const PointerStep step(pointer_, member.key);
        value(*shape.members, member.value);
      }
    }
    for (std::size_t i = 0; i < shape.field_count; ++i) {
      const Field& field = shape.fields[i];
      if (field.presence == event::Presence::always && !seen.test(i)) {
        const PointerStep step(pointer_, field.name);
        report_({Rule::missing_field, pointer_, describe(field.shape), Value()});
      }
    }
  }

  /// What nearly every field is: as it should be, with nothing further down.
  static bool is_plain(const Shape& shape, const Value& found) {
    return !found.is_object() && !found.is_array() && fits(shape, found);
  }

  ShapeCheck& check_;
  std::string pointer_;
  const std::function<void(const Misfit&)>& report_;
};

bool fits(const Shape& shape, const Value& value) {
  if (!shape.types.has(value.type())) {
    return false;
  }
  if (value.is_string() && shape.closed) {
    return std::ranges::find(shape.values, value.as_string()) != shape.values.end();
  }
  if (value.is_number() && shape.integral) {
    return std::trunc(value.as_number()) == value.as_number();
  }
  return true;
}

void ShapeCheck::check(const Shape& shape, const Value& value, std::string_view pointer,
                       const std::function<void(const Misfit&)>& report) {
  Walk(*this, pointer, report).value(shape, value);
}

const Field* ShapeCheck::field(const Shape& shape, std::size_t place, std::string_view key) {
  return field(shape, orders_[shape.fields], place, key);
}

const Field* ShapeCheck::field(const Shape& shape, Order& order, std::size_t place,
                               std::string_view key) {
  if (place >= event::fields_max) {
    return shape.find_field(key);
  }
  if (order.empty()) {
    order.resize(event::fields_max);
  }
  const Field*& expected = order[place];
  if (expected == nullptr || expected->name != key) {
    expected = shape.find_field(key);
  }
  return expected;
}

std::string describe(const Shape& shape) {
  if (std::ranges::all_of(event::json_types, [&](Type type) { return shape.types.has(type); })) {
    return "anything";
  }
  std::vector<std::string> choices;
  for (const Type type : event::json_types) {
    if (!shape.types.has(type)) {
      continue;
    }
    if (type == Type::string && shape.closed) {
      for (const std::string_view value : shape.values) {
        choices.push_back('"' + std::string(value) + '"');
      }
    } else {
      choices.emplace_back(phrase(type, shape.integral));
    }
  }
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    text += i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ";
    text += choices[i];
  }
  return text;
}

}  // namespace tapedeck::verdict
