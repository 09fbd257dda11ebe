// Writes JSON text piece by piece: commas and line breaks are its business, the shape is the
// caller's.
//
// Appends to a string that it does not own. Misuse (a value where a key is due, an end too many) is
// a programmer error and aborts. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tapedeck {

class JsonWriter {
 public:
  enum class Layout {
    compact,   ///< no space at all: one line of a stream
    indented,  ///< two spaces a level, for people and version control
  };

  explicit JsonWriter(std::string& out, Layout layout = Layout::compact)
      : out_(out), layout_(layout) {}

  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end(']'); }

  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view value);
  JsonWriter& number(std::uint64_t value) { return raw(std::to_string(value)); }
  JsonWriter& number(std::int64_t value) { return raw(std::to_string(value)); }
  JsonWriter& number(double value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  /// A value that is JSON text already.
  JsonWriter& raw(std::string_view json);

  // A member in one call.
  JsonWriter& member(std::string_view name, std::string_view value) {
    return key(name).string(value);
  }
  JsonWriter& member(std::string_view name, std::uint64_t value) { return key(name).number(value); }
  JsonWriter& member(std::string_view name, std::int64_t value) { return key(name).number(value); }

 private:
  struct Level {
    bool object = false;
    bool empty = true;
  };

  JsonWriter& begin(char bracket);
  JsonWriter& end(char bracket);
  void before_value();
  void next_item();
  void break_line();

  std::string& out_;
  Layout layout_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

}  // namespace tapedeck
