#include "cli/replay_frames.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/saturating.hpp"
#include "core/sse/message_parser.hpp"
#include "replayer/chunked_source.hpp"
#include "replayer/looped_source.hpp"
#include "replayer/prefaced_source.hpp"

namespace tapedeck::cli {
namespace {

/// Before every moment of a tape, so that it is due at once.
constexpr std::int64_t before_all_ns = -1;

/// Whether a frame sets the event id. Its bytes hold the id as it is.
bool sets_event_id(const port::Frame& frame, std::string_view id) {
  if (frame.raw.find(id) == std::string_view::npos) {
    return false;
  }
  sse::MessageParser parser;
  parser.push(frame.raw);
  while (parser.next()) {
  }
  return parser.last_event_id() == id;
}

/// How many bytes of the connection of a frame come before it.
Result<std::uint64_t> offset_of(const schema::TapeReader& tape, const port::Frame& frame) {
  auto before = tape.frames({.last_seq = frame.seq - 1, .connection_id = frame.connection_id});
  std::uint64_t offset = 0;
  while (before) {
    const auto next = (*before)->next();
    if (!next) {
      return fail(next.error());
    }
    if (!*next) {
      return offset;
    }
    offset += (*next)->raw.size();
  }
  return fail(before.error());
}

replayer::RecordedReads reads_of(const schema::TapeReader& tape) {
  using Readers = std::map<std::uint32_t, std::unique_ptr<schema::ReadSource>>;
  return {.offset_of = [&tape](const port::Frame& frame) { return offset_of(tape, frame); },
          .next = [&tape, readers = std::make_shared<Readers>()](
                      std::uint32_t connection_id) -> Result<std::optional<replayer::ReadBorder>> {
            auto& reader = (*readers)[connection_id];
            if (!reader) {
              auto opened = tape.reads(connection_id);
              if (!opened) {
                return fail(opened.error());
              }
              reader = *std::move(opened);
            }
            const auto read = reader->next();
            if (!read) {
              return fail(read.error());
            }
            return *read
                       ? std::optional(replayer::ReadBorder{(*read)->end_offset, (*read)->recv_ns})
                       : std::nullopt;
          }};
}

Result<std::unique_ptr<port::FrameSource>> open_range(const schema::TapeReader& tape,
                                                      const schema::FrameRange& range,
                                                      bool chunks) {
  auto frames = tape.frames(range);
  if (!frames || !chunks) {
    return frames;
  }
  return std::unique_ptr<port::FrameSource>(
      std::make_unique<replayer::ChunkedSource>(*std::move(frames), reads_of(tape)));
}

}  // namespace

std::unique_ptr<port::FrameSource> open_frames(const schema::TapeReader& tape,
                                               const ReplayWishes& wishes) {
  const auto open_pass = [&tape, wishes] {
    return open_range(tape, {.from_ns = wishes.timeline.from_ns, .until_ns = wishes.until_ns},
                      wishes.chunks);
  };
  return edited(
      std::make_unique<replayer::LoopedSource>(open_pass, wishes.passes, wishes.timeline.from_ns),
      wishes.edits);
}

Result<std::unique_ptr<ServedFrames>> ServedFrames::prepare(const schema::TapeReader& tape,
                                                            const ReplayWishes& wishes) {
  std::unique_ptr<ServedFrames> served(new ServedFrames(tape, wishes));
  auto connections = tape.connections();
  const auto first_seq = served->first_whole_seq();
  const auto end = served->first_frame({.from_ns = wishes.until_ns});
  if (!connections || !first_seq || !end) {
    return fail(!connections ? connections.error() : !first_seq ? first_seq.error() : end.error());
  }
  served->connections_ = *std::move(connections);
  served->first_seq_ = *first_seq;
  const bool has_end = wishes.until_ns <= tape.summary().last_ns && *end;
  served->last_seq_ = has_end ? (*end)->seq - 1 : tape.summary().frame_count;
  const auto last = served->frame(served->last_seq_);
  if (!last) {
    return fail(last.error());
  }
  served->pass_ns_ =
      std::max<std::int64_t>(saturating_distance(wishes.timeline.from_ns, last->recv_ns), 0);
  return served;
}

Result<std::unique_ptr<port::FrameSource>> ServedFrames::open() {
  return open_passes({}, [this] { return open_pass(first_seq_, true); });
}

Result<std::unique_ptr<port::FrameSource>> ServedFrames::reopen(
    const replayer::Position& position) {
  if (position.seq == 0 || last_seq_ == 0) {
    return open();
  }
  const std::uint64_t passes_over = (position.seq - 1) / last_seq_;
  const std::uint64_t next_seq = std::max(seq_on_tape(position.seq) + 1, first_seq_);
  return open_passes({.passes_over = passes_over,
                      .time_over_ns = static_cast<std::int64_t>(passes_over) * pass_ns_,
                      .seq_over = passes_over * last_seq_},
                     [this, next_seq, needs_state = position.needs_state, begun = false]() mutable {
                       return std::exchange(begun, true) ? open_pass(first_seq_, true)
                                                         : open_pass(next_seq, needs_state);
                     });
}

Result<std::unique_ptr<port::FrameSource>> ServedFrames::open_state(std::uint64_t seq) {
  auto state = state_before(seq == 0 ? first_seq_ : seq_on_tape(seq) + 1, nullptr);
  return state ? edited(*std::move(state), wishes_.edits) : std::move(state);
}

Result<std::unique_ptr<port::FrameSource>> ServedFrames::open_passes(
    const replayer::LoopStart& start, port::FrameSourceFactory open) {
  // What is told at the beginning of a pass is no reason to begin a pass without a frame again.
  const std::uint64_t passes = first_seq_ > last_seq_ ? 1 : wishes_.passes;
  std::unique_ptr<port::FrameSource> frames =
      edited(std::make_unique<replayer::LoopedSource>(std::move(open), passes,
                                                      wishes_.timeline.from_ns, start),
             wishes_.edits);
  if (wishes_.faithful) {
    return frames;
  }
  return std::unique_ptr<port::FrameSource>(
      std::make_unique<replayer::SeamlessSource>(std::move(frames), left_out_));
}

Result<std::unique_ptr<port::FrameSource>> ServedFrames::open_pass(std::uint64_t first_seq,
                                                                   bool needs_state) {
  auto frames = open_range(tape_, {.first_seq = first_seq, .last_seq = last_seq_}, wishes_.chunks);
  if (!frames || !needs_state || first_seq == 1) {
    return frames;
  }
  if (wishes_.faithful && first_seq <= last_seq_) {
    const auto before = frame(first_seq - 1);
    const auto first = frame(first_seq);
    if (!before || !first) {
      return fail(!before ? before.error() : first.error());
    }
    if (before->connection_id != first->connection_id) {
      return frames;  // the recorded connection begins with all of it
    }
  }
  return state_before(first_seq, *std::move(frames));
}

Result<std::unique_ptr<port::FrameSource>> ServedFrames::state_before(
    std::uint64_t seq, std::unique_ptr<port::FrameSource> rest) {
  auto like = frame(seq - 1);
  auto blocks = state_.blocks_after(seq - 1);
  if (!like || !blocks) {
    return fail(!like ? like.error() : blocks.error());
  }
  like->recv_ns = before_all_ns;
  return std::unique_ptr<port::FrameSource>(
      std::make_unique<replayer::PrefacedSource>(*std::move(blocks), *like, std::move(rest)));
}

Result<std::optional<replayer::Position>> ServedFrames::find_event_id(std::string_view id) const {
  auto frames = tape_.frames({.first_seq = first_seq_, .last_seq = last_seq_});
  if (!frames) {
    return fail(frames.error());
  }
  for (;;) {
    const auto frame = (*frames)->next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      return std::optional<replayer::Position>();
    }
    if (sets_event_id(**frame, id)) {
      return std::optional(replayer::Position{.seq = (*frame)->seq, .at_ns = (*frame)->recv_ns});
    }
  }
}

