#include "schema/tape_reader.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "schema/tape_file_private.hpp"
#include "schema/tape_index_private.hpp"
#include "schema/tape_reader_private.hpp"

namespace tapedeck::schema {
namespace {

/// What helps a tape that SQLite cannot read where it is.
constexpr const char* not_merged =
    "; it was not closed, and is read together with its -wal file from a folder that can be "
    "written to: copy both there";

std::uint64_t size_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

/// A path as an SQLite URI.
std::string uri_of(const std::string& path, std::string_view query) {
  std::string uri = "file:";
  for (const char c : path) {
    switch (c) {
      case '%':
        uri += "%25";
        break;
      case '?':
        uri += "%3f";
        break;
      case '#':
        uri += "%23";
        break;
      default:
        uri += c;
    }
  }
  return uri.append(query);
}

std::optional<port::ConnectionEnd> connection_end(std::string_view text) {
  using port::ConnectionEnd;
  for (const auto end : {ConnectionEnd::finished, ConnectionEnd::broken, ConnectionEnd::stopped}) {
    if (text == name_of(end)) {
      return end;
    }
  }
  return std::nullopt;
}

class TapeFrames final : public port::FrameSource {
 public:
  TapeFrames(Statement statement, const Database& database, const std::string& path)
      : statement_(std::move(statement)), database_(database), path_(path) {}

  Result<std::optional<port::Frame>> next() override {
    if (done_) {
      return std::optional<port::Frame>{};
    }
    const int code = statement_.step();
    if (code != SQLITE_ROW) {
      done_ = true;
      if (code != SQLITE_DONE) {
        return cannot_read(path_, database_);
      }
      return std::optional<port::Frame>{};
    }
    Row row{statement_};
    const port::Frame frame = frame_of(row);
    if (row.damaged()) {
      done_ = true;
      return damaged_frame(path_, frame);
    }
    return std::optional<port::Frame>{frame};
  }

