#include "schema/tape_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/check.hpp"
#include "schema/sqlite_private.hpp"
#include "schema/tape_file_private.hpp"

namespace tapedeck::schema {
namespace {

/// The write-ahead log is merged into the tape when it is about this long.
constexpr std::int64_t wal_bytes_max = std::int64_t{32} * 1024 * 1024;

/// A reader that is about to go is waited for; one that stays keeps the files beside the tape.
constexpr int merge_busy_ms_max = 100;

/// Holds the pages of a transaction of commit_frames_max frames of some KB.
constexpr const char* cache_size_sql = "PRAGMA cache_size = -16384";

/// To change between this and WAL is one write within the first sector of the file. With a journal
/// on disk, a death in the middle would leave one that only a writer can roll back.
constexpr const char* journal_in_memory_sql = "PRAGMA journal_mode = MEMORY";

/// No tape gets to times (146 years), frames and connections past these; on a damaged one they
/// would make sums overflow.
constexpr std::int64_t tape_max = std::numeric_limits<std::int64_t>::max() / 2;
constexpr std::int64_t connections_max = std::numeric_limits<std::uint32_t>::max() / 2;

Failure cannot_make(const std::string& path, int error) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  switch (error) {
    case ENOENT:
      return fail_io("cannot make " + in_quotes(path) + ": there is no folder " +
                     in_quotes(parent) + "; make it first");
    case EACCES:
    case EROFS:
    case EPERM:
      return fail_io("cannot make " + in_quotes(path) + ": its folder cannot be written to");
    case ENOSPC:
    case EDQUOT:
      return fail_io("cannot make " + in_quotes(path) + ": the disk is full");
    default:
      return fail_io("cannot make " + in_quotes(path) + ": " + std::strerror(error));
  }
}

Failure cannot_record(const std::string& path, const std::string& why) {
  return fail_io("cannot record onto " + in_quotes(path) + ": " + why);
}

/// Writes `bytes` and waits for the disk. 0 or the error.
int write_durably(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

/// The name of a new file is durable when its folder is.
void sync_folder(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const int fd = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    ::fsync(fd);
    ::close(fd);
  }
}

/// Makes a tape with nothing on it; false: there is a file of that name.
Result<bool> make_blank(const std::string& path) {
  const auto blank = blank_tape();
  if (!blank) {
    return fail(blank.error());
  }
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> image{
      sqlite3_serialize(blank->handle(), "main", &size, 0), sqlite3_free};
  if (!image) {
    return fail_io("cannot make " + in_quotes(path) + ": no memory is left");
  }
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) {
    if (errno == EEXIST || errno == EISDIR) {
      return false;
    }
    return cannot_make(path, errno);
  }
  remove_side_files(path);
  const auto* bytes = reinterpret_cast<const char*>(image.get());
  const int error = write_durably(fd, {bytes, static_cast<std::size_t>(size)});
  ::close(fd);
  if (error != 0) {
    ::unlink(path.c_str());
    return cannot_make(path, error);
  }
  sync_folder(path);
  return true;
}

/// Sees to it that there is a tape at `path`; true: a new one.
Result<bool> provide_file(const std::string& path, Existing existing) {
  auto made = make_blank(path);
  if (!made || *made) {
    return made;
  }
  if (existing == Existing::refuse) {
    return fail_io(in_quotes(path) + " exists; --overwrite replaces it, --append continues it");
  }
  const auto head = read_head(path);
  if (!head) {
    return fail(head.error());
  }
  if (!head->is_tape && !head->empty) {
    return fail_io(in_quotes(path) + " exists and is not a tape; name another output");
  }
  if (existing == Existing::append && head->is_tape) {
    return false;
  }
  if (RecordingLock::is_held(head->path)) {
    return fail_io(in_quotes(path) + " is being recorded by another process");
  }
  if (::unlink(head->path.c_str()) != 0) {
    return cannot_make(path, errno);
  }
  auto remade = make_blank(head->path);
  if (remade && !*remade) {
    return fail_io(in_quotes(path) + " was made by another process just now");
  }
  return remade;
}

