// SQLite with owners: a database and its statements. Private to schema/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "core/base/result.hpp"

namespace tapedeck::schema {

/// A prepared statement. Result codes are SQLite's; what binds borrows its bytes until `reset`.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  Statement& bind(int index, std::int64_t value);
  Statement& bind_null(int index);
  Statement& bind_text(int index, std::string_view text, unsigned char encoding = SQLITE_UTF8);
  Statement& bind_blob(int index, std::string_view bytes);

  /// SQLITE_ROW, SQLITE_DONE or an error.
  [[nodiscard]] int step() { return sqlite3_step(handle_.get()); }
  void reset() { sqlite3_reset(handle_.get()); }
  /// For a statement without rows: steps and resets. SQLITE_OK or an error.
  [[nodiscard]] int run();

  /// A column of the row, valid until the next step. One look-up for type and value: what SQLite
  /// calls an unprotected value may be asked like any other where a database has no mutex.
  [[nodiscard]] sqlite3_value* value(int column) const {
    return sqlite3_column_value(handle_.get(), column);
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_value_int64(value(column));
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// Bytes of a text or a blob, valid as long as the value is.
[[nodiscard]] std::string_view bytes_of(sqlite3_value* value);

class Database {
 public:
  /// `name` is a path or a URI, `flags` are those of sqlite3_open_v2. The database distrusts what
  /// is in its file: see "Defense Against The Dark Arts" in SQLite's documentation.
  [[nodiscard]] static Result<Database> open(const std::string& name, int flags);

  /// Runs statements without rows. SQLITE_OK or an error.
  [[nodiscard]] int run(const char* sql) const;
  [[nodiscard]] Result<Statement> prepare(std::string_view sql) const;
  /// The first column of the only row of `sql`.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql) const;

  /// In the middle of a transaction.
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

  /// The last call failed for want of room on the disk.
  [[nodiscard]] bool is_full() const;

  /// Why the last call failed, as the end of a sentence.
  [[nodiscard]] std::string why() const;
  /// `doing`, and why the last call failed: damaged where SQLite found the file to be.
  [[nodiscard]] Failure failure(const std::string& doing) const;

  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };

  explicit Database(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace tapedeck::schema
