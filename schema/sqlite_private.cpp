#include "schema/sqlite_private.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/limits.hpp"

namespace tapedeck::schema {
namespace {

/// How long a lock of another process is waited for.
constexpr int busy_ms_max = 1000;

struct Limit {
  int id;
  int value;
};

/// What no statement or table of ours comes near, so that a crafted file cannot either.
constexpr std::array<Limit, 8> hard_limits{{
    {SQLITE_LIMIT_LENGTH, static_cast<int>(limits::frame_bytes_max) + 1024 * 1024},
    {SQLITE_LIMIT_SQL_LENGTH, 100'000},
    {SQLITE_LIMIT_COLUMN, 100},
    {SQLITE_LIMIT_EXPR_DEPTH, 20},
    {SQLITE_LIMIT_COMPOUND_SELECT, 10},
    {SQLITE_LIMIT_VDBE_OP, 25'000},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
}};

/// A view without bytes still has to point somewhere: a null pointer would bind NULL.
const char* data_or_empty(std::string_view bytes) {
  return bytes.data() != nullptr ? bytes.data() : "";
}

}  // namespace

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(handle_.get(), index, value);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(handle_.get(), index);
  return *this;
}

Statement& Statement::bind_text(int index, std::string_view text, unsigned char encoding) {
  sqlite3_bind_text64(handle_.get(), index, data_or_empty(text), text.size(), SQLITE_STATIC,
                      encoding);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(handle_.get(), index, data_or_empty(bytes), bytes.size(), SQLITE_STATIC);
  return *this;
}

int Statement::run() {
  sqlite3_step(handle_.get());
  return sqlite3_reset(handle_.get());  // the error of the step, if it failed
}

std::string_view bytes_of(sqlite3_value* value) {
  // Text may be UTF-16 in the file: sqlite3_value_text makes it what sqlite3_value_bytes counts.
  const void* data = sqlite3_value_type(value) == SQLITE_TEXT ? sqlite3_value_text(value)
                                                              : sqlite3_value_blob(value);
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return data == nullptr ? std::string_view{}
                         : std::string_view{static_cast<const char*>(data), size};
}

Result<Database> Database::open(const std::string& name, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (handle == nullptr) {
    return fail_io("no memory is left");
  }
  Database database{handle};
  if (code != SQLITE_OK) {
    const int error = sqlite3_system_errno(handle);
    return fail_io(error != 0 ? std::strerror(error) : database.why());
  }
  sqlite3_busy_timeout(handle, busy_ms_max);
  sqlite3_extended_result_codes(handle, 1);
  for (const Limit& limit : hard_limits) {
    sqlite3_limit(handle, limit.id, limit.value);
  }
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  return database;
}

int Database::run(const char* sql) const {
  return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return failure("");
  }
  return Statement{statement};
}

Result<std::int64_t> Database::integer(std::string_view sql) const {
  auto statement = prepare(sql);
  if (!statement) {
    return fail(statement.error());
  }
  const int code = statement->step();
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    return failure("");
  }
  if (code == SQLITE_DONE || sqlite3_value_type(statement->value(0)) != SQLITE_INTEGER) {
    return fail_damaged("the file is damaged");
  }
  return statement->integer(0);
}

Failure Database::failure(const std::string& doing) const {
  switch (sqlite3_errcode(handle_.get()) & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
      return fail_damaged(doing + why());
    default:
      return fail_io(doing + why());
  }
}

bool Database::is_full() const {
  const int code = sqlite3_extended_errcode(handle_.get());
  // To SQLite a quota, and a -shm file that finds no room, are other errors.
  const int error = sqlite3_system_errno(handle_.get());
  const bool no_room = error == ENOSPC || error == EDQUOT;
  return code == SQLITE_FULL ||
         (no_room && (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE ||
                      code == SQLITE_IOERR_SHMMAP));
}

std::string Database::why() const {
  if (is_full()) {
    return "the disk is full";
  }
  switch (sqlite3_errcode(handle_.get()) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process has locked it; try again when that one is done";
    case SQLITE_READONLY:
      return "it, or its folder, cannot be written to";
    case SQLITE_CANTOPEN:
      return "it, or a file beside it, cannot be opened; are its folder and the files beside it "
             "writable";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the file is damaged";
    case SQLITE_TOOBIG:
      return "it holds a value larger than any tapedeck writes";
    case SQLITE_IOERR:
      return "the disk reports an error";
    default:
      return sqlite3_errmsg(handle_.get());
  }
}

}  // namespace tapedeck::schema
