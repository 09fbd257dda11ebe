#include "core/verdict/json_pointer.hpp"

#include <charconv>

namespace tapedeck::verdict {

void append_pointer(std::string& pointer, std::string_view key) {
  pointer += '/';
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

void append_pointer(std::string& pointer, std::size_t index) {
  append_pointer(pointer, std::string_view(std::to_string(index)));
}

std::optional<std::vector<std::string>> keys_of(std::string_view pointer) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const char c = pointer[i];
    if (c == '/') {
      keys.emplace_back();
      continue;
    }
    if (keys.empty()) {
      return std::nullopt;
    }
    if (c != '~') {
      keys.back() += c;
      continue;
    }
    ++i;
    if (i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1')) {
      return std::nullopt;
    }
    keys.back() += pointer[i] == '0' ? '~' : '/';
  }
  return keys;
}

std::optional<std::size_t> index_of(std::string_view key) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error != std::errc{} || end != key.data() + key.size() ||
      (key.size() > 1 && key.front() == '0')) {
    return std::nullopt;
  }
  return index;
}

event::Value value_at(const event::Value& value, std::string_view pointer) {
  const auto keys = keys_of(pointer);
  if (!keys) {
    return {};
  }
  event::Value here = value;
  for (const std::string& key : *keys) {
    if (here.is_array()) {
      const auto index = index_of(key);
      here = index && *index < here.items().size() ? here.items()[*index] : event::Value();
    } else {
      here = here[key];
    }
  }
  return here;
}

}  // namespace tapedeck::verdict
