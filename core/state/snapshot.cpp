#include "core/state/snapshot.hpp"

#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "core/base/limits.hpp"
#include "core/state/conference_status.hpp"
#include "core/state/value_bytes.hpp"

namespace tapedeck::state {

// The counts are written by their places.
static_assert(event::kinds == 35, "another kind of events is another snapshot_version");

/// Knows what a derivation and its reducer keep from one frame to the next.
class Snapshot {
 public:
  static std::optional<std::string> take(const Derivation& derivation, SnapshotDigest digest);
  static Result<std::unique_ptr<Derivation>> restore(std::string_view snapshot, Join join,
                                                     const ReducerOptions& options);

 private:
  using Border = sse::MessageParser::Border;

  /// The parts of a room in the order in which they stand.
  static constexpr std::array parts{&Room::status,       &Room::stage,    &Room::layout,
                                    &Room::presentation, &Room::captions, &Room::breakout};

  static void write_head(ValueWriter& out, const Derivation& derivation, const Border& border,
                         SnapshotDigest digest);
  static void write_state(ValueWriter& out, const State& state);
  static void write_counts(ValueWriter& out, const Counts& counts);
  static void write_room(ValueWriter& out, const Room& room);

  Snapshot(std::string_view bytes, Derivation& derivation)
      : in_(bytes), derivation_(derivation), reducer_(derivation.reducer_) {}

  Result<void> read_head(const ReducerOptions& options);
  Result<void> read();
  void read_client();
  void read_state();
  void read_disconnect();
  void read_counts();
  void read_chat();
  void read_rooms();
  void read_room(bool is_main);

  OwnedValue owned() {
    arena_.clear();
    return OwnedValue(in_.value(arena_));
  }
  /// Counted as the reducer counts it.
  void keep(OwnedValue& where) {
    arena_.clear();
    reducer_.keep(where, in_.value(arena_));
  }
  std::uint32_t id() {
    return static_cast<std::uint32_t>(in_.number_up_to(std::numeric_limits<std::uint32_t>::max()));
  }
  Link link() { return static_cast<Link>(in_.number_up_to(static_cast<unsigned>(Link::failed))); }

