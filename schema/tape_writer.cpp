#include "schema/tape_writer.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/check.hpp"
#include "core/base/units.hpp"
#include "schema/new_tape_private.hpp"
#include "schema/rows_private.hpp"
#include "schema/sqlite_private.hpp"
#include "schema/tape_file_private.hpp"
#include "schema/tape_marks.hpp"

namespace tapedeck::schema {
namespace {

/// The write-ahead log is merged into the tape when it is about this long.
constexpr std::int64_t wal_bytes_max = std::int64_t{32} * 1024 * 1024;

/// From one attempt to write out what is held to the next.
constexpr std::int64_t release_retry_ns = ns_per_s;

/// Holds the pages of a transaction of commit_frames_max frames of some KB.
constexpr const char* cache_size_sql = "PRAGMA cache_size = -4096";

/// No tape gets to times (146 years), frames and connections past these; on a damaged one they
/// would make sums overflow.
constexpr std::int64_t tape_max = std::numeric_limits<std::int64_t>::max() / 2;
constexpr std::int64_t connections_max = std::numeric_limits<std::uint32_t>::max() / 2;

Failure cannot_record(const std::string& path, const std::string& why) {
  return fail_io("cannot record onto " + in_quotes(path) + ": " + why);
}

struct OpenConnection {
  std::uint64_t frame_bytes = 0;
  std::uint64_t read_bytes = 0;
  std::int64_t frame_ns = 0;  // of the last frame, or when it was opened
  std::int64_t read_ns = 0;   // of the last read, or when it was opened
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
  Result<void> write(Statement& statement, std::initializer_list<Cell> cells, std::int64_t at_ns);
  Result<void> commit();
  Result<void> commit_if_due();
  Result<void> release();
  Result<void> hold_or_give_up(bool is_first_attempt = true);
  Result<void> merge();
  Failure give_up(bool is_first_attempt = true);
  void roll_back();
  void close_for_want_of_room();
  void committed();
  [[nodiscard]] bool has_room(std::uint64_t bytes) const;
  OpenConnection& connection_of(std::uint32_t id);

  std::string path;  // as given
  TapeWriterOptions options;
  std::optional<RecordingLock> lock;
  Database database;
  Statement begin, end, frame, read, connection, close, gap, exchange, mark, value;

