#include "cli/table.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/json_text.hpp"
#include "core/verdict/findings.hpp"

namespace tapedeck::cli {
namespace {

/// Longest text of a cell: a column is as wide as its widest cell, and that may come from a node.
constexpr std::size_t cell_bytes_max = 512;

/// Columns on a terminal, good enough for names: a character each.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

}  // namespace

void Table::add(std::vector<std::string> row) {
  check(row.size() == alignment_.size(), "a row has a cell for each column");
  for (std::string& cell : row) {
    if (cell.size() > cell_bytes_max) {
      cell = verdict::clipped(cell, cell_bytes_max);
    }
  }
  rows_.push_back(std::move(row));
}

void Table::print(std::string& out) const {
  std::vector<std::size_t> widths(alignment_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      line += "  " + (alignment_[i] == 'r' ? padding + row[i] : row[i] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
}

std::string printable(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  const std::string_view escaped = std::string_view(quoted).substr(1, quoted.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const char c = escaped[i];
    const char next = i + 1 < escaped.size() ? escaped[i + 1] : '\0';
    if (c == '\\' && (next == '"' || next == '\\')) {
      out += next;  // harmless where nothing is quoted
      ++i;
    } else if (c == '\xc2' && static_cast<unsigned char>(next) < 0xa0) {
      out += "\\u00";  // the control characters U+0080 to U+009F
      out += static_cast<unsigned char>(next) < 0x90 ? '8' : '9';
      out += "0123456789abcdef"[static_cast<unsigned char>(next) & 0xfU];
      ++i;
    } else {
      out += c == '\x7f' ? "\\u007f" : std::string(1, c);
    }
  }
  return out;
}

std::string printable_cell(std::string_view text) {
  return printable(verdict::clipped(text, cell_bytes_max));
}

}  // namespace tapedeck::cli
