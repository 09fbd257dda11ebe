#include "cli/merged_tape.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/saturating.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

/// One of the tapes on its way into the merged one: what comes next of it, and when.
class Part {
 public:
  Part(std::unique_ptr<schema::TapeReader> tape, schema::TapeWriter& merged)
      : tape_(std::move(tape)), merged_(merged) {}

  [[nodiscard]] const schema::TapeReader& tape() const { return *tape_; }

  /// Times of the merged tape are later by `shift_ns` than those of this one.
  Result<void> open(std::int64_t shift_ns) {
    shift_ns_ = shift_ns;
    auto frames = tape_->frames();
    auto connections = tape_->connections();
    if (!frames || !connections) {
      return fail(!frames ? frames.error() : connections.error());
    }
    frames_ = *std::move(frames);
    connections_ = *std::move(connections);
    std::ranges::stable_sort(connections_, {}, opened_ns);
    for (const schema::Connection& connection : connections_) {
      if (connection.end) {
        ends_.emplace(connection.end->closed_ns, &connection);
      }
    }
    return read_frame();
  }

  [[nodiscard]] bool over() const {
    return opened_ == connections_.size() && !frame_ && ends_.empty();
  }

  /// When the next thing happened, in the time of the merged tape.
  [[nodiscard]] std::int64_t due_ns() const {
    return shifted(std::min({next_open_ns(), next_frame_ns(), next_end_ns()}));
  }

  /// Puts it on the merged tape. At one moment a connection is opened before its frames come, and
  /// ends after them.
  Result<void> write_next() {
    if (opened_ < connections_.size() &&
        next_open_ns() <= std::min(next_frame_ns(), next_end_ns())) {
      return write_open();
    }
    return frame_ && next_frame_ns() <= next_end_ns() ? write_frame() : write_end();
  }

  /// What stands beside the stream.
  Result<void> write_rest() {
    auto gaps = tape_->gaps();
    auto exchanges = tape_->exchanges();
    if (!gaps || !exchanges) {
      return fail(!gaps ? gaps.error() : exchanges.error());
    }
    for (port::Gap& gap : *gaps) {
      const auto after = open_.find(gap.after_connection);
      gap.after_connection = after == open_.end() ? 0 : after->second.id;
      gap.start_ns = shifted(gap.start_ns);
      gap.end_ns = shifted(gap.end_ns);
      if (auto noted = merged_.note_gap(gap); !noted) {
        return noted;
      }
    }
    for (port::Exchange& exchange : *exchanges) {
      exchange.request_ns = shifted(exchange.request_ns);
      exchange.response_ns = shifted(exchange.response_ns);
      if (auto noted = merged_.note_exchange(exchange); !noted) {
        return noted;
      }
    }
    return {};
  }

 private:
  /// A connection on the merged tape.
  struct Open {
    std::uint32_t id = 0;
    std::unique_ptr<schema::ReadSource> reads;
    std::uint64_t read_bytes = 0;
    std::uint64_t frame_bytes = 0;
  };

  /// A time of this tape on the merged one.
  [[nodiscard]] std::int64_t shifted(std::int64_t at_ns) const {
    return saturating_add(at_ns, shift_ns_);
  }

  static std::int64_t opened_ns(const schema::Connection& connection) {
    return connection.start.opened_ns;
  }

  [[nodiscard]] std::int64_t next_open_ns() const {
    return opened_ == connections_.size() ? never_ns : opened_ns(connections_[opened_]);
  }
  [[nodiscard]] std::int64_t next_frame_ns() const { return frame_ ? frame_->recv_ns : never_ns; }
  [[nodiscard]] std::int64_t next_end_ns() const {
    return ends_.empty() ? never_ns : ends_.begin()->first;
  }

  Result<void> read_frame() {
    auto frame = frames_->next();
    if (!frame) {
      return fail(frame.error());
    }
    frame_ = *frame;
    return {};
  }

  Result<void> write_open() {
    const schema::Connection& connection = connections_[opened_++];
    port::ConnectionStart start = connection.start;
    start.opened_ns = shifted(start.opened_ns);
    const auto id = merged_.open_connection(start);
    auto reads = tape_->reads(connection.id);
    if (!id || !reads) {
      return fail(!id ? id.error() : reads.error());
    }
    open_[connection.id] = {.id = *id, .reads = *std::move(reads)};
    return {};
  }

  Result<void> write_frame() {
    Open& open = open_[frame_->connection_id];
    open.frame_bytes += frame_->raw.size();
    if (auto noted = note_reads(open, open.frame_bytes); !noted) {
      return noted;
    }
    port::Frame frame = *frame_;
    frame.connection_id = open.id;
    frame.recv_ns = shifted(frame.recv_ns);
    if (auto accepted = merged_.accept(frame); !accepted) {
      return accepted;
    }
    return read_frame();
  }