  std::map<std::uint32_t, OpenConnection> connections;
  std::uint32_t connection_id = 0;  // the last one given out
  std::uint64_t seq = 0;            // of the last frame accepted
  std::uint64_t frames_taken = 0;   // handed in, with what was on the tape before
  std::uint64_t committed_seq = 0;
  std::uint64_t commits = 0;
  std::uint32_t committed_connection = 0;
  std::int64_t committed_ns = 0;  // the latest time heard of when the last commit was made
  std::int64_t start_ns = 0;
  std::int64_t frame_ns = 0;  // of the last frame accepted
  std::int64_t now_ns = 0;    // the latest time heard of
  std::int64_t uncommitted_since_ns = 0;
  HeldRows rows;  // with OnFull::hold: what is not committed
  bool holding = false;
  std::int64_t released_ns = 0;  // when that was tried last
  bool lacks_room = false;
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
  if (impl->lacks_room && options.on_full == OnFull::stop) {
    return cannot_record(path, "less than " + format_bytes(options.free_bytes_min) +
                                   " is free there; make room, or ask for less to stay free");
  }
  return impl;
}

Result<void> TapeWriter::Impl::set_up(const FileHead& head) {
  const auto page_bytes = database.integer("PRAGMA page_size");
  const bool full = options.durability == Durability::full;
  const bool done = page_bytes && enter_log(database, head) &&
                    database.run(full ? "PRAGMA synchronous = FULL"
                                      : "PRAGMA synchronous = NORMAL") == SQLITE_OK &&
                    database.run(cache_size_sql) == SQLITE_OK;
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
  seq = frames_taken = committed_seq = static_cast<std::uint64_t>(*last_seq);
  connection_id = committed_connection = static_cast<std::uint32_t>(*last_connection);
  if (*last >= 0) {
    if (auto noted = write(gap, {*last_connection, *last, start_ns, "not recording"}, start_ns);
        !noted) {
      return noted;
    }
  }
  frame_ns = now_ns = start_ns;
  if (auto marked = write(
          mark, {start_ns, options.wall_now_ns, "opened", "tapedeck " TAPEDECK_VERSION}, start_ns);
      !marked) {
    return marked;
  }
  return commit();
}

/// The first failure ends the recording. What was accepted before it is committed if that works;
/// the rows of a second attempt are not known to be all there.
Failure TapeWriter::Impl::give_up(bool is_first_attempt) {
  const bool full = holding || database.is_full();
  const std::string why = holding ? "the disk is full" : database.why();
  rows.clear();
  if (is_first_attempt && database.in_transaction() && end.run() == SQLITE_OK) {
    committed();
  }
  roll_back();
  const std::uint64_t lost = frames_taken - committed_seq;
  const std::string kept = "; the tape keeps " + counted(committed_seq, "frame");
  const std::string missing =
      lost == 0 ? "" : ", those after them (at least " + format_count(lost) + ") are lost";
  const std::string more = options.can_append ? ", and --append continues it" : "";
  error = cannot_record(path, why + kept + missing + more).error;
  if (full) {
    close_for_want_of_room();
  }
  return fail(*error);
}

void TapeWriter::Impl::roll_back() {
  if (database.in_transaction()) {
    (void)database.run("ROLLBACK");  // it is the last resort, and can only fail by being over
  }
}

/// The pages of the transaction that found no room have made some: enough, most of the time, to say
/// on the tape what happened.
void TapeWriter::Impl::close_for_want_of_room() {
  const Cell lost[] = {committed_connection, committed_ns, now_ns, "the disk is full"};
  const Cell closed[] = {now_ns, {}, "closed", ""};
  if (begin.run() == SQLITE_OK &&
      (frames_taken == committed_seq || run_with(gap, lost) == SQLITE_OK) &&
      run_with(mark, closed) == SQLITE_OK && end.run() == SQLITE_OK) {
    (void)merge();  // the error that ends the recording is another one
  }
  roll_back();
}

/// Whether `bytes` more would leave the room that is to stay free.
bool TapeWriter::Impl::has_room(std::uint64_t bytes) const {
  const std::uint64_t needed = options.free_bytes_min + bytes;
  struct statvfs disk {};
  return needed == 0 || ::statvfs(path.c_str(), &disk) != 0 ||
         std::uint64_t{disk.f_bavail} * disk.f_frsize >= needed;
}

void TapeWriter::Impl::committed() {
  rows.clear();
  ++commits;
  committed_seq = seq;
  committed_connection = connection_id;
  committed_ns = now_ns;
  lacks_room = !has_room(0);
  if (lacks_room && options.on_full == OnFull::hold) {
    holding = true;
    released_ns = now_ns;
  }
}

/// A full disk may get room again; then everything since the last commit is written once more.
Result<void> TapeWriter::Impl::hold_or_give_up(bool is_first_attempt) {
  if (options.on_full != OnFull::hold || !database.is_full()) {
    holding = false;
    return give_up(is_first_attempt);
  }
  roll_back();
  holding = true;
  released_ns = now_ns;
  return {};
}

/// Tries to write out what is held.
Result<void> TapeWriter::Impl::release() {
  if (begin.run() != SQLITE_OK || rows.run() != SQLITE_OK || end.run() != SQLITE_OK) {
    return hold_or_give_up(false);
  }
  holding = false;
  committed();
  return {};
}

Result<void> TapeWriter::Impl::write(Statement& statement, std::initializer_list<Cell> cells,
                                     std::int64_t at_ns) {
  check(!finished, "a tape that is finished is written to");
  if (error) {
    return fail(*error);
  }
  now_ns = std::max(now_ns, at_ns);
  if (options.on_full == OnFull::hold) {
    rows.add(statement, cells);
  }
  if (holding) {
    return {};
  }
  if (!database.in_transaction()) {
    if (begin.run() != SQLITE_OK) {
      return hold_or_give_up();
    }
    uncommitted_since_ns = now_ns;
  }
  return run_with(statement, cells) == SQLITE_OK ? Result<void>{} : hold_or_give_up();
}

Result<void> TapeWriter::Impl::commit() {
  if (error) {
    return fail(*error);
  }
  if (holding) {
    released_ns = now_ns;
    return has_room(rows.bytes()) ? release() : Result<void>{};
  }
  if (database.in_transaction()) {
    if (end.run() != SQLITE_OK) {
      return hold_or_give_up();
    }
    committed();
  }
  return {};
}

Result<void> TapeWriter::Impl::commit_if_due() {
  const bool due = holding ? now_ns - released_ns >= release_retry_ns
                           : seq - committed_seq >= options.commit_frames_max ||
                                 now_ns - uncommitted_since_ns >= options.commit_ns_max;
  return due ? commit() : Result<void>{};
}

OpenConnection& TapeWriter::Impl::connection_of(std::uint32_t id) {
  const auto found = connections.find(id);
  check(found != connections.end(), "a connection that is not open is recorded");
  return found->second;
}

Result<void> TapeWriter::Impl::merge() {
  if (merge_log(database)) {
    return {};
  }
  return fail_io("everything is recorded, but " + in_quotes(path) + " and " +
                 in_quotes(wal_path(path)) + " cannot be merged: " + database.why() +
                 "; keep both together");
}

TapeWriter::TapeWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TapeWriter::~TapeWriter() = default;

Result<std::unique_ptr<TapeWriter>> TapeWriter::open(const std::string& path,
                                                     const TapeWriterOptions& options) {
  const auto made = provide_file(path, options.existing, options.can_append);
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

std::uint64_t TapeWriter::commits() const {
  return impl_->commits;
}

std::size_t TapeWriter::held_bytes() const {
  return impl_->holding ? impl_->rows.bytes() : 0;
}

bool TapeWriter::lacks_room() const {
  return impl_->lacks_room;
}

std::uint64_t TapeWriter::frames_lost() const {
  return impl_->error ? impl_->frames_taken - impl_->committed_seq : 0;
}

Result<std::uint32_t> TapeWriter::open_connection(const port::ConnectionStart& start) {
  const std::uint32_t id = impl_->connection_id + 1;
  if (auto written = impl_->write(impl_->connection,
                                  {id, start.opened_ns, start.wall_ns, start.source,
                                   start.http_status, start.headers, start.last_event_id},
                                  start.opened_ns);
      !written) {
    return fail(written.error());
  }
  impl_->connection_id = id;
  impl_->connections[id] = {.frame_ns = start.opened_ns, .read_ns = start.opened_ns};
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
  check(recv_ns >= connection.read_ns, "time goes back within a connection");
  if (auto written = impl_->write(
          impl_->read, {connection_id, static_cast<std::int64_t>(end_offset), recv_ns}, recv_ns);
      !written) {
    return written;
  }
  connection.read_bytes = end_offset;
  connection.read_ns = recv_ns;
  return impl_->commit_if_due();
}

Result<void> TapeWriter::accept(const port::Frame& frame) {
  OpenConnection& connection = impl_->connection_of(frame.connection_id);
  if (impl_->error) {
    return fail(*impl_->error);
  }
  check(!frame.raw.empty(), "a frame without bytes is recorded");
  check(frame.recv_ns >= connection.frame_ns, "time goes back within a connection");
  const std::uint64_t frame_bytes = connection.frame_bytes + frame.raw.size();
  check(connection.read_bytes == 0 || frame_bytes <= connection.read_bytes,
        "frames hold more bytes than were read");
  const std::int64_t recv_ns = std::max(impl_->frame_ns, frame.recv_ns);
  ++impl_->frames_taken;
  if (auto written = impl_->write(impl_->frame,
                                  {static_cast<std::int64_t>(impl_->seq + 1), frame.connection_id,
                                   recv_ns, frame.complete ? 1 : 0, Cell::blob(frame.raw)},
                                  recv_ns);
      !written) {
    return written;
  }
  ++impl_->seq;
  impl_->frame_ns = recv_ns;
  connection.frame_bytes = frame_bytes;
  connection.frame_ns = frame.recv_ns;
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
  check(closed_ns >= std::max(connection.frame_ns, connection.read_ns),
        "time goes back within a connection");
  if (auto written = impl_->write(impl_->close,
                                  {connection_id, closed_ns, name_of(end), detail,
                                   static_cast<std::int64_t>(connection.frame_bytes)},
                                  closed_ns);
      !written) {
    return written;
  }
  impl_->connections.erase(connection_id);
  return impl_->commit_if_due();
}

Result<void> TapeWriter::note_gap(const port::Gap& gap) {
  if (auto written = impl_->write(
          impl_->gap, {gap.after_connection, gap.start_ns, gap.end_ns, gap.reason}, gap.end_ns);
      !written) {
    return written;
  }
  return impl_->commit_if_due();
}

Result<void> TapeWriter::note_exchange(const port::Exchange& exchange) {
  if (auto written = impl_->write(
          impl_->exchange,
          {exchange.request_ns, exchange.response_ns, exchange.method, exchange.target,
           exchange.request_headers, Cell::blob(exchange.request_body), exchange.status,
           exchange.response_headers, Cell::blob(exchange.response_body)},
          exchange.response_ns);
      !written) {
    return written;
  }
  return impl_->commit_if_due();
}

Result<void> TapeWriter::note_mark(std::int64_t at_ns, std::int64_t wall_ns,
                                   std::string_view text) {
  if (auto checked = check_mark_text(text); !checked) {
    return checked;
  }
  if (auto written = impl_->write(impl_->mark, {at_ns, wall_ns, mark_kind, text}, at_ns);
      !written) {
    return written;
  }
  return impl_->commit_if_due();
}

Result<void> TapeWriter::commit_if_due(std::int64_t now_ns) {
  impl_->now_ns = std::max(impl_->now_ns, now_ns);
  return impl_->commit_if_due();
}

Result<void> TapeWriter::commit() {
  return impl_->commit();
}

Result<void> TapeWriter::set(const std::string& key, const std::string& value) {
  return impl_->write(impl_->value, {key, value}, impl_->now_ns);
}

Result<void> TapeWriter::finish() {
  if (impl_->finished) {
    return {};
  }
  if (auto marked = impl_->write(impl_->mark, {impl_->now_ns, {}, "closed", ""}, impl_->now_ns);
      !marked) {
    return marked;
  }
  // What is there now and has no later chance counts more than the room that was to stay free.
  impl_->options.free_bytes_min = 0;
  if (auto committed = impl_->holding ? Result<void>{} : impl_->commit(); !committed) {
    return committed;
  }
  if (auto released = impl_->holding ? impl_->release() : Result<void>{}; !released) {
    return released;
  }
  if (impl_->holding) {
    return impl_->give_up();
  }
  impl_->finished = true;
  return impl_->merge();
}

}  // namespace tapedeck::schema