struct OpenConnection {
  std::uint64_t frame_bytes = 0;
  std::uint64_t read_bytes = 0;
  std::int64_t last_ns = 0;
};

}  // namespace

struct TapeWriter::Impl {
  Impl(std::string path_, const TapeWriterOptions& options_, Database database_)
      : path(std::move(path_)), options(options_), database(std::move(database_)) {}

  [[nodiscard]] static Result<std::unique_ptr<Impl>> open(const std::string& path,
                                                          const TapeWriterOptions& options);
  Result<void> set_up(const FileHead& head);
  Result<void> prepare();
  Result<void> begin_session();
  Result<void> write(Statement& statement, std::int64_t at_ns);
  Result<void> commit();
  Result<void> commit_if_due();
  Result<void> merge();
  Failure give_up();
  OpenConnection& connection_of(std::uint32_t id);

  std::string path;  // as given
  TapeWriterOptions options;
  std::optional<RecordingLock> lock;
  Database database;
  Statement begin, end, frame, read, connection, close, gap, exchange, mark, value;

  std::map<std::uint32_t, OpenConnection> connections;
  std::uint32_t connection_id = 0;  // the last one given out
  std::uint64_t seq = 0;            // of the last frame accepted
  std::uint64_t committed_seq = 0;
  std::int64_t start_ns = 0;
  std::int64_t frame_ns = 0;  // of the last frame accepted
  std::int64_t now_ns = 0;    // the latest time heard of
  std::int64_t uncommitted_since_ns = 0;
  bool finished = false;
  std::optional<Error> error;
};

Result<std::unique_ptr<TapeWriter::Impl>> TapeWriter::Impl::open(const std::string& path,
                                                                 const TapeWriterOptions& options) {
  const auto head = read_head(path);
  if (!head) {
    return fail(head.error());
  }
  auto database = Database::open(head->path, SQLITE_OPEN_READWRITE);
  if (!database) {
    return cannot_record(path, database.error().message);
  }
  auto impl = std::make_unique<Impl>(path, options, std::move(*database));
  if (auto checked = check_tape(impl->database, path); !checked) {
    return fail(checked.error());
  }
  if (auto done = impl->set_up(*head); !done) {
    return fail(done.error());
  }
  if (auto prepared = impl->prepare(); !prepared) {
    return cannot_record(path, prepared.error().message);
  }
  if (auto begun = impl->begin_session(); !begun) {
    return fail(begun.error());
  }
  return impl;
}

