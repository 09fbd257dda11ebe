#include "cli/replay_frames.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <utility>

#include "cli/conference_tape.hpp"
#include "core/base/limits.hpp"
#include "core/base/saturating.hpp"
#include "core/event/decoder.hpp"
#include "core/event/kind.hpp"
#include "core/sse/message_parser.hpp"
#include "core/state/javascript.hpp"
#include "core/state/restore.hpp"
#include "core/state/snapshot.hpp"
#include "core/state/state_json.hpp"
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

/// Whether a block brings an event of this name; `heed` is told of its data.
bool brings(const port::Frame& frame, std::string_view event,
            const std::function<void(std::string_view data)>& heed = {}) {
  // memmem skips, which find() does not.
  if (::memmem(frame.raw.data(), frame.raw.size(), event.data(), event.size()) == nullptr) {
    return false;
  }
  sse::MessageParser parser;
  parser.push(frame.raw);
  while (const auto parsed = parser.next()) {
    if (parsed->kind == sse::Parsed::Kind::message && parsed->message.event == event) {
      if (heed) {
        heed(parsed->message.data);
      }
      return true;
    }
  }
  return false;
}

/// How many events of this name have come; of names that might be it where there are too many to
/// keep apart.
std::uint64_t count_of(std::string_view name, const state::Counts& counts) {
  const event::Kind kind = event::kind_of(name);
  const std::uint64_t of_kind = counts.by_kind[static_cast<std::size_t>(kind)];
  if (kind != event::Kind::unknown || name.size() > limits::unknown_name_bytes_max) {
    return of_kind;
  }
  const auto found = counts.unknown.find(name);
  return found != counts.unknown.end()                       ? found->second
         : counts.unknown.size() < limits::unknown_names_max ? 0
                                                             : of_kind;
}

/// Notes where the one-time tokens of transfers are, as they are played.
class TransferNotes final : public port::FrameSource {
 public:
  using Transfers = std::map<std::string, replayer::Position, std::less<>>;

