// The reducer: from wire events, in order, to the state of the conference and to the signals that a
// given version of @pexip/infinity emits for them.
//
// Pure: the same events give the same signals, states and digests, whatever the clock and the
// machine. The rules are those of the client's infinityClient.js and eventSource.js; where versions
// part, client_policy.hpp tells. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/limits.hpp"
#include "core/event/decoder.hpp"
#include "core/event/wire_event.hpp"
#include "core/state/client_policy.hpp"
#include "core/state/digest.hpp"
#include "core/state/kept_payloads.hpp"
#include "core/state/participant.hpp"
#include "core/state/rest_call.hpp"
#include "core/state/signal.hpp"
#include "core/state/state.hpp"

namespace tapedeck::state {

/// What became of an event in the client.
enum class Fate : std::uint8_t {
  handled,
  unheard,   ///< the client does not listen to it
  ignored,   ///< the client finds nothing to do; `why` tells
  dropped,   ///< the client throws and logs: the event has no further effect; `why` tells
  late,      ///< the client has been disconnected and listens no more
  left_out,  ///< not in the client: the event goes over a limit of tapedeck
};

/// How a participant_update that was not decoded whole differs from the payload of the same
/// participant before: in nothing but these members, none of which is an array or an object.
struct FewChanges {
  struct Change {
    std::size_t place = 0;  ///< among the members of the payload
    event::Member member;
  };
  std::string_view uuid;  ///< lies in the data of the event
  std::span<const Change> changes;
};

/// What went over a limit of tapedeck (core/base/limits.hpp), where the client has none.
enum class Limit : std::uint8_t {
  none,
  data_bytes,   ///< a line, or the data of a message
  json_depth,   ///< of the payload, or of the JSON in a chat message
  json_values,  ///< likewise
  state_bytes,  ///< ReducerOptions::state_bytes_max
  roster,       ///< handled, but the roster is too large to be listed
};

struct Outcome {
  Fate fate = Fate::handled;
  std::string_view why;  ///< a clause without subject or period, static; empty unless it says more
  Limit limit = Limit::none;
};

struct ReducerOptions {
  Client client = Client::client_20;
  bool signals = true;  ///< false: only the state is wanted
  bool digest = false;  ///< chain a digest over the changes of the state
  /// Remember payloads, so that what did not change in the next one need not be decoded: see
  /// apply_changes(). What comes of it is the same.
  bool only_changes = false;
  /// An event that would make the state larger is left out.
  std::size_t state_bytes_max = limits::state_bytes_max;
  /// A larger roster is not listed: Limit::roster.
  std::size_t roster_listed_max = limits::roster_listed_max;
};

class Reducer {
 public:
  explicit Reducer(Join join, const ReducerOptions& options = {});

  /// The join: request_token has been answered and the first event stream is open. Once, first.
  void begin();

  /// Another event stream is open; the client keeps what it knows.
  void reconnect(std::uint32_t connection_id);

  /// The next event; `wall_ns` is the recorded Unix time at which it came. What the event borrows
  /// must live until the signals have been read.
  Outcome apply(const event::WireEvent& event, std::int64_t wall_ns);

  /// Does what apply() would do with an event that is Payload::undecoded, where it is known without
  /// decoding all of it; nothing, and nothing has happened, where it is not. Only with
  /// ReducerOptions::only_changes.
  [[nodiscard]] std::optional<Outcome> apply_changes(const event::WireEvent& event,
                                                     std::int64_t wall_ns);

  /// The client did something by REST.
  void act(RestEffect effect);

  /// The client's turn of its event loop is over: what it put off for later happens now. Events
  /// that came with one network read are handled in one turn.
  void end_turn();

  /// What the last of the calls above emitted, in order; until the next of them.
  [[nodiscard]] std::span<const Emitted> signals() const { return emitted_; }

  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] const ClientPolicy& policy() const { return policy_; }

  /// Of the last event, where apply_changes has applied it; until the next call.
  [[nodiscard]] const std::optional<FewChanges>& few_changes() const { return few_changes_; }

  /// Over all changes of the state so far, in order; the same only for the same changes.
  [[nodiscard]] const Digest& digest() const { return digest_; }

 private:
  friend class Snapshot;

  /// Thrown by `account`, caught by `apply`.
  struct NoRoom {};

  void start_step();
  void start_event(const event::WireEvent& event, std::int64_t wall_ns);
  void finish_event();
  void finish_step();
  void count(const event::WireEvent& event);
  void dispatch(const event::WireEvent& event);
  void breakout_event(const Value& payload);

