#include "testing/json_part.hpp"

#include <cstddef>
#include <string_view>

#include "core/verdict/findings.hpp"

namespace tapedeck::testing {
namespace {

using event::Value;

std::string difference(const std::string& pointer, const Value& found, const Value& expected) {
  const auto text = [](const Value& value) {
    std::string json;
    event::append_json(json, value);
    return verdict::clipped(json);
  };
  const std::string place = pointer.empty() ? "the value" : pointer;
  return found.is_undefined() ? place + " is missing"
                              : place + " is " + text(found) + ", not " + text(expected);
}

/// `pointer` is the JSON Pointer (RFC 6901) of the two values.
std::optional<std::string> compare(const std::string& pointer, const Value& whole,
                                   const Value& part);

/// A key as it stands in a JSON Pointer.
std::string escaped(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

std::optional<std::string> compare_items(const std::string& pointer, const Value& whole,
                                         const Value& part) {
  if (whole.items().size() != part.items().size()) {
    return difference(pointer, whole, part);
  }
  for (std::size_t i = 0; i < part.items().size(); ++i) {
    if (auto differs =
            compare(pointer + "/" + std::to_string(i), whole.items()[i], part.items()[i])) {
      return differs;
    }
  }
  return std::nullopt;
}

std::optional<std::string> compare(const std::string& pointer, const Value& whole,
                                   const Value& part) {
  if (part.is_object() && whole.is_object()) {
    for (const event::Member& member : part.members()) {
      if (auto differs =
              compare(pointer + "/" + escaped(member.key), whole[member.key], member.value)) {
        return differs;
      }
    }
    return std::nullopt;
  }
  if (part.is_array() && whole.is_array()) {
    return compare_items(pointer, whole, part);
  }
  return whole == part ? std::nullopt : std::optional(difference(pointer, whole, part));
}

}  // namespace

std::optional<std::string> what_differs(const Value& whole, const Value& part) {
  return compare("", whole, part);
}

}  // namespace tapedeck::testing
