#include "core/verdict/mask.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/verdict/json_pointer.hpp"

namespace tapedeck::verdict {
namespace {

using event::Kind;
using event::Member;
using event::Sense;
using event::Shape;
using event::Value;

/// Names of participants that are kept, and the bytes of one with its uuid; beyond it a new one is
/// nobody in particular.
constexpr std::size_t names_max = 100'000;
constexpr std::size_t name_bytes_max = 1024;

/// The shape of the member `key` of `object`, or null where it is not known.
const Shape* shape_of_member(const Shape* shape, const Value& object, std::string_view key) {
  if (shape == nullptr) {
    return nullptr;
  }
  const event::Field* const field = shape->find_field(key);
  if (field == nullptr) {
    return shape->members;
  }
  // The shape of the data of a breakout_event hangs on its event.
  static const event::Field* const data =
      event::find_wire_shape(Kind::breakout_event)->payload.find_field("data");
  if (field != data) {
    return &field->shape;
  }
  const Value name = object["event"];
  const auto* const inner = name.is_string() ? event::find_wire_shape(name.as_string()) : nullptr;
  return inner == nullptr ? nullptr : &inner->payload;
}

}  // namespace

Result<Ignore> Ignore::parse(std::string_view list) {
  Ignore ignore{false, false, false, false, false, {}};
  if (list == "none") {
    return ignore;
  }
  const std::pair<std::string_view, bool Ignore::*> flags[] = {{"times", &Ignore::times},
                                                               {"tokens", &Ignore::tokens},
                                                               {"ids", &Ignore::ids},
                                                               {"comments", &Ignore::comments},
                                                               {"people", &Ignore::people}};
  while (true) {
    const std::string_view item = list.substr(0, list.find(','));
    const auto* const flag =
        std::ranges::find(flags, item, [](const auto& row) { return row.first; });
    if (flag != std::end(flags)) {
      ignore.*(flag->second) = true;
    } else if (auto keys = keys_of(item); keys && !keys->empty()) {
      ignore.places.push_back(std::move(*keys));
    } else {
      return fail_usage("'" + std::string(item) +
                        "' cannot be ignored; use times, tokens, ids, comments, people, JSON "
                        "Pointers such as /vendor, or none alone");
    }
    if (item.size() == list.size()) {
      return ignore;
    }
    list.remove_prefix(item.size() + 1);
  }
}

Value Mask::masked(const event::WireEvent& event) {
  arena_.clear();
  path_.clear();
  if (ignore_.people) {
    learn_names(event);
  }
  const event::WireShape* const shape = event::find_wire_shape(event.kind);
  return value(shape == nullptr ? nullptr : &shape->payload, event.value);
}

Value Mask::value(const Shape* shape, const Value& found) {
  if (is_left_out()) {
    return {};
  }
  if (found.is_object()) {
    return object(shape, found);
  }
  if (found.is_array()) {
    return array(shape, found);
  }
  return shape == nullptr ? found : scalar(*shape, found);
}

Value Mask::object(const Shape* shape, const Value& found) {
  std::vector<Member> members;
  members.reserve(found.members().size());
  for (const Member& member : found.members()) {
    const Shape* const below = shape_of_member(shape, found, member.key);
    members.push_back({member.key, at(member.key, below, member.value)});
  }
  std::ranges::sort(members, {}, &Member::key);
  return Value::object(arena_.copy(std::span<const Member>(members)));
}

Value Mask::array(const Shape* shape, const Value& found) {
  std::vector<Value> items;
  items.reserve(found.items().size());
  for (const Value& item : found.items()) {
    const Shape* const below = shape == nullptr ? nullptr : shape->items;
    items.push_back(at(std::to_string(items.size()), below, item));
  }
  return Value::array(arena_.copy(std::span<const Value>(items)));
}

Value Mask::at(std::string_view key, const Shape* shape, const Value& found) {
  if (ignore_.places.empty()) {
    return value(shape, found);
  }
  path_.emplace_back(key);
  const Value made = value(shape, found);
  path_.pop_back();
  return made;
}

Value Mask::scalar(const Shape& shape, const Value& found) const {
  switch (shape.sense) {
    case Sense::plain:
      return found;
    case Sense::time:
      // 0 says that it is not set, which is no time.
      return ignore_.times && found.is_number() && found.as_number() != 0 ? Value::number(1)
                                                                          : found;
    case Sense::secret:
      return ignore_.tokens && found.is_string() ? Value::string("token") : found;
    case Sense::participant:
      if (ignore_.people && found.is_string() && !found.as_string().empty()) {
        const auto name = names_.find(found.as_string());
        return Value::string(name == names_.end() ? "somebody" : std::string_view(name->second));
      }
      return found;
    case Sense::id:
      return ignore_.people && found.is_string() && !found.as_string().empty() &&
                     !found.is_text("main")
                 ? Value::string("id")
                 : found;
    case Sense::event_id:
      return ignore_.ids ? Value() : found;
  }
  return found;
}

bool Mask::is_left_out() const {
  return std::ranges::any_of(ignore_.places, [&](const std::vector<std::string>& place) {
    return std::ranges::equal(place, path_, [](const std::string& key, const std::string& here) {
      return key == "*" || key == here;
    });
  });
}

void Mask::learn_names(const event::WireEvent& event) {
  const bool inner = event.kind == Kind::breakout_event;
  const Value participant = inner ? event.value["data"] : event.value;
  const Value uuid = participant["uuid"];
  const Value name = participant["display_name"];
  if (uuid.is_string() && name.is_string() &&
      uuid.as_string().size() + name.as_string().size() <= name_bytes_max &&
      (names_.size() < names_max || names_.contains(uuid.as_string()))) {
    names_.insert_or_assign(std::string(uuid.as_string()), std::string(name.as_string()));
  }
}

}  // namespace tapedeck::verdict
