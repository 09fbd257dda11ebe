#include "core/state/reducer.hpp"

#include <memory>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/limits.hpp"

namespace tapedeck::state {

using event::Kind;
using event::Member;
using event::Payload;

namespace {

/// What a room takes beside its participants and parts: the room and the nodes that hold it.
constexpr std::size_t room_overhead = sizeof(Room) + 256;

}  // namespace

Reducer::Reducer(Join join, const ReducerOptions& options)
    : policy_(policy_of(options.client)), options_(options) {
  state_.join = std::move(join);
}

void Reducer::start_step() {
  emitted_.clear();
  arena_.clear();
  left_ = OwnedValue();
  origin_ = {};
  outcome_ = {};
  change_.clear();
  kept_change_ = {};
  few_changes_.reset();
}

void Reducer::begin() {
  start_step();
  const Join& join = state_.join;
  state_.service_type = OwnedValue(Value::string(join.service_type));
  changed("service_type", {}, {}, *state_.service_type);
  emit_value(Signal::onServiceType, *state_.service_type);
  if (policy_.connected_by_stream) {
    emit_value(Signal::onConnected, {});
  }
  emit(Signal::onAuthenticatedWithConference, [&] {
    const Value token =
        policy_.authenticates_with_token ? Value::string(token_placeholder) : Value();
    return object({{"token", token},
                   {"conferenceAlias", Value::string(join.alias)},
                   {"conferenceName", Value::string(join.conference_name)}});
  });
  finish_step();
}

void Reducer::reconnect(std::uint32_t connection_id) {
  start_step();
  const bool is_first = state_.counts.connections == 0;
  state_.connection_id = connection_id;
  ++state_.counts.connections;
  if (!is_first && !state_.disconnect && policy_.connected_by_stream) {
    emit_value(Signal::onConnected, {});
  }
  finish_step();
}

void Reducer::start_event(const event::WireEvent& event, std::int64_t wall_ns) {
  start_step();
  state_.seq = event.seq;
  state_.t_ns = event.recv_ns;
  wall_ns_ = wall_ns;
  origin_ = event.origin;
  count(event);
}

void Reducer::finish_event() {
  if (outcome_.limit != Limit::none) {
    ++state_.counts.over_limit;
  }
  if (outcome_.fate == Fate::dropped) {
    ++state_.counts.dropped;
  }
  finish_step();
}

Outcome Reducer::apply(const event::WireEvent& event, std::int64_t wall_ns) {
  start_event(event, wall_ns);
  if (state_.disconnect) {
    outcome_ = {Fate::late, "the client has been disconnected"};
    return outcome_;
  }
  switch (event.payload) {
    case Payload::decoded:
      try {
        dispatch(event);
      } catch (const Thrown& thrown) {
        outcome_ = {Fate::dropped, thrown.why};
      } catch (const NoRoom&) {
        outcome_ = {Fate::left_out, {}, Limit::state_bytes};
      }
      break;
    case Payload::undecoded:
      check(false, "an event is decoded before it is applied");
      break;
    case Payload::empty:
      ignore("the event has no data");
      break;
    case Payload::not_json:
      outcome_ = {Fate::dropped, "the data is not JSON"};
      break;
    case Payload::too_deep:
      outcome_ = {Fate::left_out, {}, Limit::json_depth};
      break;
    case Payload::too_many:
      outcome_ = {Fate::left_out, {}, Limit::json_values};
      break;
    case Payload::too_long:
      outcome_ = {Fate::left_out, {}, Limit::data_bytes};
      break;
  }
  finish_event();
  return outcome_;
}

void Reducer::finish_step() {
  if (const std::string_view change = kept_change_.empty() ? change_ : kept_change_;
      !change.empty()) {
    digest_.chain(change);
  }
}

void Reducer::count(const event::WireEvent& event) {
  Counts& counts = state_.counts;
  ++counts.by_kind[static_cast<std::size_t>(event.kind)];
  if (event.kind != Kind::unknown) {
    return;
  }
  if (event.name.size() > limits::unknown_name_bytes_max) {
    return;
  }
  const auto known = counts.unknown.find(event.name);
  if (known != counts.unknown.end()) {
    ++known->second;
  } else if (counts.unknown.size() < limits::unknown_names_max) {
    counts.unknown.emplace(event.name, 1);
  }
}

void Reducer::dispatch(const event::WireEvent& event) {
  const Value& payload = event.value;
  const Value main = Value::string(main_room);
  switch (event.kind) {
    case Kind::presentation_start:
      return presentation_start(payload);
    case Kind::presentation_stop:
      return presentation_stop();
    case Kind::participant_create:
      return create(main, payload);
    case Kind::participant_update:
      return update(main, payload);
    case Kind::participant_delete:
      return remove(main, property(payload, "uuid"));
    case Kind::message_received:
      return message(main, payload);
    case Kind::conference_update:
      return main_conference_update(payload);
    case Kind::stage:
      return stage(payload);
    case Kind::layout:
      return layout(payload);
    case Kind::disconnect:
      return disconnect(payload);
    case Kind::call_disconnected:
      return call_disconnected(payload);
    case Kind::participant_sync_begin:
      return sync_begin(main);
    case Kind::participant_sync_end:
      return sync_end(main);
    case Kind::refer:
      return refer(payload);
    case Kind::cancel_refer:
      return cancel_refer(payload);
    case Kind::fecc:
      return emit_value(Signal::onFecc, payload);
    case Kind::refresh_token:
      return refresh_token();
    case Kind::live_captions:
      return live_captions(main, payload);
    case Kind::peer_disconnect:
      return emit_value(Signal::onPeerDisconnect, {});
    case Kind::new_offer:
      return emit_value(Signal::onNewOffer, property(payload, "sdp"));
    case Kind::update_sdp:
      return emit_value(Signal::onUpdateSdp, property(payload, "sdp"));
    case Kind::new_candidate:
      return new_candidate(payload);
    case Kind::splash_screen:
      return splash_screen(payload);
    case Kind::breakout_begin:
      return breakout_begin(payload);
    case Kind::breakout_event:
      return breakout_event(payload);
    case Kind::breakout_end:
      return breakout_end(payload);
    case Kind::breakout_refer:
      return breakout_refer(payload);
    case Kind::presentation_frame:
      return presentation_frame(payload);
    case Kind::presentation_ended:
    case Kind::on_hold:
    case Kind::bye:
    case Kind::incoming:
    case Kind::incoming_cancelled:
    case Kind::service_update:
    case Kind::unknown:
      outcome_ = {Fate::unheard, {}};
      return;
  }
}

void Reducer::refresh_token() {
  ++state_.counts.token_refreshes;
}

void Reducer::presentation_frame(const Value& payload) {
  (void)property(payload, "lastEventId");  // throws as the client does where there is no object
  outcome_ = {Fate::unheard, {}};
}

void Reducer::breakout_event(const Value& payload) {
  const Value room_id = property(payload, "breakout_uuid");
  if (policy_.checks_ids) {
    require_id(room_id, "breakout_uuid is missing or blank");
  }
  origin_ = {origin_.text, 0, {}};  // what comes now is a part of the payload
  const Value data = payload["data"];
  const Value name = payload["event"];
  switch (name.is_string() ? event::kind_of(name.as_string()) : Kind::unknown) {
    case Kind::participant_sync_begin:
      return sync_begin(room_id);
    case Kind::participant_create:
      return create(room_id, data);
    case Kind::participant_update:
      return update(room_id, data);
    case Kind::participant_delete:
      return remove(room_id, property(data, "uuid"));
    case Kind::participant_sync_end:
      return sync_end(room_id);
    case Kind::message_received:
      return message(room_id, data);
    case Kind::conference_update:
      return conference_update(room_id, data);
    case Kind::presentation_start:
      return breakout_presentation_start(room_id, data);
    case Kind::presentation_stop:
      return breakout_presentation_stop(room_id);
    case Kind::live_captions:
      if (strictly_equal(room_id, *current_breakout_)) {
        return live_captions(room_id, data);
      }
      set_part(&Room::captions, "captions", room_of(room_id), data);
      return ignore("the captions are of a room that the client is not in");
    case Kind::stage:
      set_part(&Room::stage, "stage", room_of(room_id), data);
      break;
    case Kind::layout:
      set_part(&Room::layout, "layout", room_of(room_id), data);
      break;
    default:
      break;
  }
  outcome_ = {Fate::unheard, "the client does not listen to this event of a breakout"};
}

Room& Reducer::room_of(const Value& room_id) {
  if (Room* found = find_room(room_id)) {
    return *found;
  }
  Room room;
  room.id = OwnedValue(room_id);
  account(0, 2 * room.id.bytes() + room_overhead);  // the key of the map is the id once more
  return state_.rooms.set(JsKey(room_id), std::move(room));
}

void Reducer::account(std::size_t before, std::size_t after) {
  const std::size_t bytes = kept_bytes_ - before + after;
  if (after > before && bytes > options_.state_bytes_max) {
    throw NoRoom{};
  }
  kept_bytes_ = bytes;
}

void Reducer::keep(OwnedValue& where, const Value& value) {
  OwnedValue copy(value);
  account(where.bytes(), copy.bytes());
  where = std::move(copy);
}

void Reducer::set_part(OwnedValue Room::*part, std::string_view name, Room& room,
                       const Value& payload) {
  keep(room.*part, payload);
  changed(name, *room.id, {}, payload);
}

void Reducer::changed(std::string_view name, const Value& room_id, const Value& key,
                      const Value& value) {
  if (!options_.digest) {
    return;
  }
  const Value parts[] = {Value::string(name), room_id, key, value};
  append_json(change_, Value::array(parts), {.without = raw_data_key});
  change_ += '\n';
}

namespace {

/// What stands in a change before the JSON of a participant, and behind it.
std::string change_head(const Value& room_id, const Participant& participant) {
  std::string head = R"(["participant",)";
  append_json(head, room_id, {.without = raw_data_key});
  head += ',';
  append_json(head, participant.uuid(), {.without = raw_data_key});
  head += ',';
  return head;
}
constexpr std::string_view change_tail = "]\n";

}  // namespace

void Reducer::participant_changed(const Value& room_id, const Participant& participant) {
  change_ += change_head(room_id, participant);
  append_json(change_, participant, policy_.client, arena_);
  change_ += change_tail;
}

void Reducer::kept_participant_changed(const Value& room_id, const Participant& participant,
                                       KeptPayloads::Kept& kept) {
  if (!kept_payloads_.update_json(kept, participant, policy_.client, arena_) &&
      !kept_payloads_.write_json(kept, participant, policy_.client, arena_,
                                 change_head(room_id, participant), change_tail)) {
    return participant_changed(room_id, participant);
  }
  if (change_.empty()) {
    kept_change_ = kept.json.text();
  } else {
    change_ += kept.json.text();
  }
}

Value Reducer::object(std::initializer_list<Member> members) {
  return Value::object(arena_.copy(std::span<const Member>(members.begin(), members.size())));
}

Value Reducer::text(std::string_view made) {
  return Value::string(arena_.copy(made));
}

}  // namespace tapedeck::state
