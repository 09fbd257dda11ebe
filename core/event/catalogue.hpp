// The catalogue: every wire event and plugin event with the shape of its payload, as one table.
//
// It drives the validator (core/verdict), what `diff` leaves out, and `tapedeck schema`. Static
// data without a constructor: usable from any thread, at any time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "core/event/kind.hpp"
#include "core/event/value.hpp"

namespace tapedeck::event {

/// The types that JSON has: all but `undefined`.
inline constexpr std::array json_types{Type::null,   Type::boolean, Type::number,
                                       Type::string, Type::array,   Type::object};

/// `null`, `boolean`, ...: as JSON Schema names it.
[[nodiscard]] std::string_view name_of(Type type);

/// A set of JSON types.
class Types {
 public:
  constexpr Types(std::initializer_list<Type> types) {
    for (const Type type : types) {
      bits_ = static_cast<std::uint8_t>(bits_ | bit(type));
    }
  }

  [[nodiscard]] constexpr bool has(Type type) const { return (bits_ & bit(type)) != 0; }

  /// The set with one more in it.
  [[nodiscard]] constexpr Types with(Type type) const {
    Types more = *this;
    more.bits_ = static_cast<std::uint8_t>(bits_ | bit(type));
    return more;
  }

 private:
  static constexpr std::uint8_t bit(Type type) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(type));
  }

  std::uint8_t bits_ = 0;
};

/// What a value stands for, where that matters to more than the reader.
enum class Sense : std::uint8_t {
  plain,
  time,         ///< Unix seconds, with a fraction or not; 0 is "not set" (differs in any two runs)
  secret,       ///< opens a door
  participant,  ///< the uuid of a participant
  id,           ///< made up anew for each join, call or room
  event_id,     ///< counts the events of a node
};

struct Field;

/// Most named members of one object.
inline constexpr std::size_t fields_max = 64;

/// What JSON a value may be.
struct Shape {
  Types types;
  Sense sense = Sense::plain;
  /// Known values of a string. Others do not occur where `closed`, and are to be tolerated where
  /// not.
  std::span<const std::string_view> values{};
  bool closed = false;
  bool integral = false;           ///< a number without a fraction
  const Shape* items = nullptr;    ///< what an array holds; null: anything
  const Field* fields = nullptr;   ///< the named members of an object, in the order of their names
  std::size_t field_count = 0;     ///< how many they are
  const Shape* members = nullptr;  ///< every other member of an object; null: there is none
  std::string_view format{};       ///< `date-time`, as JSON Schema says it
  std::string_view name{};         ///< of a shape that is used more than once

  [[nodiscard]] constexpr std::span<const Field> all_fields() const;
  [[nodiscard]] const Field* find_field(std::string_view name) const;

  /// An object whose members may be anything at all.
  [[nodiscard]] constexpr bool is_open() const {
    return members != nullptr && members->members == members;
  }
};

enum class Presence : std::uint8_t { always, optional };

/// A member of an object.
struct Field {
  std::string_view name;
  Shape shape;
  Presence presence = Presence::optional;
  int since = 0;  ///< the first Infinity version that sends it; 0: from the start, or not known
  std::string_view meaning;
};

constexpr std::span<const Field> Shape::all_fields() const {
  return {fields, field_count};
}

enum class HeardBy : std::uint8_t {
  client,     ///< @pexip/infinity 20.0.0 listens to it
  elsewhere,  ///< only other clients do: Android, registrations, re-branded nodes
};

/// One wire event: an `event:` of the stream and the JSON of its `data:`.
struct WireShape {
  Kind kind;
  std::string_view name;
  HeardBy heard_by;
  Shape payload;
  std::string_view meaning;
};

/// All wire events, in the order of `Kind`; `Kind::unknown` is not among them.
[[nodiscard]] std::span<const WireShape> wire_shapes();

/// Null for what is not in the catalogue.
[[nodiscard]] const WireShape* find_wire_shape(Kind kind);
[[nodiscard]] const WireShape* find_wire_shape(std::string_view name);

/// One plugin event: what a plugin of Web App 3 receives, in the shapes of plugin-api 19.
struct PluginShape {
  std::string_view name;
  Shape payload;
  bool from_stream;  ///< false: its cause is REST, media or a click, not the event stream
  std::string_view meaning;
};

/// The twenty plugin events, in the order of the plugin documentation.
[[nodiscard]] std::span<const PluginShape> plugin_shapes();

[[nodiscard]] const PluginShape* find_plugin_shape(std::string_view name);

}  // namespace tapedeck::event
