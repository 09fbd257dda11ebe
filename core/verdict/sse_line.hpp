// The lines of a block, for those who look at more of it than the message it dispatches.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

namespace tapedeck::verdict {

/// Takes the first line off `block`, with its end, and gives it without; a CR LF gives an empty
/// line more.
inline std::string_view take_line(std::string_view& block) {
  const std::size_t end = std::min(block.find_first_of("\r\n"), block.size());
  const std::string_view line = block.substr(0, end);
  block.remove_prefix(std::min(end + 1, block.size()));
  return line;
}

/// The value of `line` where it is one of `field`.
inline std::optional<std::string_view> field_of(std::string_view line, std::string_view field) {
  if (!line.starts_with(field)) {
    return std::nullopt;
  }
  line.remove_prefix(field.size());
  if (line.empty()) {
    return line;
  }
  if (line.front() != ':') {
    return std::nullopt;
  }
  line.remove_prefix(line.starts_with(": ") ? 2 : 1);
  return line;
}

}  // namespace tapedeck::verdict
