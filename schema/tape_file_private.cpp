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

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

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

const char* text_of(port::ConnectionEnd end) {
  switch (end) {
    case port::ConnectionEnd::finished:
      return "finished";
    case port::ConnectionEnd::broken:
      return "broken";
    case port::ConnectionEnd::stopped:
      return "stopped";
  }
  check(false, "a ConnectionEnd that does not exist");
  return "";
}

void remove_side_files(const std::string& path) {
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    ::unlink((path + suffix).c_str());
  }
}

Result<FileHead> read_head(const std::string& path) {
  // A pipe would block the open without O_NONBLOCK.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.get() < 0) {
    return fail_io("cannot open " + in_quotes(path) + ": " + std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return fail_io("cannot open " + in_quotes(path) + ": " + std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail_io(in_quotes(path) + (S_ISDIR(status.st_mode) ? " is a folder" : " is not a file") +
                   "; give the name of a tape");
  }
  std::array<char, header_bytes> bytes{};
  const ssize_t count = ::read(file.get(), bytes.data(), bytes.size());
  if (count < 0) {
    return fail_io("cannot read " + in_quotes(path) + ": " + std::strerror(errno));
  }
  const std::string_view header{bytes.data(), static_cast<std::size_t>(count)};
  FileHead head;
  head.path = absolute_path(path);
  head.empty = header.empty();
  head.is_tape = header.size() == header_bytes && header.starts_with(header_magic) &&
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
    return fail_io(in_quotes(path) + " is damaged or was not made by tapedeck: " + how);
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
  // A table with all that hangs on it: indexes, triggers.
  auto expected = blank->prepare(
      "SELECT tbl_name, group_concat(type || name || sql) FROM"
      " (SELECT * FROM sqlite_schema WHERE sql NOT NULL ORDER BY name) GROUP BY tbl_name");
  auto found = database.prepare(
      "SELECT group_concat(type || name || sql) FROM"
      " (SELECT * FROM sqlite_schema WHERE sql NOT NULL ORDER BY name) WHERE tbl_name = ?1");
  if (!expected || !found) {
    return damaged((expected ? found : expected).error().message);
  }
  while (expected->step() == SQLITE_ROW) {
    const std::string_view name = expected->bytes(0);
    if (found->bind_text(1, name).step() != SQLITE_ROW) {
      return damaged(database.why());
    }
    if (found->bytes(0) != expected->bytes(1)) {
      return damaged("its table '" + std::string(name) + "' is missing or is not as it should be");
    }
    found->reset();
  }
  return {};
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
  const Descriptor file{::open(wal_path(path).c_str(), O_RDONLY | O_CLOEXEC)};
  struct flock whole = whole_file(F_RDLCK);
  return file.get() >= 0 && ::fcntl(file.get(), F_OFD_GETLK, &whole) == 0 &&
         whole.l_type != F_UNLCK;
}

RecordingLock::~RecordingLock() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

}  // namespace tapedeck::schema
