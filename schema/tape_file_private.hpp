// What writer and reader know together about the file of a tape. Private to schema/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.hpp"
#include "core/port/recording_sink.hpp"
#include "schema/sqlite_private.hpp"

namespace tapedeck::schema {

/// The version of the format that is written; older ones are read.
inline constexpr std::int64_t format_version = 1;

/// tape.sql: the tables of a tape.
extern const char* const tape_sql;

/// The kind of somebody's marks.
inline constexpr const char* mark_kind = "note";

/// 'x', as messages show it.
[[nodiscard]] std::string in_quotes(const std::string& path);

/// Where SQLite keeps what is committed but not yet merged into the tape.
[[nodiscard]] inline std::string wal_path(const std::string& path) {
  return path + "-wal";
}

/// Removes what SQLite keeps beside a tape: it must not be taken for a part of the next one.
void remove_side_files(const std::string& path);

/// What the first bytes of a file say.
struct FileHead {
  std::string path;      ///< absolute, without symbolic links: SQLite's side files stand beside it
  bool empty = false;    ///< not a byte in it
  bool is_tape = false;  ///< an SQLite database with our application_id
  bool uses_wal = false;
};

/// Fails where there is no regular file that can be read. No file of a tape is opened past SQLite:
/// POSIX drops all locks of a process on a file when the process closes any descriptor of it.
[[nodiscard]] Result<FileHead> read_head(const std::string& path);

/// An empty tape in memory: tables, application_id and version.
[[nodiscard]] Result<Database> blank_tape();

/// Refuses a database that is not a tape of a known version, table for table: a view, a trigger or
/// a changed table under one of our names never gets near a statement of ours.
[[nodiscard]] Result<void> check_tape(const Database& database, const std::string& path);

/// The definition of a table with all that hangs on it; "" where there is none.
[[nodiscard]] Result<std::string> definition_of(const Database& database, std::string_view table);

/// Brings a tape into WAL mode, so that a death at any moment leaves what is committed, and makes
/// its -wal file. False: `database.why()` tells.
[[nodiscard]] bool enter_log(const Database& database, const FileHead& head);

/// Merges the log and leaves WAL mode: one file, and a header that asks for no other, so that the
/// tape can be read from where nothing can be written. While somebody reads it the files beside it
/// stay. False: `database.why()` tells.
[[nodiscard]] bool merge_log(const Database& database);

/// The last moment that anything on the tape names, or -1 on an empty one.
[[nodiscard]] Result<std::int64_t> last_ns(const Database& database);

/// Held by the process that records onto a tape, so that there is one at a time; the system drops
/// it when the process dies. It is a lock on the -wal file, which SQLite itself never locks.
class RecordingLock {
 public:
  /// The -wal file must exist.
  [[nodiscard]] static Result<RecordingLock> take(const std::string& path);
  /// Whether someone holds it now. Takes nothing.
  [[nodiscard]] static bool is_held(const std::string& path);

  RecordingLock(RecordingLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RecordingLock& operator=(RecordingLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  RecordingLock(const RecordingLock&) = delete;
  RecordingLock& operator=(const RecordingLock&) = delete;
  ~RecordingLock();

 private:
  explicit RecordingLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace tapedeck::schema
