// A table for people: columns as wide as their widest cell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tapedeck::cli {

class Table {
 public:
  /// One letter a column: `l` for left-aligned, `r` for right-aligned.
  explicit Table(std::string_view alignment) : alignment_(alignment) {}

  /// A row with a cell for each column. Of a long cell only the beginning is shown.
  void add(std::vector<std::string> row);

  /// Appends the rows to `out`, each indented by two spaces, without trailing spaces.
  void print(std::string& out) const;

 private:
  std::string alignment_;
  std::vector<std::vector<std::string>> rows_;
};

/// Text of unknown origin for a terminal: control characters and what is not UTF-8 are escaped.
[[nodiscard]] std::string printable(std::string_view text);

/// The same for a cell of a table: of a long text only the beginning is looked at.
[[nodiscard]] std::string printable_cell(std::string_view text);

}  // namespace tapedeck::cli
