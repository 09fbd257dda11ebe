// TapeReader::verify_bytes: a pass over each table, against the invariants of FORMAT.md.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "schema/byte_digest.hpp"
#include "schema/tape_file_private.hpp"
#include "schema/tape_index_private.hpp"
#include "schema/tape_reader_private.hpp"

namespace tapedeck::schema {
namespace {

/// Frames between two calls of the progress function.
constexpr std::uint64_t progress_frames = 4096;

std::string plural(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

/// What the passes learn of one connection.
struct Body {
  bool closed = false;
  std::int64_t opened_ns = 0;
  std::uint64_t closed_bytes = 0;  // as the connection's row says
  std::uint64_t frame_bytes = 0;
  std::uint64_t read_bytes = 0;  // where the last read ended, 0 without reads
  std::int64_t read_ns = 0;      // of the last read
  std::int64_t frame_ns = 0;     // of the last frame
  std::int64_t closed_ns = 0;
};

class Verifier {
 public:
  Verifier(const std::string& path, const Database& database) : path_(path), database_(database) {}

  Result<ByteReport> verify_pages(bool recording) {
    if (auto done = size(recording); !done) {
      return fail(done.error());
    }
    if (auto done = pages(); !done) {
      return fail(done.error());
    }
    return std::move(report_);
  }

  Result<ByteReport> verify_rows(const Progress& progress, const FrameVisit& visit) {
    if (auto done = connections(); !done) {
      return fail(done.error());
    }
    if (auto done = frames(progress, visit); !done) {
      return fail(done.error());
    }
    for (const auto pass :
         {&Verifier::reads, &Verifier::gaps, &Verifier::marks, &Verifier::checkpoints}) {
      if (auto done = (this->*pass)(); !done) {
        return fail(done.error());
      }
    }
    bodies();
    report_.digest = digest_.tape();
    return std::move(report_);
  }

 private:
  void problem(const char* rule, std::uint64_t seq, std::string sentence) {
    report_.add({rule, seq, std::move(sentence)});
  }

  /// Calls `visit` for each row. A row that cannot be read is a problem and ends the pass.
  template <class Visit>
  Result<void> each(const char* sql, const char* what, Visit visit) {
    return each(sql, what, visit, [] {});
  }
  /// `unread` is called there, too.
  template <class Visit, class Unread>
  Result<void> each(const char* sql, const char* what, Visit visit, Unread unread) {
    auto statement = database_.prepare(sql);
    if (!statement) {
      return cannot_read(path_, database_);
    }
    int code = SQLITE_ROW;
    while ((code = statement->step()) == SQLITE_ROW) {
      Row row{*statement};
      visit(row);
    }
    if (code != SQLITE_DONE) {
      problem("tape.pages", 0,
              std::string(what) + " cannot be read to the end: " + database_.why());
      unread();
    }
    return {};
  }

  /// SQLite takes what is missing of the last page for zeros.
  Result<void> size(bool recording) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(database_.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    sqlite3_int64 bytes = 0;
    const auto page_bytes = database_.integer("PRAGMA page_size");
    if (file->pMethods->xFileSize(file, &bytes) != SQLITE_OK || !page_bytes) {
      return cannot_read(path_, database_);
    }
    if (!recording && bytes % *page_bytes != 0) {
      problem("tape.pages", 0,
              "the file ends in the middle of a page, after " + std::to_string(bytes) + " bytes");
    }
    return {};
  }

  /// SQLite's own check: pages, the index against its table, types.
  Result<void> pages() {
    return each("PRAGMA integrity_check", "the file", [&](Row& row) {
      if (const std::string text = row.text(0); text != "ok") {
        problem("tape.pages", 0, "SQLite finds damage: " + text.substr(0, text.find('\n')));
      }
    });
  }

  Result<void> connections() {
    return each("SELECT id, opened_ns, closed_ns, bytes FROM connections ORDER BY id",
                "the table of connections", [&](Row& row) {
                  const std::uint32_t id = row.id(0);
                  Body body;
                  body.opened_ns = row.integer(1);
                  body.closed = !row.is_null(2);
                  if (body.closed) {
                    body.closed_ns = row.integer(2);
                    body.closed_bytes = row.count(3);
                    if (body.closed_ns < body.opened_ns) {
                      problem("tape.connection", 0,
                              "connection " + std::to_string(id) + " ends before it begins");
                    }
                  }
                  if (row.damaged()) {
                    problem("tape.value", 0,
                            "connection " + std::to_string(id) + " has a value that cannot be");
                  }
                  bodies_.emplace(id, body);
                });
  }

  void judge(const port::Frame& frame, bool damaged);

  /// The rest is not visited.
  void leave_unread(const Failure& why) {
    if (!report_.unread) {
      report_.unread = why.error;
    }
  }

  Result<void> frames(const Progress& progress, const FrameVisit& visit) {
    const auto judge_and_visit = [&](Row& row) {
      const port::Frame read = frame_of(row);
      judge(read, row.damaged());
      if (++report_.frame_count % progress_frames == 0 && progress) {
        progress(report_.frame_count);
      }
      if (static_cast<std::int64_t>(read.seq) < 1) {
        return;  // it is not told by frames()
      }
      if (row.damaged()) {
        leave_unread(damaged_frame(path_, read));
      }
      if (visit && !report_.unread) {
        visit(read);
      }
    };
    auto passed = each("SELECT seq, connection_id, recv_ns, complete, raw FROM frames ORDER BY seq",
                       "the table of frames", judge_and_visit,
                       [&] { leave_unread(cannot_read(path_, database_)); });
    if (progress) {
      progress(report_.frame_count);
    }
    return passed;
  }

  Result<void> reads() {
    return each("SELECT connection_id, offset, recv_ns FROM reads ORDER BY connection_id, offset",
                "the table of reads", [&](Row& row) {
                  const std::uint32_t id = row.id(0);
                  const std::uint64_t offset = row.count(1);
                  const std::int64_t recv_ns = row.integer(2);
                  const auto found = bodies_.find(id);
                  const std::string name = "the read of connection " + std::to_string(id) +
                                           " that ends at " + std::to_string(offset);
                  if (row.damaged() || offset == 0) {
                    problem("tape.value", 0, name + " has a value that cannot be");
                  } else if (found == bodies_.end()) {
                    problem("tape.connection", 0,
                            name + " is of a connection that is not on the tape");
                  } else {
                    Body& body = found->second;
                    if (recv_ns < std::max(body.read_ns, body.opened_ns)) {
                      problem("tape.time", 0, name + " is earlier than what came before it");
                    }
                    body.read_bytes = offset;
                    body.read_ns = recv_ns;
                  }
                });
  }

  Result<void> gaps() {
    return each(
        "SELECT after_connection, start_ns, end_ns FROM gaps ORDER BY id", "the table of gaps",
        [&](Row& row) {
          const std::uint32_t after = row.id(0, 0);
          const std::int64_t start_ns = row.integer(1);
          const std::int64_t end_ns = row.integer(2);
          if (row.damaged()) {
            problem("tape.value", 0, "a gap has a value that cannot be");
          } else if (after != 0 && !bodies_.contains(after)) {
            problem(
                "tape.connection", 0,
                "a gap follows connection " + std::to_string(after) + ", which is not on the tape");
          } else if (end_ns < start_ns) {
            problem("tape.time", 0,
                    "the gap after connection " + std::to_string(after) + " ends before it begins");
          }
        });
  }

  Result<void> marks() {
    return each("SELECT at_ns, kind, note FROM marks ORDER BY id", "the table of marks",
                [&](Row& row) {
                  row.integer(0);
                  row.text(1);
                  row.text(2);
                  if (row.damaged()) {
                    problem("tape.value", 0, "a mark has a value that cannot be");
                  }
                });
  }

  /// What they hold is for those to check who can derive it.
  Result<void> checkpoints() {
    const auto index = has_index(database_);
    if (!index) {
      return cannot_read(path_, database_);
    }
    if (!*index) {
      return {};
    }
    return each(
        "SELECT seq, version, typeof(state) = 'blob' AND length(state) > 0 FROM checkpoints"
        " ORDER BY seq",
        "the table of checkpoints", [&](Row& row) {
          const std::int64_t seq = row.integer(0, 1);
          row.id(1, 0);
          const bool holds_something = row.integer(2, 0, 1) == 1;
          const std::string name = "the checkpoint at frame " + std::to_string(seq);
          if (row.damaged() || !holds_something) {
            problem("tape.checkpoint", 0, name + " has a value that cannot be");
          } else if (static_cast<std::uint64_t>(seq) > seq_) {
            problem("tape.checkpoint", 0, name + " is of a frame that is not on the tape");
          }
        });
  }

  /// Frames, reads and the connection's row speak of the same bytes.
  void bodies() {
    for (const auto& [id, body] : bodies_) {
      const std::string name = "connection " + std::to_string(id);
      if (body.closed && body.closed_ns >= body.opened_ns &&
          body.closed_ns < std::max(body.frame_ns, body.read_ns)) {
        problem("tape.time", 0, name + " ends before all of it has come");
      }
      if (body.closed && body.closed_bytes != body.frame_bytes) {
        problem("tape.bytes", 0,
                name + " brought " + plural(body.closed_bytes, "byte") + ", its frames hold " +
                    std::to_string(body.frame_bytes));
      } else if (body.closed && body.read_bytes != 0 && body.read_bytes != body.frame_bytes) {
        problem("tape.bytes", 0,
                name + " was read to byte " + std::to_string(body.read_bytes) +
                    ", its frames hold " + std::to_string(body.frame_bytes));
      } else if (body.read_bytes != 0 && body.read_bytes < body.frame_bytes) {
        problem("tape.bytes", 0,
                "the frames of " + name + " hold " + plural(body.frame_bytes, "byte") +
                    ", but only " + std::to_string(body.read_bytes) + " were read");
      }
    }
  }

  const std::string& path_;
  const Database& database_;
  ByteReport report_;
  ByteDigest digest_;
  std::map<std::uint32_t, Body> bodies_;
  std::uint64_t seq_ = 0;  // of the frame before
  std::int64_t frame_ns_ = 0;
};

void Verifier::judge(const port::Frame& frame, bool damaged) {
  const auto name = [&] { return "frame " + std::to_string(frame.seq); };
  const std::uint64_t due = std::exchange(seq_, frame.seq) + 1;
  if (damaged || frame.raw.empty()) {
    problem("tape.value", frame.seq, name() + " has a value that cannot be");
  }
  if (frame.seq > due) {
    const std::uint64_t missing = frame.seq - due;
    problem("tape.seq", frame.seq,
            plural(missing, "frame") + " before " + name() + " " + (missing == 1 ? "is" : "are") +
                " missing");
  }
  if (frame.recv_ns < frame_ns_) {
    problem("tape.time", frame.seq, name() + " is earlier than the one before it");
  }
  frame_ns_ = std::max(frame_ns_, frame.recv_ns);
  if (const auto found = bodies_.find(frame.connection_id); found == bodies_.end()) {
    problem("tape.connection", frame.seq,
            name() + " is of connection " + std::to_string(frame.connection_id) +
                ", which is not on the tape");
  } else {
    if (frame.recv_ns < found->second.opened_ns) {
      problem("tape.time", frame.seq, name() + " is earlier than its connection");
    }
    found->second.frame_ns = frame.recv_ns;
    found->second.frame_bytes += frame.raw.size();
    digest_.add(frame.connection_id, frame.raw);
  }
  report_.bytes += frame.raw.size();
}

}  // namespace

void ByteReport::add(Problem problem) {
  if (problems.size() < problems_max) {
    problems.push_back(std::move(problem));
  } else {
    ++problems_omitted;
  }
}

void ByteReport::append(ByteReport rest) {
  for (Problem& problem : rest.problems) {
    add(std::move(problem));
  }
  problems_omitted += rest.problems_omitted;
  frame_count += rest.frame_count;
  bytes += rest.bytes;
  digest = std::move(rest.digest);
  unread = std::move(rest.unread);
}

Result<ByteReport> TapeReader::verify_pages() const {
  return Verifier(impl_->path, impl_->database).verify_pages(impl_->summary.recording);
}

Result<ByteReport> TapeReader::verify_rows(const Progress& progress,
                                           const FrameVisit& visit) const {
  return Verifier(impl_->path, impl_->database).verify_rows(progress, visit);
}

Result<ByteReport> TapeReader::verify_bytes(const Progress& progress,
                                            const FrameVisit& visit) const {
  auto report = verify_pages();
  if (!report) {
    return report;
  }
  auto rows = verify_rows(progress, visit);
  if (!rows) {
    return rows;
  }
  report->append(*std::move(rows));
  return report;
}

}  // namespace tapedeck::schema