  // Participants (reducer_participants.cpp)
  void sync_begin(const Value& room_id);
  void sync_end(const Value& room_id);
  void create(const Value& room_id, const Value& payload);
  void update(const Value& room_id, const Value& payload);
  void before_update(const Value& room_id, const Participant& participant, bool self,
                     const StoredParticipant* known);
  void after_update(const Value& room_id, const Participant& participant, bool self, Room& room);
  [[nodiscard]] bool may_change(const KeptPayloads::Kept& kept) const;
  void change(KeptPayloads::Kept& kept, std::string_view text);
  void remove(const Value& room_id, const Value& uuid);
  [[nodiscard]] Participant participant_of(const Value& payload);
  void store(Room& room, const Participant& participant, StoredParticipant* stored);
  void emit_participant(Signal signal, const Value& room_id, const Participant& participant);
  void emit_list(const Value& room_id, const Room* room);
  [[nodiscard]] bool is_self(const Value& room_id, const Value& uuid) const;
  void take_service_type(const Participant& participant);

  // Chat, status, stage and the like (reducer_events.cpp)
  void message(const Value& room_id, const Value& payload);
  /// `JSON.parse(text)`, whatever it is; the value lives until the next call.
  [[nodiscard]] event::Decoded parse_json(const Value& text);
  void conference_update(const Value& room_id, const Value& payload);
  void refresh_token();
  void presentation_frame(const Value& payload);
  void main_conference_update(const Value& payload);
  void stage(const Value& payload);
  void layout(const Value& payload);
  void live_captions(const Value& room_id, const Value& payload);
  [[nodiscard]] Value speakers(const Value& room_id, const Value& sources);
  void refer(const Value& payload);
  void cancel_refer(const Value& payload);
  void breakout_begin(const Value& payload);
  void breakout_end(const Value& payload);
  void breakout_refer(const Value& payload);
  void splash_screen(const Value& payload);
  void new_candidate(const Value& payload);
  void disconnect(const Value& payload);
  /// The client leaves; where that is unexpected, onDisconnected tells why.
  void end_call(const Value& reason, bool is_unexpected);
  void call_disconnected(const Value& payload);

  // The presentation (reducer_presentation.cpp)
  void presentation_start(const Value& payload);
  void presentation_stop();
  void breakout_presentation_start(const Value& room_id, const Value& payload);
  void breakout_presentation_stop(const Value& room_id);
  void set_link(Link PresentationLinks::*direction, Link value);
  void receive_presentation(const Value& payload);
  void stop_receiving_presentation();
  void tear_down_call();
  [[nodiscard]] bool is_in_main_room() const { return current_breakout_->is_nullish(); }

  [[nodiscard]] Room* find_room(const Value& room_id) { return state_.rooms.get(JsKey(room_id)); }
  Room& room_of(const Value& room_id);
  void clear_participants(Room& room);
  /// Keeps `payload` in a part of a room.
  void set_part(OwnedValue Room::*part, std::string_view name, Room& room, const Value& payload);

  /// `make_payload` is asked only where signals are wanted.
  template <class MakePayload>
  void emit(Signal signal, MakePayload make_payload) {
    if (options_.signals) {
      emitted_.push_back({signal, make_payload()});
    }
  }
  void emit_value(Signal signal, const Value& payload) {
    emit(signal, [&] { return payload; });
  }
  /// Counts what is kept, `after` bytes in the place of `before`; throws `NoRoom` over the limit.
  void account(std::size_t before, std::size_t after);
  /// A copy of `value` takes the place of what is kept in `where`.
  void keep(OwnedValue& where, const Value& value);

  void ignore(std::string_view why) { outcome_ = {Fate::ignored, why}; }

  /// Adds to the digest that `name` of a room, or of the conference where `room_id` is undefined,
  /// is now `value`.
  void changed(std::string_view name, const Value& room_id, const Value& key, const Value& value);
  /// The same for one in the roster of a room.
  void participant_changed(const Value& room_id, const Participant& participant);
  /// The same where changes were found, and nothing else changes in this step after it.
  void kept_participant_changed(const Value& room_id, const Participant& participant,
                                KeptPayloads::Kept& kept);

  [[nodiscard]] Value object(std::initializer_list<event::Member> members);
  [[nodiscard]] Value text(std::string_view made);

  const ClientPolicy& policy_;
  ReducerOptions options_;
  State state_;
  Digest digest_;
  std::size_t kept_bytes_ = 0;  // of the state, its chat aside
  std::size_t chat_bytes_ = 0;

  // Of the client alone
  OwnedValue current_breakout_;    // currentBreakoutUuid
  bool has_presenter_ = false;     // currentPresenterUuid is set
  std::vector<OwnedValue> moves_;  // rooms of breakout_refer, to be followed at the turn's end

  KeptPayloads kept_payloads_;  // of participants of the main room

  // How the last participant was laid out, and all with the same keys are
  std::uint64_t field_keys_ = 0;
  std::optional<FieldPlaces> field_places_;

  // Of the current step
  std::optional<FewChanges> few_changes_;
  std::vector<FewChanges::Change> changed_;  // that it speaks of
  event::Origin origin_;                     // of the payload
  event::Arena arena_;
  std::vector<Emitted> emitted_;
  Outcome outcome_;
  OwnedValue left_;  // who left, for the signal
  std::int64_t wall_ns_ = 0;
  event::Decoder message_decoder_;
  std::string change_;
  std::string_view kept_change_;  // in the place of `change_`, where nothing else has changed
};

}  // namespace tapedeck::state