  ValueReader in_;
  Derivation& derivation_;
  Reducer& reducer_;
  event::Arena arena_;
};

// --- to bytes ---

std::optional<std::string> Snapshot::take(const Derivation& derivation, SnapshotDigest digest) {
  const auto border = derivation.reader_.border();
  const bool is_at_rest = derivation.begun_ && !derivation.turn_is_over_ &&
                          !derivation.stream_is_new_ && derivation.effect_ == RestEffect::none;
  if (!border || !is_at_rest) {
    return std::nullopt;
  }
  std::string bytes;
  ValueWriter out(bytes);
  write_head(out, derivation, *border, digest);
  const Reducer& reducer = derivation.reducer_;
  out.flag(reducer.has_presenter_);
  out.value(*reducer.current_breakout_);
  out.number(reducer.moves_.size());
  for (const OwnedValue& target : reducer.moves_) {
    out.value(*target);
  }
  write_state(out, reducer.state_);
  if (bytes.size() > limits::snapshot_bytes_max) {
    return std::nullopt;
  }
  return bytes;
}

void Snapshot::write_head(ValueWriter& out, const Derivation& derivation, const Border& border,
                          SnapshotDigest digest) {
  const Reducer& reducer = derivation.reducer_;
  const bool has_digest = reducer.options_.digest && digest == SnapshotDigest::as_derived;
  out.number(snapshot_version);
  out.text(reducer.policy_.name);
  out.text(reducer.state_.join.self);
  out.text(reducer.state_.join.service_type);
  out.flag(has_digest);
  if (has_digest) {
    out.number(reducer.digest_.high);
    out.number(reducer.digest_.low);
  }
  out.number(derivation.place_.seq);
  out.number(derivation.place_.connection_id);
  out.signed_number(derivation.place_.recv_ns);
  out.number(static_cast<std::uint64_t>(border.place));
  out.text(border.last_event_id);
}

void Snapshot::write_state(ValueWriter& out, const State& state) {
  out.value(*state.service_type);
  out.number(state.seq);
  out.signed_number(state.t_ns);
  out.number(state.connection_id);
  out.flag(state.disconnect.has_value());
  if (const auto& disconnect = state.disconnect) {
    out.value(*disconnect->reason);
    out.number(disconnect->seq);
    out.signed_number(disconnect->t_ns);
  }
  out.flag(state.call.has_value());
  if (const auto& call = state.call) {
    out.number(static_cast<std::uint64_t>(call->send));
    out.number(static_cast<std::uint64_t>(call->recv));
  }
  out.value(*state.transfer);
  out.value(*state.splash_screen);
  write_counts(out, state.counts);
  out.number(state.chat.size());
  for (const ChatMessage& message : state.chat) {
    out.number(message.seq);
    out.flag(message.is_text);
    out.value(*message.message);
  }
  out.number(state.rooms.size());
  state.rooms.for_each([&](const Room& room) { write_room(out, room); });
}

void Snapshot::write_counts(ValueWriter& out, const Counts& counts) {
  for (const std::uint64_t count : counts.by_kind) {
    out.number(count);
  }
  out.number(counts.unknown.size());
  for (const auto& [name, count] : counts.unknown) {
    out.text(name);
    out.number(count);
  }
  for (const std::uint64_t count : {counts.dropped, counts.over_limit, counts.connections,
                                    counts.chat, counts.token_refreshes}) {
    out.number(count);
  }
}

void Snapshot::write_room(ValueWriter& out, const Room& room) {
  out.value(*room.id);
  out.flag(room.syncing);
  for (const auto part : parts) {
    out.value(*(room.*part));
  }
  out.number(room.participants.size());
  room.participants.for_each(
      [&](const StoredParticipant& participant) { out.value(*participant.payload); });
}

// --- from bytes ---

Result<std::unique_ptr<Derivation>> Snapshot::restore(std::string_view snapshot, Join join,
                                                      const ReducerOptions& options) {
  ReducerOptions silent = options;
  silent.digest = false;  // until all is as it was
  auto derivation = std::make_unique<Derivation>(std::move(join), silent);
  Snapshot from(snapshot, *derivation);
  if (auto read = from.read_head(options); !read) {
    return fail(read.error());
  }
  try {
    if (auto read = from.read(); !read) {
      return fail(read.error());
    }
  } catch (const Thrown& thrown) {
    return fail_damaged("the snapshot holds what no client keeps: " + std::string(thrown.why));
  } catch (const Reducer::NoRoom&) {
    return fail_damaged("the snapshot holds more than a state may have");
  }
  Reducer& reducer = derivation->reducer_;
  reducer.start_step();
  reducer.options_.digest = options.digest;
  derivation->begun_ = true;
  return derivation;
}

Result<void> Snapshot::read_head(const ReducerOptions& options) {
  const Join& join = reducer_.state_.join;
  if (const std::uint64_t version = in_.number(); version != snapshot_version) {
    return fail_damaged("the snapshot is of version " + std::to_string(version) +
                        ", and this one knows " + std::to_string(snapshot_version));
  }
  if (in_.text() != reducer_.policy_.name) {
    return fail_damaged("the snapshot is of another client than " +
                        std::string(reducer_.policy_.name));
  }
  const bool is_same_self = in_.text() == join.self;
  if (in_.text() != join.service_type || !is_same_self) {
    return fail_damaged("the snapshot is of somebody else who joined");
  }
  if (in_.flag()) {
    reducer_.digest_.high = in_.number();
    reducer_.digest_.low = in_.number();
  } else if (options.digest) {
    return fail_damaged("the snapshot has no digest");
  }
  return {};
}

Result<void> Snapshot::read() {
  event::FramePlace& place = derivation_.place_;
  place.seq = in_.number();
  place.connection_id = id();
  place.recv_ns = in_.signed_number();
  Border border;
  border.place =
      static_cast<Border::Place>(in_.number_up_to(static_cast<unsigned>(Border::Place::after_cr)));
  border.last_event_id = in_.text();
  derivation_.reader_.resume(place, border);
  read_client();
  read_state();
  if (in_.failed() || !in_.at_end()) {
    return fail_damaged("the snapshot is damaged");
  }
  return {};
}

void Snapshot::read_client() {
  reducer_.has_presenter_ = in_.flag();
  reducer_.current_breakout_ = owned();
  for (std::size_t left = in_.count(); left != 0; --left) {
    OwnedValue target = owned();
    reducer_.account(0, target.bytes() + sizeof(OwnedValue));
    reducer_.moves_.push_back(std::move(target));
  }
}

void Snapshot::read_state() {
  State& state = reducer_.state_;
  state.service_type = owned();
  state.seq = in_.number();
  state.t_ns = in_.signed_number();
  state.connection_id = id();
  read_disconnect();
  keep(state.transfer);
  keep(state.splash_screen);
  read_counts();
  read_chat();
  read_rooms();
}

void Snapshot::read_disconnect() {
  State& state = reducer_.state_;
  if (in_.flag()) {
    Disconnect& disconnect = state.disconnect.emplace();
    disconnect.reason = owned();
    disconnect.seq = in_.number();
    disconnect.t_ns = in_.signed_number();
  }
  state.call.reset();
  if (in_.flag()) {
    PresentationLinks& call = state.call.emplace();
    call.send = link();
    call.recv = link();
  }
}

void Snapshot::read_counts() {
  Counts& counts = reducer_.state_.counts;
  for (std::uint64_t& count : counts.by_kind) {
    count = in_.number();
  }
  for (std::uint64_t left = in_.number_up_to(limits::unknown_names_max); left != 0; --left) {
    const std::string_view name = in_.text();
    if (name.size() > limits::unknown_name_bytes_max) {
      return in_.fail();
    }
    counts.unknown.insert_or_assign(std::string(name), in_.number());
  }
  for (std::uint64_t* const count : {&counts.dropped, &counts.over_limit, &counts.connections,
                                     &counts.chat, &counts.token_refreshes}) {
    *count = in_.number();
  }
}

void Snapshot::read_chat() {
  for (std::uint64_t left = in_.number_up_to(limits::chat_log_max); left != 0; --left) {
    ChatMessage& message = reducer_.state_.chat.emplace_back();
    message.seq = in_.number();
    message.is_text = in_.flag();
    message.message = owned();
    reducer_.chat_bytes_ += message.message.bytes();
    if (in_.failed() || reducer_.chat_bytes_ > limits::chat_bytes_max) {
      return in_.fail();
    }
  }
}

void Snapshot::read_rooms() {
  const std::size_t rooms = in_.count();
  for (std::size_t i = 0; i < rooms && !in_.failed(); ++i) {
    read_room(i == 0);
  }
  if (rooms == 0) {
    in_.fail();
  }
}

void Snapshot::read_room(bool is_main) {
  const OwnedValue room_id = owned();
  const bool is_there = reducer_.find_room(*room_id) != nullptr;
  if (is_there != is_main) {
    return in_.fail();  // the main room is first and always there, and none is there twice
  }
  Room& room = reducer_.room_of(*room_id);
  room.syncing = in_.flag();
  for (const auto part : parts) {
    keep(room.*part);
  }
  if (!room.status->is_undefined()) {
    arena_.clear();
    (void)conference_status(*room.status, reducer_.policy_.client, arena_);  // throws where it can
  }
  for (std::size_t left = in_.count(); left != 0 && !in_.failed(); --left) {
    arena_.clear();
    const Value payload = in_.value(arena_);
    if (in_.failed()) {
      return;
    }
    const Participant participant(payload, reducer_.policy_);
    reducer_.store(room, participant, room.participants.get(JsKey(participant.uuid())));
  }
}

std::optional<std::string> snapshot_of(const Derivation& derivation, SnapshotDigest digest) {
  return Snapshot::take(derivation, digest);
}

Result<std::unique_ptr<Derivation>> derivation_from(std::string_view snapshot, Join join,
                                                    const ReducerOptions& options) {
  return Snapshot::restore(snapshot, std::move(join), options);
}

}  // namespace tapedeck::state