  /// `transfers` must outlive it.
  TransferNotes(std::unique_ptr<port::FrameSource> source, Transfers& transfers)
      : source_(std::move(source)), transfers_(transfers) {}

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    auto frame = source_->next();
    if (frame && *frame) {
      brings(**frame, "refer", [&](std::string_view data) {
        const event::Decoded payload = decoder_.decode(data);
        if (const event::Value token = payload.value["token"]; payload.ok() && token.is_string()) {
          transfers_[std::string(token.as_string())] = {.seq = (*frame)->seq,
                                                        .at_ns = (*frame)->recv_ns};
        }
      });
    }
    return frame;
  }

 private:
  std::unique_ptr<port::FrameSource> source_;
  Transfers& transfers_;
  event::Decoder decoder_;
};

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
                                                            const ReplayWishes& wishes,
                                                            TapeMarks marks) {
  std::unique_ptr<ServedFrames> served(new ServedFrames(tape, wishes, std::move(marks)));
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
  if (!position.known_seq && (position.seq == 0 || last_seq_ == 0)) {
    return open();
  }
  const std::uint64_t passes_over = position.seq == 0 ? 0 : (position.seq - 1) / last_seq_;
  const std::uint64_t next_seq = std::max(seq_on_tape(position.seq) + 1, first_seq_);
  return open_passes({.passes_over = passes_over,
                      .time_over_ns = static_cast<std::int64_t>(passes_over) * pass_ns_,
                      .seq_over = passes_over * last_seq_},
                     [this, next_seq, position, begun = false]() mutable {
                       return std::exchange(begun, true) ? open_pass(first_seq_, true)
                              : position.known_seq ? change_before(next_seq, *position.known_seq)
                                                   : open_pass(next_seq, position.needs_state);
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
  if (wishes_.destination != Destination::server) {
    return frames;
  }
  frames = std::make_unique<TransferNotes>(std::move(frames), transfers_);
  if (wishes_.faithful) {
    return frames;
  }
  return std::unique_ptr<port::FrameSource>(
      std::make_unique<replayer::SeamlessSource>(std::move(frames), left_out_));
}

Result<std::unique_ptr<port::FrameSource>> ServedFrames::open_pass(std::uint64_t first_seq,
                                                                   bool needs_state) {
  auto frames = open_range(tape_, {.first_seq = first_seq, .last_seq = last_seq_}, wishes_.chunks);
  if (!frames || !needs_state || first_seq == 1 || wishes_.destination != Destination::server) {
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

Result<std::unique_ptr<port::FrameSource>> ServedFrames::change_before(std::uint64_t seq,
                                                                       std::uint64_t known_seq) {
  auto rest = open_range(tape_, {.first_seq = seq, .last_seq = last_seq_}, wishes_.chunks);
  if (!rest || wishes_.destination != Destination::server) {
    return rest;
  }
  auto like = frame(seq - 1);
  const auto known = known_.state_after(seq_on_tape(known_seq));
  const auto state = state_.state_after(seq - 1);
  if (!like || !known || !state) {
    return fail(!like ? like.error() : !known ? known.error() : state.error());
  }
  const state::State nothing;
  auto blocks = *known == nullptr && *state == nullptr
                    ? std::vector<std::string>()
                    : state::transition_blocks(*known != nullptr ? **known : nothing,
                                               *state != nullptr ? **state : nothing);
  like->recv_ns = before_all_ns;
  return std::unique_ptr<port::FrameSource>(
      std::make_unique<replayer::PrefacedSource>(std::move(blocks), *like, *std::move(rest)));
}

std::uint64_t ServedFrames::pass_of(std::int64_t at_ns) const {
  const std::int64_t since_ns = saturating_distance(wishes_.timeline.from_ns, at_ns);
  if (since_ns <= 0 || pass_ns_ == 0) {
    return 0;
  }
  const std::uint64_t last =
      wishes_.passes == 0 ? std::numeric_limits<std::uint64_t>::max() : wishes_.passes - 1;
  // The end of a pass is the beginning of the next one, and belongs to the first.
  return std::min(static_cast<std::uint64_t>((since_ns - 1) / pass_ns_), last);
}

std::int64_t ServedFrames::tape_ns(std::int64_t at_ns) const {
  return at_ns - static_cast<std::int64_t>(pass_of(at_ns)) * pass_ns_;
}

std::int64_t ServedFrames::end_ns() const {
  return wishes_.timeline.from_ns + pass_ns_;
}

Result<replayer::Position> ServedFrames::place_at(std::int64_t at_ns) {
  const std::uint64_t pass = pass_of(at_ns);
  const std::int64_t moment_ns = std::clamp(tape_ns(at_ns), wishes_.timeline.from_ns, end_ns());
  const auto next = first_frame({.from_ns = moment_ns + 1});
  if (!next) {
    return fail(next.error());
  }
  const std::uint64_t seq = *next ? std::min((*next)->seq - 1, last_seq_) : last_seq_;
  auto place = behind(seq, pass);
  if (place) {
    place->at_ns = moment_ns + static_cast<std::int64_t>(pass) * pass_ns_;
  }
  return place;
}

Result<replayer::Position> ServedFrames::place_behind(std::uint64_t seq) {
  return behind(seq_on_tape(seq), seq == 0 || last_seq_ == 0 ? 0 : (seq - 1) / last_seq_);
}

Result<replayer::Position> ServedFrames::behind(std::uint64_t seq, std::uint64_t pass) const {
  // Who begins at --from is where that is; a block that goes on is not behind anybody.
  for (; seq >= first_seq_; --seq) {
    const auto at = frame(seq);
    const auto after = frame(seq + 1);
    if (!at || !after) {
      return fail(!at ? at.error() : after.error());
    }
    if (at->complete || seq == last_seq_ || at->connection_id != after->connection_id) {
      return replayer::Position{.seq = pass * last_seq_ + seq,
                                .at_ns = at->recv_ns + static_cast<std::int64_t>(pass) * pass_ns_};
    }
  }
  return replayer::Position{
      .seq = pass * last_seq_ + first_seq_ - 1,
      .at_ns = wishes_.timeline.from_ns + static_cast<std::int64_t>(pass) * pass_ns_};
}

Result<std::optional<replayer::Position>> ServedFrames::find_event(std::string_view event,
                                                                   std::uint64_t seq) {
  const std::uint64_t pass = seq == 0 || last_seq_ == 0 ? 0 : (seq - 1) / last_seq_;
  const std::uint64_t first = std::max(seq_on_tape(seq) + 1, first_seq_);
  auto found = find_event(event, first, last_seq_, pass);
  const bool is_last_pass = wishes_.passes != 0 && pass + 1 >= wishes_.passes;
  if (found && !*found && !is_last_pass) {
    found = find_event(event, first_seq_, std::min(first - 1, last_seq_), pass + 1);
  }
  return found;
}

Result<std::optional<replayer::Position>> ServedFrames::find_event(std::string_view event,
                                                                   std::uint64_t first_seq,
                                                                   std::uint64_t last_seq,
                                                                   std::uint64_t pass) {
  const auto passed_over = last_without(event, first_seq);
  if (!passed_over) {
    return fail(passed_over.error());
  }
  auto opened = tape_.frames({.first_seq = *passed_over + 1, .last_seq = last_seq});
  if (!opened) {
    return fail(opened.error());
  }
  const auto frames = edited(*std::move(opened), wishes_.edits);
  for (;;) {
    const auto frame = frames->next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      return std::optional<replayer::Position>();
    }
    ++frames_searched_;
    if (brings(**frame, event)) {
      auto place = behind((*frame)->seq - 1, pass);
      if (!place) {
        return fail(place.error());
      }
      place->at_ns = (*frame)->recv_ns + static_cast<std::int64_t>(pass) * pass_ns_;
      return std::optional(*place);
    }
  }
}

/// A checkpoint counts the events up to it: the first that has one more is found by halving.
Result<std::uint64_t> ServedFrames::last_without(std::string_view event, std::uint64_t first_seq) {
  const auto count_at = [&](std::uint64_t seq) -> Result<std::uint64_t> {
    const auto reducer = known_.recorded_after(seq);
    return reducer ? Result<std::uint64_t>(count_of(event, (*reducer)->state().counts))
                   : fail(reducer.error());
  };
  std::uint64_t without = first_seq - 1;
  std::uint64_t with = last_seq_ + 1;  // as far as is known
  std::optional<std::uint64_t> count;
  while (without + 1 < with) {
    const auto checkpoint =
        tape_.checkpoint_up_to(without + (with - without) / 2, state::snapshot_version);
    if (!checkpoint) {
      return fail(checkpoint.error());
    }
    if (!*checkpoint || (*checkpoint)->seq <= without) {
      break;
    }
    const auto before = count ? Result<std::uint64_t>(*count) : count_at(without);
    const auto here = count_at((*checkpoint)->seq);
    if (!before || !here) {
      return fail(!before ? before.error() : here.error());
    }
    count = *before;
    (*here == *count ? without : with) = (*checkpoint)->seq;
  }
  return without;
}

Result<std::string> ServedFrames::state_json(std::uint64_t seq) {
  if (!asked_) {
    state::Join join = recorded_join(tape_);
    join.self = wishes_.self.value_or(join.self);
    asked_.emplace(tape_, std::move(join));
  }
  const auto reducer = asked_->recorded_after(seq_on_tape(seq));
  if (!reducer) {
    return fail(reducer.error());
  }
  std::string text;
  append_state_json(text, **reducer);
  return text;
}

Result<std::optional<replayer::Glance>> ServedFrames::glance(std::uint64_t seq) {
  const auto known = known_.state_after(seq_on_tape(seq));
  if (!known) {
    return fail(known.error());
  }
  if (*known == nullptr) {
    return std::optional<replayer::Glance>();
  }
  const state::State& state = **known;
  replayer::Glance glance;
  state.rooms.for_each([&](const state::Room& room) {
    glance.participants += room.participants.size();
    glance.breakouts += !room.id->is_text(state::main_room) && room.is_known() ? 1 : 0;
  });
  const state::Value presentation = *state.main().presentation;
  if (presentation.is_object()) {
    const state::Value name = presentation["presenter_name"];
    glance.presenter = name.is_string() ? std::string(name.as_string()) : "somebody";
  }
  const state::Value status = *state.main().status;
  glance.locked = status.is_object() && state::truthy(status["locked"]);
  return std::optional(std::move(glance));
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

Result<std::optional<replayer::Position>> ServedFrames::find_transfer(
    std::string_view token) const {
  const auto found = transfers_.find(token);
  if (found == transfers_.end()) {
    return std::optional<replayer::Position>();
  }
  replayer::Position position = found->second;
  const std::uint64_t seq = seq_on_tape(position.seq);
  const auto refer = frame(seq);
  const auto next = frame(seq + 1);
  if (!refer || !next) {
    return fail(!refer ? refer.error() : next.error());
  }
  // Where the recorded client went too, the connection that follows tells all that is to be known.
  position.needs_state = seq == last_seq_ || next->connection_id == refer->connection_id;
  return std::optional(position);
}

std::int64_t ServedFrames::connected_ns(const replayer::Moment& moment) const {
  const std::uint64_t seq = on_tape(moment).seq;
  const auto next = frame(seq < last_seq_ ? seq + 1 : seq);
  const auto connection =
      std::ranges::find(connections_, next ? next->connection_id : 0, &schema::Connection::id);
  return connection == connections_.end() ? 0 : connection->start.opened_ns;
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
