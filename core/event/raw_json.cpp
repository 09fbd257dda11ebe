#include "core/event/raw_json.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/json_text.hpp"
#include "core/event/decoder.hpp"

namespace tapedeck::event {
namespace {

constexpr std::string_view space = " \t\n\r";

/// The end of the string that begins at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    at += text[at] == '\\' ? 1 : 0;
  }
  return std::min(at + 1, text.size());
}

/// The end of the value that begins at `at`.
std::size_t value_end(std::string_view text, std::size_t at) {
  if (text[at] == '"') {
    return string_end(text, at);
  }
  if (text[at] != '{' && text[at] != '[') {
    return std::min(text.find_first_of(",]} \t\n\r", at), text.size());
  }
  for (std::size_t depth = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(text, at);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      break;
    }
  }
  return at;
}

/// Goes over the parts of an array or an object.
class Cursor {
 public:
  /// `open` is the bracket that it begins with.
  Cursor(std::string_view value, char open) : text_(value) {
    inside_ = text_.starts_with(open);
    at_ = 1;
  }

  /// The next string or value, past commas and colons; "" at the end.
  [[nodiscard]] std::string_view next() {
    if (!inside_) {
      return {};
    }
    at_ = std::min(text_.find_first_not_of(" \t\n\r,:", at_), text_.size());
    if (at_ == text_.size() || text_[at_] == ']' || text_[at_] == '}') {
      return {};
    }
    const std::size_t end = value_end(text_, at_);
    const std::string_view part = text_.substr(at_, end - at_);
    at_ = end;
    return part;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool inside_ = false;
};

std::optional<std::size_t> index_of(std::string_view key) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  const bool whole = error == std::errc() && end == key.data() + key.size();
  return whole ? std::optional(index) : std::nullopt;
}

using Path = std::span<const std::string>;

bool set_below(Replacements& text, std::string_view value, Path path, std::string_view json);

bool set_member(Replacements& text, std::string_view object, Path path, std::string_view json) {
  if (path.front() == "*") {
    bool any = false;
    for (const RawMember& member : raw_members(object)) {
      any = set_below(text, member.value, path.subspan(1), json) || any;
    }
    return any;
  }
  if (const std::string_view found = raw_member(object, path.front()); !found.empty()) {
    return set_below(text, found, path.subspan(1), json);
  }
  if (path.size() > 1) {
    return false;
  }
  std::string added = raw_members(object).empty() ? "" : ",";
  append_json_string(added, path.front());
  text.replace(object.substr(object.size() - 1, 0), added + ':' + std::string(json));
  return true;
}

bool set_below(Replacements& text, std::string_view value, Path path, std::string_view json) {
  if (path.empty()) {
    text.replace(value, std::string(json));
    return true;
  }
  if (value.starts_with('{')) {
    return set_member(text, value, path, json);
  }
  const auto items = raw_items(value);
  if (path.front() == "*") {
    bool any = false;
    for (const std::string_view item : items) {
      any = set_below(text, item, path.subspan(1), json) || any;
    }
    return any;
  }
  const auto index = index_of(path.front());
  return index && *index < items.size() && set_below(text, items[*index], path.subspan(1), json);
}

}  // namespace

std::string_view raw_value(std::string_view text) {
  const std::size_t at = std::min(text.find_first_not_of(space), text.size());
  text.remove_prefix(at);
  return text.substr(0, text.find_last_not_of(space) + 1);
}

std::vector<RawMember> raw_members(std::string_view value) {
  std::vector<RawMember> members;
  Cursor cursor(value, '{');
  for (std::string_view key = cursor.next(); !key.empty(); key = cursor.next()) {
    members.push_back({.key = key, .value = cursor.next()});
  }
  return members;
}

std::string_view raw_member(std::string_view value, std::string_view key) {
  std::string_view found;
  for (const RawMember& member : raw_members(value)) {
    if (string_of(member.key) == key) {
      found = member.value;
    }
  }
  return found;
}

std::vector<std::string_view> raw_items(std::string_view value) {
  std::vector<std::string_view> items;
  Cursor cursor(value, '[');
  for (std::string_view item = cursor.next(); !item.empty(); item = cursor.next()) {
    items.push_back(item);
  }
  return items;
}

std::string string_of(std::string_view value) {
  if (!value.starts_with('"')) {
    return {};
  }
  if (value.find('\\') == std::string_view::npos) {
    return std::string(value.substr(1, value.size() - 2));
  }
  Decoder decoder;
  const Decoded decoded = decoder.decode(value);
  return decoded.ok() && decoded.value.is_string() ? std::string(decoded.value.as_string())
                                                   : std::string();
}

void Replacements::replace(std::string_view part, std::string with) {
  const auto at = static_cast<std::size_t>(part.data() - text_.data());
  check(at + part.size() <= text_.size(), "a part of another text");
  parts_.push_back({.at = at, .size = part.size(), .with = std::move(with)});
}

std::string Replacements::apply() const {
  std::vector<Part> parts = parts_;
  std::ranges::stable_sort(parts, {}, &Part::at);
  std::string made;
  std::size_t at = 0;
  for (const Part& part : parts) {
    made += text_.substr(at, part.at - at);
    made += part.with;
    at = part.at + part.size;
  }
  made += text_.substr(at);
  return made;
}

bool set_at(Replacements& text, std::string_view value, const std::vector<std::string>& path,
            std::string_view json) {
  return set_below(text, value, path, json);
}

}  // namespace tapedeck::event