 private:
  Statement statement_;
  const Database& database_;
  const std::string& path_;
  bool done_ = false;
};

}  // namespace

port::Frame frame_of(Row& row) {
  port::Frame frame;
  frame.seq = static_cast<std::uint64_t>(row.integer(0, 1));
  frame.connection_id = row.id(1);
  frame.recv_ns = row.integer(2);
  frame.complete = row.integer(3, 0, 1) == 1;
  frame.raw = row.blob(4);
  return frame;
}

Failure damaged_frame(const std::string& path, const port::Frame& frame) {
  return damaged_row(path, "frame " + std::to_string(frame.seq));
}

Failure damaged_row(const std::string& path, const std::string& what) {
  return fail_damaged(in_quotes(path) + " is damaged: " + what +
                      " holds what no tapedeck writes; 'tapedeck verify' names all damage");
}

Failure cannot_read(const std::string& path, const Database& database) {
  return database.failure("cannot read " + in_quotes(path) + ": ");
}

struct ReadSource::Impl {
  Statement statement;
  const Database& database;
  const std::string& path;
  bool done = false;
};

Result<void> TapeReader::Impl::summarize() {
  const auto last = last_ns(database);
  const auto version = database.integer("PRAGMA user_version");
  const auto wall_start = database.integer(
      "SELECT ifnull((SELECT wall_ns FROM marks WHERE kind = 'opened' ORDER BY id LIMIT 1), 0)");
  const auto closed = database.integer(
      "SELECT ifnull((SELECT kind = 'closed' FROM marks WHERE kind IN ('opened', 'closed')"
      " ORDER BY id DESC LIMIT 1), 0)");
  const auto frame_count = database.integer("SELECT ifnull(max(seq), 0) FROM frames");
  const auto bytes = database.integer(
      "SELECT ifnull(sum(ifnull(bytes, ifnull((SELECT offset FROM reads WHERE connection_id = id"
      " ORDER BY offset DESC LIMIT 1), 0))), 0) FROM connections");
  const auto exchanges = database.integer("SELECT count(*) FROM exchanges");
  for (const auto* number :
       {&exchanges, &last, &version, &wall_start, &closed, &frame_count, &bytes}) {
    if (!*number) {
      return fail(number->error().kind,
                  "cannot read " + in_quotes(path) + ": " + number->error().message);
    }
  }
  summary.version = *version;
  summary.closed = *closed != 0;
  summary.wall_start_ns = *wall_start;
  summary.last_ns = std::max<std::int64_t>(*last, 0);
  summary.frame_count = static_cast<std::uint64_t>(*frame_count);
  summary.exchange_count = static_cast<std::uint64_t>(*exchanges);
  summary.bytes = static_cast<std::uint64_t>(*bytes);
  const auto pairs = all<std::pair<std::string, std::string>>(
      "SELECT key, value FROM tape", "its table of values", [](Row& row) {
        return std::pair{row.text(0), row.text(1)};
      });
  if (!pairs) {
    return fail(pairs.error());
  }
  values = {pairs->begin(), pairs->end()};
  const auto index = has_index(database);
  if (!index) {
    return fail(index.error().kind,
                "cannot read " + in_quotes(path) + ": " + index.error().message);
  }
  has_checkpoints = *index;
  return {};
}

Result<std::int64_t> TapeReader::Impl::first_seq_from(std::int64_t ns) const {
  auto statement =
      database.prepare("SELECT seq FROM frames WHERE recv_ns >= ?1 ORDER BY recv_ns, seq LIMIT 1");
  if (!statement) {
    return cannot_read(path, database);
  }
  switch (statement->bind(1, ns).step()) {
    case SQLITE_ROW:
      return statement->integer(0);
    case SQLITE_DONE:
      return int64_max;
    default:
      return cannot_read(path, database);
  }
}

TapeReader::TapeReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TapeReader::~TapeReader() = default;

Result<std::unique_ptr<TapeReader>> TapeReader::open(const std::string& path) {
  const auto head = read_head(path);
  if (!head) {
    return fail(head.error());
  }
  if (!head->is_tape) {
    // The first bytes of one that was damaged may be those of nothing.
    return fail_io(in_quotes(path) +
                   (head->empty ? " is empty: it is not a tape"
                                : " is not a tape; 'tapedeck record' makes one, and 'tapedeck "
                                  "repair' saves what is left of one"));
  }
  const bool recording = RecordingLock::is_held(head->path);
  const std::uint64_t wal_bytes = size_of(wal_path(head->path));
  // SQLite would put files beside a tape in WAL mode to read it. It need not where nobody writes
  // and no log waits to be merged.
  const bool immutable = head->uses_wal && wal_bytes == 0 && !recording;
  auto database = Database::open(uri_of(head->path, immutable ? "?immutable=1" : ""),
                                 SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  if (!database) {
    return fail_io("cannot open " + in_quotes(path) + ": " + database.error().message);
  }
  // One transaction, begun by the first read: all that is read is of one moment.
  if (database->run("PRAGMA cell_size_check = ON; BEGIN; SELECT 1 FROM sqlite_schema") !=
      SQLITE_OK) {
    Failure failure = database->failure("cannot open " + in_quotes(path) + ": ");
    if (failure.error.kind != ErrorKind::damaged && wal_bytes != 0) {
      failure.error.message += not_merged;
    }
    return failure;
  }
  if (auto checked = check_tape(*database, path); !checked) {
    return fail(checked.error());
  }
  auto impl = std::make_unique<Impl>(path, std::move(*database));
  if (auto summarized = impl->summarize(); !summarized) {
    return fail(summarized.error());
  }
  impl->summary.recording = recording;
  impl->summary.file_bytes = size_of(head->path) + wal_bytes;
  return std::unique_ptr<TapeReader>(new TapeReader(std::move(impl)));
}

const Summary& TapeReader::summary() const {
  return impl_->summary;
}

const std::map<std::string, std::string>& TapeReader::values() const {
  return impl_->values;
}

std::optional<std::string> TapeReader::value(const std::string& key) const {
  const auto found = impl_->values.find(key);
  return found == impl_->values.end() ? std::nullopt : std::optional{found->second};
}

Result<std::unique_ptr<port::FrameSource>> TapeReader::frames(const FrameRange& range) const {
  // Without bounds in time a damaged index cannot hide a frame.
  const FrameRange all;
  const Result<std::int64_t> first_by_time =
      range.from_ns <= all.from_ns ? 1 : impl_->first_seq_from(range.from_ns);
  const Result<std::int64_t> end_by_time =
      range.until_ns == all.until_ns ? int64_max : impl_->first_seq_from(range.until_ns);
  for (const auto* seq : {&first_by_time, &end_by_time}) {
    if (!*seq) {
      return fail(seq->error());
    }
  }
  const bool bounded = range.last_seq < all.last_seq || *end_by_time != int64_max;
  std::string sql = "SELECT seq, connection_id, recv_ns, complete, raw FROM frames WHERE seq >= ?1";
  sql += bounded ? " AND seq <= ?2" : "";  // a comparison for each frame
  sql += range.connection_id != 0 ? " AND connection_id = ?3" : "";
  auto statement = impl_->database.prepare(sql + " ORDER BY seq");
  if (!statement) {
    return cannot_read(impl_->path, impl_->database);
  }
  const auto seq_of = [](std::uint64_t seq) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(seq, int64_max));
  };
  statement->bind(1, std::max(seq_of(range.first_seq), *first_by_time));
  if (bounded) {
    statement->bind(2, std::min(seq_of(range.last_seq), *end_by_time - 1));
  }
  if (range.connection_id != 0) {
    statement->bind(3, range.connection_id);
  }
  return std::unique_ptr<port::FrameSource>(
      std::make_unique<TapeFrames>(std::move(*statement), impl_->database, impl_->path));
}

