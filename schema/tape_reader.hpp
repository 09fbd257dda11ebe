// Reads a tape, as it was when it was opened: a recording that goes on meanwhile is not seen, and
// cannot merge its log into the tape as long as the reader lives.
//
// Opening changes nothing in the tape and works from a folder that cannot be written to. The file
// is not trusted: whatever is in it, a call ends in a value or in one sentence. Not thread-safe;
// several sources of one reader may be read in turns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/frame_source.hpp"
#include "core/port/recording_sink.hpp"

namespace tapedeck::schema {

/// What a tape says of itself without its frames being read.
struct Summary {
  std::int64_t version = 0;
  bool closed = false;             ///< the last session ended as it should
  bool recording = false;          ///< a process records onto it now
  std::int64_t wall_start_ns = 0;  ///< Unix time of the tape's beginning, 0 if nothing is on it
  std::int64_t last_ns = 0;        ///< the last moment that anything on the tape names
  std::uint64_t frame_count = 0;   ///< the last `seq`: a whole tape has no holes
  std::uint64_t bytes = 0;  ///< of all bodies; of a connection that is not closed, what was read
  std::uint64_t exchange_count = 0;
  std::uint64_t file_bytes = 0;  ///< with the write-ahead log
};

/// One recording from its start to its end.
struct Session {
  std::int64_t start_ns = 0;
  std::int64_t wall_ns = 0;            ///< start_ns in Unix time
  std::optional<std::int64_t> end_ns;  ///< nothing: it was cut off, or goes on
  std::string program;                 ///< who recorded it, e.g. "tapedeck 0.1.0"
};

struct Connection {
  std::uint32_t id = 0;
  port::ConnectionStart start;
  /// Nothing: it was cut off, or goes on.
  struct End {
    std::int64_t closed_ns = 0;
    port::ConnectionEnd end = port::ConnectionEnd::finished;
    std::string detail;
    std::uint64_t bytes = 0;  ///< length of the body
  };
  std::optional<End> end;
};

struct Read {
  std::uint64_t end_offset = 0;
  std::int64_t recv_ns = 0;
};

/// A moment that somebody gave a name to.
struct Mark {
  std::int64_t id = 0;
  std::int64_t at_ns = 0;
  std::string text;  ///< one line of UTF-8
};

/// What was derived of the frames up to one of them (tape_index.hpp).
struct Checkpoint {
  std::uint64_t seq = 0;  ///< of the last frame that it takes in
  std::string state;      ///< what it holds is known to who made it
};

/// The checkpoints of a tape, by number.
struct IndexSummary {
  std::uint64_t count = 0;
  std::uint64_t of_other_versions = 0;  ///< among them
  std::uint64_t bytes = 0;              ///< in all of them
};

/// Which frames: those that fulfil all of it.
struct FrameRange {
  std::uint64_t first_seq = 1;
  std::uint64_t last_seq = std::numeric_limits<std::int64_t>::max();  ///< included
  std::int64_t from_ns = 0;
  std::int64_t until_ns = std::numeric_limits<std::int64_t>::max();  ///< excluded
  std::uint32_t connection_id = 0;                                   ///< 0: any
};

/// The reads of a connection in their order. Must not outlive its reader.
class ReadSource {
 public:
  ReadSource(const ReadSource&) = delete;
  ReadSource& operator=(const ReadSource&) = delete;
  ~ReadSource();

  /// The next read, or nothing when there is none any more.
  [[nodiscard]] Result<std::optional<Read>> next();

 private:
  friend class TapeReader;
  struct Impl;
  explicit ReadSource(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

/// Something that no whole tape has.
struct Problem {
  std::string rule;       ///< a short id, e.g. "tape.seq"; FORMAT.md lists them
  std::uint64_t seq = 0;  ///< the frame it is about, 0 if it is not about one
  std::string sentence;   ///< without a trailing period
};

/// What a tape turned out to be, byte for byte.
struct ByteReport {
  static constexpr std::size_t problems_max = 100;

  std::vector<Problem> problems;       ///< the first problems_max
  std::uint64_t problems_omitted = 0;  ///< those after them
  std::uint64_t frame_count = 0;       ///< frames there are
  std::uint64_t bytes = 0;             ///< in them
  std::string digest;                  ///< of all bodies, see ByteDigest
  std::optional<Error> unread;         ///< why not all frames were visited, where they were not

  void add(Problem problem);
  /// What is found after it.
  void append(ByteReport rest);
};

/// Told how many of the tape's frames are done, now and then.
using Progress = std::function<void(std::uint64_t frames_done)>;

/// Given each frame in the order of `seq`, as TapeReader::frames() tells them; its bytes live until
/// it returns.
using FrameVisit = std::function<void(const port::Frame&)>;

class TapeReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<TapeReader>> open(const std::string& path);
  TapeReader(const TapeReader&) = delete;
  TapeReader& operator=(const TapeReader&) = delete;
  ~TapeReader();

  [[nodiscard]] const Summary& summary() const;

  /// What the recorder remembered (TapeWriter::set).
  [[nodiscard]] const std::map<std::string, std::string>& values() const;
  [[nodiscard]] std::optional<std::string> value(const std::string& key) const;

  /// The frames of the range in the order of `seq`, read one by one: memory does not grow with the
  /// tape. The source must not outlive the reader.
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> frames(
      const FrameRange& range = {}) const;
  /// The same for the reads of a connection.
  [[nodiscard]] Result<std::unique_ptr<ReadSource>> reads(std::uint32_t connection_id) const;

  [[nodiscard]] Result<std::vector<Session>> sessions() const;
  [[nodiscard]] Result<std::vector<Connection>> connections() const;
  [[nodiscard]] Result<std::vector<port::Gap>> gaps() const;
  [[nodiscard]] Result<std::vector<port::Exchange>> exchanges() const;
  /// In the order of their times.
  [[nodiscard]] Result<std::vector<Mark>> marks() const;

  /// There is a table of checkpoints.
  [[nodiscard]] bool has_checkpoints() const;
  /// What is in it, for who knows this version.
  [[nodiscard]] Result<IndexSummary> index_summary(std::uint32_t version) const;
  /// The last one of this version that takes in no frame after `seq`.
  [[nodiscard]] Result<std::optional<Checkpoint>> checkpoint_up_to(std::uint64_t seq,
                                                                   std::uint32_t version) const;
  /// The first one of this version that takes in the frame `seq`.
  [[nodiscard]] Result<std::optional<Checkpoint>> checkpoint_from(std::uint64_t seq,
                                                                  std::uint32_t version) const;

  /// Reads all of the tape and checks what FORMAT.md says holds of it. What does not hold is a
  /// problem in the report; an error means that the check itself could not be done.
  [[nodiscard]] Result<ByteReport> verify_bytes(const Progress& progress = {},
                                                const FrameVisit& visit = {}) const;
  /// The two parts of that, of which verify_bytes is the second appended to the first, for who has
  /// two readers of a tape and a thread for each: what SQLite finds, and what the rows hold.
  [[nodiscard]] Result<ByteReport> verify_pages() const;
  [[nodiscard]] Result<ByteReport> verify_rows(const Progress& progress = {},
                                               const FrameVisit& visit = {}) const;

 private:
  struct Impl;
  explicit TapeReader(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tapedeck::schema