Result<void> TapeWriter::Impl::set_up(const FileHead& head) {
  const auto page_bytes = database.integer("PRAGMA page_size");
  const bool full = options.durability == Durability::full;
  const bool done =
      page_bytes && (head.uses_wal || database.run(journal_in_memory_sql) == SQLITE_OK) &&
      database.run("PRAGMA journal_mode = WAL") == SQLITE_OK &&
      database.run(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL") ==
          SQLITE_OK &&
      database.run(cache_size_sql) == SQLITE_OK &&
      database.run("SELECT 1 FROM tape") == SQLITE_OK;  // makes the -wal file
  if (!done) {
    return cannot_record(path, database.why());
  }
  sqlite3_wal_autocheckpoint(database.handle(), static_cast<int>(wal_bytes_max / *page_bytes));
  auto taken = RecordingLock::take(head.path);
  if (!taken) {
    return fail(taken.error());
  }
  lock.emplace(std::move(*taken));
  return {};
}

Result<void> TapeWriter::Impl::prepare() {
  const std::pair<Statement*, const char*> all[] = {
      {&begin, "BEGIN IMMEDIATE"},
      {&end, "COMMIT"},
      {&frame, "INSERT INTO frames VALUES (?1, ?2, ?3, ?4, ?5)"},
      {&read, "INSERT INTO reads VALUES (?1, ?2, ?3)"},
      {&connection,
       "INSERT INTO connections (id, opened_ns, wall_ns, source, http_status, headers,"
       " last_event_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
      {&close,
       "UPDATE connections SET closed_ns = ?2, ended = ?3, detail = ?4, bytes = ?5 WHERE id = ?1"},
      {&gap,
       "INSERT INTO gaps (after_connection, start_ns, end_ns, reason) VALUES (?1, ?2, ?3, ?4)"},
      {&exchange,
       "INSERT INTO exchanges (request_ns, response_ns, method, target, request_headers,"
       " request_body, status, response_headers, response_body)"
       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"},
      {&mark, "INSERT INTO marks (at_ns, wall_ns, kind, note) VALUES (?1, ?2, ?3, ?4)"},
      {&value, "INSERT OR REPLACE INTO tape VALUES (?1, ?2)"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = database.prepare(sql);
    if (!prepared) {
      return fail(prepared.error());
    }
    *statement = std::move(*prepared);
  }
  return {};
}

Result<void> TapeWriter::Impl::begin_session() {
  const auto last = last_ns(database);
  const auto last_seq = database.integer("SELECT ifnull(max(seq), 0) FROM frames");
  const auto last_connection = database.integer("SELECT ifnull(max(id), 0) FROM connections");
  for (const auto* number : {&last, &last_seq, &last_connection}) {
    if (!*number) {
      return cannot_record(path, number->error().message);
    }
  }
  auto by_wall_clock = database.prepare(
      "SELECT ?1 - wall_ns + at_ns FROM marks WHERE kind = 'opened' ORDER BY id DESC LIMIT 1");
  if (!by_wall_clock) {
    return cannot_record(path, by_wall_clock.error().message);
  }
  if (by_wall_clock->bind(1, options.wall_now_ns).step() == SQLITE_ROW) {
    start_ns = by_wall_clock->integer(0);
  }
  by_wall_clock->reset();
  start_ns = std::max(start_ns, std::min(*last, tape_max) + 1);
  if (std::max(start_ns, *last_seq) > tape_max || *last_connection > connections_max) {
    return cannot_record(path, "the file is damaged");
  }
  seq = committed_seq = static_cast<std::uint64_t>(*last_seq);
  connection_id = static_cast<std::uint32_t>(*last_connection);
  if (*last >= 0) {
    gap.bind(1, *last_connection).bind(2, *last).bind(3, start_ns).bind_text(4, "not recording");
    if (auto noted = write(gap, start_ns); !noted) {
      return noted;
    }
  }
  frame_ns = now_ns = start_ns;
  mark.bind(1, start_ns)
      .bind(2, options.wall_now_ns)
      .bind_text(3, "opened")
      .bind_text(4, "tapedeck " TAPEDECK_VERSION);
  if (auto marked = write(mark, start_ns); !marked) {
    return marked;
  }
  return commit();
}

/// The first failure ends the recording. What was accepted before it is committed if that works.
Failure TapeWriter::Impl::give_up() {
  error = cannot_record(path, database.why() +
                                  "; what was committed is kept, and --append "
                                  "continues the tape")
              .error;
  if (database.in_transaction() && end.run() == SQLITE_OK) {
    committed_seq = seq;
  }
  return fail(*error);
}

Result<void> TapeWriter::Impl::write(Statement& statement, std::int64_t at_ns) {
  check(!finished, "a tape that is finished is written to");
  if (error) {
    return fail(*error);
  }
  now_ns = std::max(now_ns, at_ns);
  if (!database.in_transaction()) {
    if (begin.run() != SQLITE_OK) {
      return give_up();
    }
    uncommitted_since_ns = now_ns;
  }
  if (statement.run() != SQLITE_OK) {
    return give_up();
  }
  return {};
}

Result<void> TapeWriter::Impl::commit() {
  if (error) {
    return fail(*error);
  }
  if (database.in_transaction()) {
    if (end.run() != SQLITE_OK) {
      return give_up();
    }
    committed_seq = seq;
  }
  return {};
}

Result<void> TapeWriter::Impl::commit_if_due() {
  const bool due = seq - committed_seq >= options.commit_frames_max ||
                   now_ns - uncommitted_since_ns >= options.commit_ns_max;
  return due ? commit() : Result<void>{};
}

OpenConnection& TapeWriter::Impl::connection_of(std::uint32_t id) {
  const auto found = connections.find(id);
  check(found != connections.end(), "a connection that is not open is recorded");
  return found->second;
}

/// One file, and a header that asks for no other: then a tape can be read from where nothing can be
/// written.
Result<void> TapeWriter::Impl::merge() {
  sqlite3_busy_timeout(database.handle(), merge_busy_ms_max);
  if (database.run("PRAGMA wal_checkpoint(TRUNCATE)") == SQLITE_OK) {
    const int code = database.run(journal_in_memory_sql);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) {
      return {};
    }
  }
  return fail_io("everything is recorded, but " + in_quotes(path) + " and " +
                 in_quotes(wal_path(path)) + " cannot be merged: " + database.why() +
                 "; keep both together");
}

TapeWriter::TapeWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TapeWriter::~TapeWriter() = default;

Result<std::unique_ptr<TapeWriter>> TapeWriter::open(const std::string& path,
                                                     const TapeWriterOptions& options) {
  const auto made = provide_file(path, options.existing);
  if (!made) {
    return fail(made.error());
  }
  auto impl = Impl::open(path, options);
  if (!impl) {
    if (*made && !RecordingLock::is_held(path)) {
      ::unlink(path.c_str());
      remove_side_files(path);
    }
    return fail(impl.error());
  }
  return std::unique_ptr<TapeWriter>(new TapeWriter(std::move(*impl)));
}

std::int64_t TapeWriter::session_start_ns() const {
  return impl_->start_ns;
}

std::uint64_t TapeWriter::committed_seq() const {
  return impl_->committed_seq;
}

Result<std::uint32_t> TapeWriter::open_connection(const port::ConnectionStart& start) {
  const std::uint32_t id = impl_->connection_id + 1;
  impl_->connection.bind(1, id)
      .bind(2, start.opened_ns)
      .bind(3, start.wall_ns)
      .bind_text(4, start.source)
      .bind(5, start.http_status)
      .bind_text(6, start.headers)
      .bind_text(7, start.last_event_id);
  if (auto written = impl_->write(impl_->connection, start.opened_ns); !written) {
    return fail(written.error());
  }
  impl_->connection_id = id;
  impl_->connections[id].last_ns = start.opened_ns;
  if (auto committed = impl_->commit_if_due(); !committed) {
    return fail(committed.error());
  }
  return id;
}

Result<void> TapeWriter::note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                                   std::int64_t recv_ns) {
  OpenConnection& connection = impl_->connection_of(connection_id);
  if (impl_->error) {
    return fail(*impl_->error);
  }
  check(end_offset > connection.read_bytes, "a read ends before it begins");
  check(connection.read_bytes > 0 || connection.frame_bytes == 0,
        "a read is noted after frames of a connection without reads");
  check(recv_ns >= connection.last_ns, "time goes back within a connection");
  impl_->read.bind(1, connection_id)
      .bind(2, static_cast<std::int64_t>(end_offset))
      .bind(3, recv_ns);
  if (auto written = impl_->write(impl_->read, recv_ns); !written) {
    return written;
  }
  connection.read_bytes = end_offset;
  return impl_->commit_if_due();
}

Result<void> TapeWriter::accept(const port::Frame& frame) {
  OpenConnection& connection = impl_->connection_of(frame.connection_id);
  if (impl_->error) {
    return fail(*impl_->error);
  }
  check(!frame.raw.empty(), "a frame without bytes is recorded");
  check(frame.recv_ns >= connection.last_ns, "time goes back within a connection");
  const std::uint64_t frame_bytes = connection.frame_bytes + frame.raw.size();
  check(connection.read_bytes == 0 || frame_bytes <= connection.read_bytes,
        "frames hold more bytes than were read");
  const std::int64_t recv_ns = std::max(impl_->frame_ns, frame.recv_ns);
  impl_->frame.bind(1, static_cast<std::int64_t>(impl_->seq + 1))
      .bind(2, frame.connection_id)
      .bind(3, recv_ns)
      .bind(4, frame.complete ? 1 : 0)
      .bind_blob(5, frame.raw);
  if (auto written = impl_->write(impl_->frame, recv_ns); !written) {
    return written;
  }
  ++impl_->seq;
  impl_->frame_ns = recv_ns;
  connection.frame_bytes = frame_bytes;
  connection.last_ns = frame.recv_ns;
  return impl_->commit_if_due();
}

Result<void> TapeWriter::close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                          port::ConnectionEnd end, const std::string& detail) {
  const OpenConnection& connection = impl_->connection_of(connection_id);
  if (impl_->error) {
    return fail(*impl_->error);
  }
  check(connection.read_bytes == 0 || connection.read_bytes == connection.frame_bytes,
        "frames and reads of a connection do not add up to the same body");
  impl_->close.bind(1, connection_id)
      .bind(2, closed_ns)
      .bind_text(3, text_of(end))
      .bind_text(4, detail)
      .bind(5, static_cast<std::int64_t>(connection.frame_bytes));
  if (auto written = impl_->write(impl_->close, closed_ns); !written) {
    return written;
  }
  impl_->connections.erase(connection_id);
  return impl_->commit_if_due();
}

Result<void> TapeWriter::note_gap(const port::Gap& gap) {
  impl_->gap.bind(1, gap.after_connection)
      .bind(2, gap.start_ns)
      .bind(3, gap.end_ns)
      .bind_text(4, gap.reason);
  if (auto written = impl_->write(impl_->gap, gap.end_ns); !written) {
    return written;
  }
  return impl_->commit_if_due();
}

Result<void> TapeWriter::note_exchange(const port::Exchange& exchange) {
  impl_->exchange.bind(1, exchange.request_ns)
      .bind(2, exchange.response_ns)
      .bind_text(3, exchange.method)
      .bind_text(4, exchange.target)
      .bind_text(5, exchange.request_headers)
      .bind_blob(6, exchange.request_body)
      .bind(7, exchange.status)
      .bind_text(8, exchange.response_headers)
      .bind_blob(9, exchange.response_body);
  if (auto written = impl_->write(impl_->exchange, exchange.response_ns); !written) {
    return written;
  }
  return impl_->commit_if_due();
}

Result<void> TapeWriter::commit_if_due(std::int64_t now_ns) {
  impl_->now_ns = std::max(impl_->now_ns, now_ns);
  return impl_->commit_if_due();
}

Result<void> TapeWriter::set(const std::string& key, const std::string& value) {
  impl_->value.bind_text(1, key).bind_text(2, value);
  return impl_->write(impl_->value, impl_->now_ns);
}

Result<void> TapeWriter::finish() {
  if (impl_->finished) {
    return {};
  }
  impl_->mark.bind(1, impl_->now_ns).bind_null(2).bind_text(3, "closed").bind_text(4, "");
  if (auto marked = impl_->write(impl_->mark, impl_->now_ns); !marked) {
    return marked;
  }
  if (auto committed = impl_->commit(); !committed) {
    return committed;
  }
  impl_->finished = true;
  return impl_->merge();
}

}  // namespace tapedeck::schema