  Result<void> write_end() {
    const schema::Connection& connection = *ends_.begin()->second;
    ends_.erase(ends_.begin());
    Open& open = open_[connection.id];
    if (auto noted = note_reads(open, std::numeric_limits<std::uint64_t>::max()); !noted) {
      return noted;
    }
    open.reads.reset();
    return merged_.close_connection(open.id, shifted(connection.end->closed_ns),
                                    connection.end->end, connection.end->detail);
  }

  /// The reads of a connection, up to the one that brought this many bytes.
  Result<void> note_reads(Open& open, std::uint64_t bytes) {
    while (open.reads && open.read_bytes < bytes) {
      const auto read = open.reads->next();
      if (!read) {
        return fail(read.error());
      }
      if (!*read) {
        open.reads.reset();
        break;
      }
      open.read_bytes = (*read)->end_offset;
      if (auto noted = merged_.note_read(open.id, (*read)->end_offset, shifted((*read)->recv_ns));
          !noted) {
        return noted;
      }
    }
    return {};
  }

  std::unique_ptr<schema::TapeReader> tape_;
  schema::TapeWriter& merged_;
  std::int64_t shift_ns_ = 0;
  std::unique_ptr<port::FrameSource> frames_;
  std::optional<port::Frame> frame_;  ///< the next
  std::vector<schema::Connection> connections_;
  std::size_t opened_ = 0;
  std::multimap<std::int64_t, const schema::Connection*> ends_;
  std::map<std::uint32_t, Open> open_;  ///< by the connection of this tape; closed ones too
};

/// A tape that is written again must be one that could have been recorded.
Result<std::unique_ptr<schema::TapeReader>> open_whole(const std::string& path) {
  auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return tape;
  }
  const auto report = (*tape)->verify_bytes();
  if (!report) {
    return fail(report.error());
  }
  if (!report->problems.empty()) {
    return fail_io("'" + path + "' is damaged: " + report->problems.front().sentence +
                   "; 'tapedeck verify' names all damage");
  }
  return tape;
}

Result<void> copy_values(const schema::TapeReader& from, schema::TapeWriter& merged,
                         std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : from.values()) {
    if (values.try_emplace(key, value).second) {
      if (auto set = merged.set(key, value); !set) {
        return set;
      }
    }
  }
  return {};
}

Result<void> merge(std::vector<Part>& parts, schema::TapeWriter& merged, Alignment alignment,
                   std::int64_t start_ns) {
  std::map<std::string, std::string> values;
  for (Part& part : parts) {
    const bool by_clock = alignment == Alignment::wall_clock;
    auto opened = part.open(
        by_clock ? saturating_distance(start_ns, part.tape().summary().wall_start_ns) : 0);
    auto copied = opened ? copy_values(part.tape(), merged, values) : opened;
    if (!copied) {
      return copied;
    }
  }
  for (;;) {
    const auto next = std::ranges::min_element(
        parts, {}, [](const Part& part) { return std::pair(part.over(), part.due_ns()); });
    if (next->over()) {
      break;
    }
    if (auto written = next->write_next(); !written) {
      return written;
    }
  }
  for (Part& part : parts) {
    if (auto written = part.write_rest(); !written) {
      return written;
    }
  }
  return merged.finish();
}

}  // namespace

Result<std::unique_ptr<MergedTape>> MergedTape::make(const std::vector<std::string>& paths,
                                                     Alignment alignment) {
  std::vector<std::unique_ptr<schema::TapeReader>> tapes;
  std::int64_t start_ns = never_ns;
  for (const std::string& path : paths) {
    auto tape = open_whole(path);
    if (!tape) {
      return fail(tape.error());
    }
    start_ns = std::min(start_ns, (*tape)->summary().wall_start_ns);
    tapes.push_back(*std::move(tape));
  }
  std::error_code error;
  std::string folder =
      (std::filesystem::temp_directory_path(error) / "tapedeck-merged-XXXXXX").string();
  if (error || ::mkdtemp(folder.data()) == nullptr) {
    const std::error_code why = error ? error : std::error_code(errno, std::generic_category());
    return fail_io("cannot make a temporary folder to merge tapes in: " + why.message() +
                   "; TMPDIR names another place for it");
  }
  std::unique_ptr<MergedTape> merged(new MergedTape(std::move(folder)));
  schema::TapeWriterOptions writing;
  writing.durability = schema::Durability::normal;
  writing.wall_now_ns = start_ns;
  const auto writer = schema::TapeWriter::open(merged->path_, writing);
  if (!writer) {
    return fail(writer.error());
  }
  std::vector<Part> parts;
  parts.reserve(tapes.size());
  for (auto& tape : tapes) {
    parts.emplace_back(std::move(tape), **writer);
  }
  if (auto done = merge(parts, **writer, alignment, start_ns); !done) {
    return fail(done.error());
  }
  return merged;
}

MergedTape::~MergedTape() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace tapedeck::cli