replayer::Loss ServedFrames::loss_between(std::uint32_t connection_id,
                                          std::uint32_t next_connection_id) const {
  const auto connection = std::ranges::find(connections_, connection_id, &schema::Connection::id);
  const auto next = std::ranges::find(connections_, next_connection_id, &schema::Connection::id);
  replayer::Loss loss;
  if (next != connections_.end()) {
    loss.at_ns = loss.until_ns = next->start.opened_ns;
  }
  if (connection != connections_.end() && connection->end) {
    loss.at_ns = connection->end->closed_ns;
    loss.until_ns = std::max(loss.at_ns, loss.until_ns);
    loss.broken = connection->end->end == port::ConnectionEnd::broken;
  }
  return loss;
}

Place ServedFrames::on_tape(const replayer::Moment& moment) const {
  if (moment.seq == 0 || last_seq_ == 0) {
    return {.seq = first_seq_ - 1, .at_ns = moment.at_ns};
  }
  const auto passes_over = static_cast<std::int64_t>((moment.seq - 1) / last_seq_);
  return {.seq = seq_on_tape(moment.seq), .at_ns = moment.at_ns - passes_over * pass_ns_};
}

std::uint64_t ServedFrames::seq_on_tape(std::uint64_t seq) const {
  return seq == 0 || last_seq_ == 0 ? 0 : (seq - 1) % last_seq_ + 1;
}

/// The first frame of a range, without its bytes; nothing: there is none.
Result<std::optional<port::Frame>> ServedFrames::first_frame(
    const schema::FrameRange& range) const {
  auto frames = tape_.frames(range);
  if (!frames) {
    return fail(frames.error());
  }
  auto frame = (*frames)->next();
  if (frame && *frame) {
    (*frame)->raw = std::string_view();
  }
  return frame;
}

/// A frame without its bytes; an empty one where there is none.
Result<port::Frame> ServedFrames::frame(std::uint64_t seq) const {
  const auto frame = first_frame({.first_seq = seq, .last_seq = seq});
  if (!frame) {
    return fail(frame.error());
  }
  return frame->value_or(port::Frame());
}

/// The first frame from the beginning that is asked for on which does not go on with a block that
/// began before it.
Result<std::uint64_t> ServedFrames::first_whole_seq() const {
  if (wishes_.timeline.from_ns == 0) {
    return std::uint64_t{1};
  }
  const auto first = first_frame({.from_ns = wishes_.timeline.from_ns});
  if (!first) {
    return fail(first.error());
  }
  std::uint64_t seq = *first ? (*first)->seq : tape_.summary().frame_count + 1;
  for (;; ++seq) {
    const auto before = frame(seq - 1);
    const auto at = frame(seq);
    if (!before || !at) {
      return fail(!before ? before.error() : at.error());
    }
    const bool goes_on = !before->complete && before->connection_id == at->connection_id;
    if (!goes_on) {
      return seq;
    }
  }
}

}  // namespace tapedeck::cli