Result<std::unique_ptr<ReadSource>> TapeReader::reads(std::uint32_t connection_id) const {
  auto statement = impl_->database.prepare(
      "SELECT offset, recv_ns FROM reads WHERE connection_id = ?1 ORDER BY offset");
  if (!statement) {
    return cannot_read(impl_->path, impl_->database);
  }
  statement->bind(1, connection_id);
  return std::unique_ptr<ReadSource>(new ReadSource(std::unique_ptr<ReadSource::Impl>(
      new ReadSource::Impl{std::move(*statement), impl_->database, impl_->path})));
}

ReadSource::ReadSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ReadSource::~ReadSource() = default;

Result<std::optional<Read>> ReadSource::next() {
  const int code = impl_->done ? SQLITE_DONE : impl_->statement.step();
  if (code != SQLITE_ROW) {
    impl_->done = true;
    if (code != SQLITE_DONE) {
      return cannot_read(impl_->path, impl_->database);
    }
    return std::optional<Read>{};
  }
  Row row{impl_->statement};
  const Read read{row.count(0), row.integer(1)};
  if (row.damaged()) {
    impl_->done = true;
    return damaged_row(impl_->path, "a read");
  }
  return std::optional<Read>{read};
}

Result<std::vector<Session>> TapeReader::sessions() const {
  struct Border {
    bool opened = false;
    std::int64_t at_ns = 0;
    std::int64_t wall_ns = 0;
    std::string note;
  };
  const auto marks = impl_->all<Border>(
      "SELECT kind, at_ns, ifnull(wall_ns, 0), note FROM marks WHERE kind IN ('opened', 'closed')"
      " ORDER BY id",
      "a mark", [](Row& row) {
        return Border{row.text(0) == "opened", row.integer(1), row.integer(2, int64_min),
                      row.text(3)};
      });
  if (!marks) {
    return fail(marks.error());
  }
  std::vector<Session> sessions;
  for (const Border& mark : *marks) {
    if (mark.opened) {
      sessions.push_back({mark.at_ns, mark.wall_ns, std::nullopt, mark.note});
    } else if (!sessions.empty()) {
      sessions.back().end_ns = mark.at_ns;
    }
  }
  return sessions;
}

Result<std::vector<Connection>> TapeReader::connections() const {
  return impl_->all<Connection>(
      "SELECT id, opened_ns, wall_ns, source, http_status, headers, last_event_id, closed_ns,"
      " ended, detail, bytes FROM connections ORDER BY id",
      "a connection", [](Row& row) {
        Connection connection;
        connection.id = row.id(0);
        connection.start = {row.integer(1), row.integer(2, int64_min),
                            row.text(3),    row.integer(4),
                            row.text(5),    row.text(6)};
        if (!row.is_null(7)) {
          const auto end = connection_end(row.text(8));
          if (!end) {
            row.damage();
          }
          connection.end = {row.integer(7), end.value_or(port::ConnectionEnd::broken), row.text(9),
                            row.count(10)};
        }
        return connection;
      });
}

Result<std::vector<port::Gap>> TapeReader::gaps() const {
  return impl_->all<port::Gap>(
      "SELECT after_connection, start_ns, end_ns, reason FROM gaps ORDER BY id", "a gap",
      [](Row& row) {
        return port::Gap{row.id(0, 0), row.integer(1), row.integer(2), row.text(3)};
      });
}

Result<std::vector<Mark>> TapeReader::marks() const {
  return impl_->all<Mark>(
      "SELECT id, at_ns, note FROM marks WHERE kind = 'note' ORDER BY at_ns, id", "a mark",
      [](Row& row) {
        return Mark{row.integer(0, int64_min), row.integer(1), row.text(2)};
      });
}

Result<std::vector<port::Exchange>> TapeReader::exchanges() const {
  return impl_->all<port::Exchange>(
      "SELECT request_ns, response_ns, method, target, request_headers, request_body, status,"
      " response_headers, response_body FROM exchanges ORDER BY id",
      "an exchange", [](Row& row) {
        return port::Exchange{row.integer(0), row.integer(1), row.text(2),
                              row.text(3),    row.text(4),    std::string(row.blob(5)),
                              row.integer(6), row.text(7),    std::string(row.blob(8))};
      });
}

}  // namespace tapedeck::schema
