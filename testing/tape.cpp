#include "testing/tape.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/join_defaults.hpp"
#include "core/base/json_text.hpp"
#include "core/sse/frame_splitter.hpp"
#include "core/sse/message_parser.hpp"
#include "core/verdict/findings.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::testing {

struct Tape::Contents {
  /// A frame whose bytes end at `end` and begin where those of the one before end.
  struct Entry {
    std::uint64_t seq = 0;
    std::uint32_t connection_id = 0;
    std::int64_t recv_ns = 0;
    bool complete = true;
    std::size_t end = 0;
  };

  void add(const port::Frame& frame) {
    bytes += frame.raw;
    entries.push_back(
        {frame.seq, frame.connection_id, frame.recv_ns, frame.complete, bytes.size()});
  }

  /// Adds all frames of `source`.
  Result<void> add_all(port::FrameSource& source) {
    for (;;) {
      const auto frame = source.next();
      if (!frame) {
        return fail(frame.error());
      }
      if (!*frame) {
        return {};
      }
      if ((*frame)->raw.size() > tape_bytes_max - std::min(memory(), tape_bytes_max)) {
        return fail_usage("\"" + name + "\" is longer than the " + format_bytes(tape_bytes_max) +
                          " of a tape for a test: record a shorter one");
      }
      add(**frame);
    }
  }

  [[nodiscard]] std::size_t memory() const { return bytes.size() + entries.size() * sizeof(Entry); }

  [[nodiscard]] port::Frame frame(std::size_t index) const {
    const Entry& entry = entries[index];
    const std::size_t begin = index == 0 ? 0 : entries[index - 1].end;
    return {entry.seq, entry.connection_id, entry.recv_ns, entry.complete,
            std::string_view(bytes).substr(begin, entry.end - begin)};
  }

  std::string name;
  state::Join join;
  std::int64_t wall_start_ns = 0;
  std::vector<schema::Connection> connections;
  std::string bytes;
  std::vector<Entry> entries;
};

class Tape::Source final : public port::FrameSource {
 public:
  explicit Source(std::shared_ptr<const Contents> contents) : contents_(std::move(contents)) {}

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    if (index_ == contents_->entries.size()) {
      return std::optional<port::Frame>();
    }
    return std::optional(contents_->frame(index_++));
  }

 private:
  std::shared_ptr<const Contents> contents_;
  std::size_t index_ = 0;
};

namespace {

/// What the recorder noted about the join.
state::Join join_of(const schema::TapeReader& tape) {
  state::Join join;
  join.self = tape.value("self").value_or(join.self);
  if (auto alias = tape.value("alias")) {
    join.alias = std::move(*alias);
    join.conference_name = conference_name_of(join.alias);
  }
  join.conference_name = tape.value("conference_name").value_or(join.conference_name);
  join.service_type = tape.value("service_type").value_or(join.service_type);
  join.display_name = tape.value("display_name").value_or(join.display_name);
  join.role = tape.value("role").value_or(join.role);
  return join;
}

}  // namespace

Tape::Tape(std::shared_ptr<const Contents> contents) : contents_(std::move(contents)) {}

Result<Tape> Tape::load(const std::string& path) {
  const auto reader = schema::TapeReader::open(path);
  if (!reader) {
    return fail(reader.error());
  }
  auto connections = (*reader)->connections();
  if (!connections) {
    return fail(connections.error());
  }
  const auto frames = (*reader)->frames();
  if (!frames) {
    return fail(frames.error());
  }
  auto contents = std::make_shared<Contents>();
  contents->name = path;
  contents->join = join_of(**reader);
  contents->wall_start_ns = (*reader)->summary().wall_start_ns;
  contents->connections = *std::move(connections);
  if (auto added = contents->add_all(**frames); !added) {
    return fail(added.error());
  }
  return Tape(std::move(contents));
}

Result<Tape> Tape::take(port::FrameSource& source, std::string name, state::Join join) {
  auto contents = std::make_shared<Contents>();
  contents->name = std::move(name);
  contents->join = std::move(join);
  if (auto added = contents->add_all(source); !added) {
    return fail(added.error());
  }
  return Tape(std::move(contents));
}

Tape Tape::from_stream(std::string_view stream, std::int64_t step_ns, state::Join join) {
  auto contents = std::make_shared<Contents>();
  contents->name = "a stream";
  contents->join = std::move(join);
  const auto add = [&](const sse::Block& block) {
    const std::uint64_t seq = contents->entries.size() + 1;
    contents->add({seq, 1, static_cast<std::int64_t>(seq) * step_ns, block.complete, block.raw});
  };
  sse::FrameSplitter splitter;
  splitter.push(stream);
  while (const auto block = splitter.next()) {
    add(*block);
  }
  if (const auto rest = splitter.finish()) {
    add(*rest);
  }
  return Tape(std::move(contents));
}

const std::string& Tape::name() const {
  return contents_->name;
}

const state::Join& Tape::join() const {
  return contents_->join;
}

std::int64_t Tape::wall_ns(std::uint32_t connection_id, std::int64_t recv_ns) const {
  const auto found =
      std::ranges::find(contents_->connections, connection_id, &schema::Connection::id);
  // A damaged tape may hold any times: the sum wraps where it does not fit.
  auto wall_ns = static_cast<std::uint64_t>(recv_ns);
  if (found == contents_->connections.end()) {
    wall_ns += static_cast<std::uint64_t>(contents_->wall_start_ns);
  } else {
    wall_ns += static_cast<std::uint64_t>(found->start.wall_ns);
    wall_ns -= static_cast<std::uint64_t>(found->start.opened_ns);
  }
  return static_cast<std::int64_t>(wall_ns);
}

std::size_t Tape::size() const {
  return contents_->entries.size();
}

port::Frame Tape::frame(std::size_t index) const {
  check(index < size(), "a frame past the end of the tape");
  return contents_->frame(index);
}

std::unique_ptr<port::FrameSource> Tape::frames() const {
  return std::make_unique<Source>(contents_);
}

namespace {

constexpr std::size_t frames_around = 3;
constexpr std::size_t text_bytes_max = 120;

/// The messages of a block, or its bytes where it brings none.
std::string text_of(const port::Frame& frame) {
  std::string text;
  sse::MessageParser parser;
  parser.push(frame.raw);
  while (const auto parsed = parser.next()) {
    if (parsed->kind == sse::Parsed::Kind::message) {
      text.append(text.empty() ? "" : "; ").append(parsed->message.event).append(" ");
      text += verdict::clipped(parsed->message.data, text_bytes_max);
    }
  }
  // What stands on a line and goes to a terminal has no control characters.
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  if (text.empty()) {
    append_json_string(text, verdict::clipped(frame.raw, text_bytes_max));
  }
  return verdict::clipped(text, text_bytes_max);
}

std::string padded(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

}  // namespace

std::string nearest_frames(const Tape& tape, std::size_t played) {
  std::string lines;
  const std::size_t begin = played - std::min(played, frames_around + 1);
  const std::size_t end = std::min(tape.size(), played + frames_around);
  for (std::size_t i = begin; i < end; ++i) {
    const port::Frame frame = tape.frame(i);
    lines += i + 1 == played ? "> " : "  ";
    lines += padded(std::to_string(frame.seq), 6) + "  ";
    lines += padded(format_duration(frame.recv_ns), 12) + "  " + text_of(frame) + "\n";
  }
  return lines;
}

}  // namespace tapedeck::testing
