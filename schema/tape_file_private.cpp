#include "schema/tape_file_private.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/check.hpp"

namespace tapedeck::schema {
namespace {

/// The header of an SQLite database ("Database File Format", section 1.3).
constexpr std::size_t header_bytes = 100;
constexpr std::string_view header_magic{"SQLite format 3\0", 16};
constexpr std::size_t read_version_at = 19;  // 2: write-ahead log
constexpr std::size_t application_id_at = 68;
constexpr std::string_view application_id = "tpdk";

/// To change between this and WAL is one write within the first sector of the file. With a journal
/// on disk, a death in the middle would leave one that only a writer can roll back.
constexpr const char* journal_in_memory_sql = "PRAGMA journal_mode = MEMORY";

/// A reader that is about to go is waited for; one that stays keeps the files beside the tape.
constexpr int merge_busy_ms_max = 100;

/// What SQLite keeps beside a database.
constexpr std::array side_suffixes{"-wal", "-shm", "-journal"};

/// A table with all that hangs on it: indexes, triggers.
constexpr const char* table_definition_sql =
    "SELECT group_concat(type || name || sql) FROM (SELECT * FROM sqlite_schema"
    " WHERE tbl_name = ?1 AND sql NOT NULL ORDER BY name)";

std::string absolute_path(const std::string& path) {
  struct Free {
    void operator()(char* text) const { std::free(text); }
  };
  const std::unique_ptr<char, Free> real{::realpath(path.c_str(), nullptr)};
  return real ? real.get() : path;
}

/// All of the file: SQLite's own locks are on other bytes, and on other files.
struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

std::string in_quotes(const std::string& path) {
  return "'" + path + "'";
}

void remove_side_files(const std::string& path) {
  for (const char* suffix : side_suffixes) {
    ::unlink((path + suffix).c_str());
  }
}

Result<FileHead> read_head(const std::string& path) {
  struct stat status {};
  struct stat status_beside {};
  if (::stat(path.c_str(), &status) != 0) {
    return fail_io("cannot open " + in_quotes(path) + ": " + std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail_io(in_quotes(path) + (S_ISDIR(status.st_mode) ? " is a folder" : " is not a file") +
                   "; give the name of a tape");
  }
  FileHead head;
  head.path = absolute_path(path);
  for (const char* suffix : side_suffixes) {
    // Opening a named pipe would wait for somebody at its other end.
    const std::string beside = head.path + suffix;
    if (::stat(beside.c_str(), &status_beside) == 0 && !S_ISREG(status_beside.st_mode)) {
      return fail_io("cannot open " + in_quotes(path) + ": " + in_quotes(beside) +
                     " is not a file; move it away");
    }
  }
  // Through SQLite, which takes care of what POSIX does to the locks of a process when it closes
  // a file.
  const auto database = Database::open(head.path, SQLITE_OPEN_READONLY);
  if (!database) {
    return fail_io("cannot open " + in_quotes(path) + ": " + database.error().message);
  }
  std::array<char, header_bytes> bytes{};
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database->handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  const int code = file->pMethods->xRead(file, bytes.data(), static_cast<int>(bytes.size()), 0);
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) {
    return fail_io("cannot read " + in_quotes(path) + ": the disk reports an error");
  }
  const std::string_view header{bytes.data(), bytes.size()};
  head.empty = status.st_size == 0;
  head.is_tape = header.starts_with(header_magic) &&
                 header.substr(application_id_at, application_id.size()) == application_id;
  head.uses_wal = head.is_tape && header[read_version_at] == 2;
  return head;
}

Result<Database> blank_tape() {
  auto database = Database::open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (database && database->run(tape_sql) != SQLITE_OK) {
    return fail_io(database->why());
  }
  return database;
}

Result<void> check_tape(const Database& database, const std::string& path) {
  const auto damaged = [&](const std::string& how) {
    return fail_damaged(in_quotes(path) + " is damaged or was not made by tapedeck: " + how);
  };
  const auto version = database.integer("PRAGMA user_version");
  if (!version) {
    return damaged(version.error().message);
  }
  if (*version > format_version) {
    return fail_io(in_quotes(path) + " was written by a newer tapedeck (format version " +
                   std::to_string(*version) + ", this one knows " + std::to_string(format_version) +
                   "); upgrade tapedeck to read it");
  }
  if (*version < 1) {
    return damaged("there is no format version " + std::to_string(*version));
  }
  const auto blank = blank_tape();
  if (!blank) {
    return fail_io("cannot open " + in_quotes(path) + ": " + blank.error().message);
  }
  auto tables = blank->prepare("SELECT name FROM sqlite_schema WHERE type = 'table'");
  auto expected = blank->prepare(table_definition_sql);
  auto found = database.prepare(table_definition_sql);
  if (!tables || !expected || !found) {
    return damaged((!tables ? tables : !expected ? expected : found).error().message);
  }
  while (tables->step() == SQLITE_ROW) {
    const std::string name(bytes_of(tables->value(0)));
    if (expected->bind_text(1, name).step() != SQLITE_ROW ||
        found->bind_text(1, name).step() != SQLITE_ROW) {
      return damaged(database.why());
    }
    if (bytes_of(found->value(0)) != bytes_of(expected->value(0))) {
      return damaged("its table '" + name + "' is missing or is not as it should be");
    }
    expected->reset();
    found->reset();
  }
  return {};
}

Result<std::string> definition_of(const Database& database, std::string_view table) {
  auto statement = database.prepare(table_definition_sql);
  if (!statement) {
    return fail(statement.error());
  }
  if (statement->bind_text(1, table).step() != SQLITE_ROW) {
    return database.failure("");
  }
  return std::string(bytes_of(statement->value(0)));
}

bool enter_log(const Database& database, const FileHead& head) {
  return (head.uses_wal || database.run(journal_in_memory_sql) == SQLITE_OK) &&
         database.run("PRAGMA journal_mode = WAL") == SQLITE_OK &&
         database.run("SELECT 1 FROM tape") == SQLITE_OK;
}

bool merge_log(const Database& database) {
  sqlite3_busy_timeout(database.handle(), merge_busy_ms_max);
  if (database.run("PRAGMA wal_checkpoint(TRUNCATE)") != SQLITE_OK) {
    return false;
  }
  const int code = database.run(journal_in_memory_sql) & 0xff;
  return code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

Result<std::int64_t> last_ns(const Database& database) {
  return database.integer(
      "SELECT ifnull(max(ns), -1) FROM ("
      " SELECT max(recv_ns) AS ns FROM frames"
      " UNION ALL SELECT max(at_ns) FROM marks"
      " UNION ALL SELECT max(max(opened_ns, ifnull(closed_ns, 0), ifnull((SELECT recv_ns"
      "   FROM reads WHERE connection_id = id ORDER BY offset DESC LIMIT 1), 0)))"
      "   FROM connections"
      " UNION ALL SELECT max(end_ns) FROM gaps"
      " UNION ALL SELECT max(response_ns) FROM exchanges)");
}

Result<RecordingLock> RecordingLock::take(const std::string& path) {
  RecordingLock lock{::open(wal_path(path).c_str(), O_RDWR | O_CLOEXEC)};
  struct flock whole = whole_file(F_WRLCK);
  if (lock.fd_ >= 0 && ::fcntl(lock.fd_, F_OFD_SETLK, &whole) == 0) {
    return lock;
  }
  if (errno == EAGAIN || errno == EACCES) {
    return fail_io(in_quotes(path) + " is being recorded by another process");
  }
  return fail_io("cannot lock " + in_quotes(wal_path(path)) + ": " + std::strerror(errno));
}

bool RecordingLock::is_held(const std::string& path) {
  const RecordingLock probe{::open(wal_path(path).c_str(), O_RDONLY | O_CLOEXEC)};
  struct flock whole = whole_file(F_RDLCK);
  return probe.fd_ >= 0 && ::fcntl(probe.fd_, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

RecordingLock::~RecordingLock() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

}  // namespace tapedeck::schema
