// Rows on their way into a tape, and those that wait until there is room for them. Private to
// schema/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/sqlite_private.hpp"

namespace tapedeck::schema {

/// One value of a row; borrows its bytes.
struct Cell {
  enum class Kind : std::uint8_t { null, integer, text, blob };

  Cell() = default;
  // Implicit on purpose: a row reads like the values it has.
  Cell(std::int64_t value) : kind(Kind::integer), integer(value) {}  // NOLINT
  Cell(std::string_view text) : kind(Kind::text), bytes(text) {}     // NOLINT
  Cell(const std::string& text) : Cell(std::string_view(text)) {}    // NOLINT
  Cell(const char* text) : Cell(std::string_view(text)) {}           // NOLINT
  static Cell blob(std::string_view bytes) {
    Cell cell(bytes);
    cell.kind = Kind::blob;
    return cell;
  }

  Kind kind = Kind::null;
  std::int64_t integer = 0;
  std::string_view bytes;
};

/// Binds the parameters from ?1 on and runs the statement. SQLITE_OK or an error.
[[nodiscard]] int run_with(Statement& statement, std::span<const Cell> cells);

/// Copies of rows, to be written once more when the transaction that they were in is undone.
class HeldRows {
 public:
  /// `statement` must outlive the row.
  void add(Statement& statement, std::span<const Cell> cells);
  /// Writes them all in their order. SQLITE_OK or an error; they are kept either way.
  [[nodiscard]] int run() const;
  void clear();
  /// What they take in memory, about.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Row {
    Statement* statement;
    std::vector<Cell> cells;  ///< of their `bytes` only the size counts
    std::string bytes;        ///< those of all cells, joined
  };

  std::deque<Row> rows_;
  std::size_t bytes_ = 0;
};

}  // namespace tapedeck::schema
