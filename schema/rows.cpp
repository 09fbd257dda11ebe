#include "schema/rows_private.hpp"

namespace tapedeck::schema {

int run_with(Statement& statement, std::span<const Cell> cells) {
  int index = 0;
  for (const Cell& cell : cells) {
    ++index;
    switch (cell.kind) {
      case Cell::Kind::null:
        statement.bind_null(index);
        break;
      case Cell::Kind::integer:
        statement.bind(index, cell.integer);
        break;
      case Cell::Kind::text:
        statement.bind_text(index, cell.bytes);
        break;
      case Cell::Kind::blob:
        statement.bind_blob(index, cell.bytes);
        break;
    }
  }
  return statement.run();
}

void HeldRows::add(Statement& statement, std::span<const Cell> cells) {
  Row& row = rows_.emplace_back(Row{&statement, {cells.begin(), cells.end()}, {}});
  for (const Cell& cell : cells) {
    row.bytes += cell.bytes;
  }
  bytes_ += sizeof(Row) + cells.size_bytes() + row.bytes.size();
}

int HeldRows::run() const {
  std::vector<Cell> cells;
  for (const Row& row : rows_) {
    cells = row.cells;
    std::string_view rest = row.bytes;
    for (Cell& cell : cells) {
      cell.bytes = rest.substr(0, cell.bytes.size());
      rest.remove_prefix(cell.bytes.size());
    }
    if (const int code = run_with(*row.statement, cells); code != SQLITE_OK) {
      return code;
    }
  }
  return SQLITE_OK;
}

void HeldRows::clear() {
  rows_.clear();
  bytes_ = 0;
}

}  // namespace tapedeck::schema
