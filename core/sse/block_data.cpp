#include "core/sse/block_data.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/base/utf8.hpp"

namespace tapedeck::sse {
namespace {

constexpr std::string_view field = "data";

struct Line {
  std::string_view text;
  std::string_view end;  ///< LF, CR or CR LF; "" where the block is cut off
};

std::vector<Line> lines_of(std::string_view block) {
  std::vector<Line> lines;
  while (!block.empty()) {
    const std::size_t size = std::min(block.find_first_of("\r\n"), block.size());
    const std::string_view rest = block.substr(size);
    const std::size_t end_size = rest.starts_with("\r\n") ? 2 : rest.empty() ? 0 : 1;
    lines.push_back({.text = block.substr(0, size), .end = rest.substr(0, end_size)});
    block.remove_prefix(size + end_size);
  }
  return lines;
}

/// What comes before the value of a data line; nothing for another line.
std::optional<std::string_view> prefix_of(std::string_view line) {
  const std::size_t mark = line.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  const std::string_view rest = line.substr(mark);
  if (!rest.starts_with(field) || (rest.size() > field.size() && rest[field.size()] != ':')) {
    return std::nullopt;
  }
  const std::size_t colon = rest.size() > field.size() ? 1 : 0;
  const std::size_t space = rest.substr(field.size() + colon).starts_with(' ') ? 1 : 0;
  return line.substr(0, mark + field.size() + colon + space);
}

void append_data_line(std::string& out, std::string_view prefix, std::string_view value,
                      std::string_view end) {
  out += prefix;
  out += prefix.ends_with(field) ? ": " : "";
  out += value;
  out += end;
}

}  // namespace

std::string with_data(std::string_view block, std::string_view data) {
  const std::vector<Line> lines = lines_of(block);
  const auto is_data = [](const Line& line) { return prefix_of(line.text).has_value(); };
  std::ptrdiff_t data_lines = std::ranges::count_if(lines, is_data);
  std::optional<std::string_view> rest = data;
  const auto take = [&] {
    const std::size_t size = std::min(rest->find_first_of("\r\n"), rest->size());
    const std::string_view value = rest->substr(0, size);
    const std::size_t end_size = rest->substr(size).starts_with("\r\n") ? 2 : 1;
    rest = size < rest->size() ? std::optional(rest->substr(size + end_size)) : std::nullopt;
    return value;
  };
  std::string made;
  for (const Line& line : lines) {
    const auto prefix = prefix_of(line.text);
    if (!prefix) {
      made += line.text;
      made += line.end;
      continue;
    }
    --data_lines;
    std::string_view lead = *prefix;
    while (rest) {
      append_data_line(made, lead, take(), line.end);
      if (data_lines > 0) {
        break;
      }
      lead.remove_prefix(lead.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
    }
  }
  return made;
}

}  // namespace tapedeck::sse
