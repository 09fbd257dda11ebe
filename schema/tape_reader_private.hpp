// What reader and verifier share. Private to schema/.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/sqlite_private.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::schema {

inline constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t uint32_max = std::numeric_limits<std::uint32_t>::max();

/// The columns of a row from a file that nobody vouches for: STRICT or not, a value of another type
/// or out of its bounds makes the row a damaged one.
class Row {
 public:
  explicit Row(const Statement& statement) : statement_(statement) {}

  std::int64_t integer(int column, std::int64_t min = 0, std::int64_t max = int64_max) {
    sqlite3_value* const found = statement_.value(column);
    const std::int64_t value = sqlite3_value_int64(found);
    damaged_ =
        damaged_ || sqlite3_value_type(found) != SQLITE_INTEGER || value < min || value > max;
    return value;
  }
  std::uint64_t count(int column) { return static_cast<std::uint64_t>(integer(column)); }
  std::uint32_t id(int column, std::int64_t min = 1) {
    return static_cast<std::uint32_t>(integer(column, min, uint32_max));
  }
  std::string text(int column) { return std::string(typed_bytes(column, SQLITE_TEXT)); }
  std::string_view blob(int column) { return typed_bytes(column, SQLITE_BLOB); }
  bool is_null(int column) { return sqlite3_value_type(statement_.value(column)) == SQLITE_NULL; }

  void damage() { damaged_ = true; }
  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  std::string_view typed_bytes(int column, int type) {
    sqlite3_value* const found = statement_.value(column);
    damaged_ = damaged_ || sqlite3_value_type(found) != type;
    return bytes_of(found);
  }

  const Statement& statement_;
  bool damaged_ = false;
};

/// The frame in a row of seq, connection_id, recv_ns, complete, raw, which lives as long as that.
[[nodiscard]] port::Frame frame_of(Row& row);

[[nodiscard]] Failure damaged_frame(const std::string& path, const port::Frame& frame);
[[nodiscard]] Failure damaged_row(const std::string& path, const std::string& what);
[[nodiscard]] Failure cannot_read(const std::string& path, const Database& database);

struct TapeReader::Impl {
  std::string path;  // as given
  Database database;
  Summary summary;
  std::map<std::string, std::string> values;
  bool has_checkpoints = false;

  Impl(std::string path_, Database database_)
      : path(std::move(path_)), database(std::move(database_)) {}

  Result<void> summarize();

  /// The first frame at or after `ns`, or int64_max.
  [[nodiscard]] Result<std::int64_t> first_seq_from(std::int64_t ns) const;

  /// The checkpoint that `sql` finds with the parameters `seq` and `version`.
  [[nodiscard]] Result<std::optional<Checkpoint>> checkpoint(const char* sql, std::uint64_t seq,
                                                             std::uint32_t version) const;

  /// Runs `sql` and makes an Item of each row; `what` names a row that is damaged.
  template <class Item, class Make>
  [[nodiscard]] Result<std::vector<Item>> all(const char* sql, const char* what, Make make) const {
    auto statement = database.prepare(sql);
    if (!statement) {
      return cannot_read(path, database);
    }
    std::vector<Item> items;
    int code = SQLITE_ROW;
    while ((code = statement->step()) == SQLITE_ROW) {
      Row row{*statement};
      items.push_back(make(row));
      if (row.damaged()) {
        return damaged_row(path, what);
      }
    }
    if (code != SQLITE_DONE) {
      return cannot_read(path, database);
    }
    return items;
  }
};

}  // namespace tapedeck::schema
