// The reducer's part for rosters: handleParticipantCreate and its kin of infinityClient.js.
#include <utility>

#include "core/state/reducer.hpp"

namespace tapedeck::state {
namespace {

/// What a participant takes beside its payload: the nodes of a JsMap, and the key in one of them.
std::size_t entry_bytes(const Value& uuid) {
  constexpr std::size_t nodes = sizeof(StoredParticipant) + 256;
  return nodes + (uuid.is_string() ? uuid.as_string().size() : 0);
}

}  // namespace

void Reducer::sync_begin(const Value& room_id) {
  Room& room = room_of(room_id);
  room.syncing = true;
  clear_participants(room);
  changed("roster", room_id, {}, Value::array({}));
}

void Reducer::sync_end(const Value& room_id) {
  Room* room = find_room(room_id);
  if (room != nullptr) {
    room->syncing = false;
  }
  if (policy_.sync_is_silent) {
    emit_list(room_id, room);
  }
}

void Reducer::create(const Value& room_id, const Value& payload) {
  const Participant participant = participant_of(payload);
  const bool self = is_self(room_id, participant.uuid());
  if (self) {
    take_service_type(participant);
  }
  Room& room = room_of(room_id);
  store(room, participant, room.participants.get(JsKey(participant.uuid())));
  if (policy_.sync_is_silent && room.syncing) {
    return;
  }
  if (self) {
    emit_participant(Signal::onMe, room_id, participant);
  }
  emit_participant(Signal::onParticipantJoined, room_id, participant);
  if (policy_.lists_every_change) {
    emit_list(room_id, &room);
  }
}

void Reducer::update(const Value& room_id, const Value& payload) {
  const Participant participant = participant_of(payload);
  Room* known_room = find_room(room_id);
  StoredParticipant* const known =
      known_room == nullptr ? nullptr : known_room->participants.get(JsKey(participant.uuid()));
  if (known == nullptr && policy_.ignores_unknown_update) {
    return ignore("the participant is not in the roster");
  }
  const bool self = is_self(room_id, participant.uuid());
  before_update(room_id, participant, self, known);
  Room& room = known_room == nullptr ? room_of(room_id) : *known_room;
  store(room, participant, known);
  after_update(room_id, participant, self, room);
}

/// `known` is how it was stored until now.
void Reducer::before_update(const Value& room_id, const Participant& participant, bool self,
                            const StoredParticipant* known) {
  if (self) {
    const bool mute_changed = known == nullptr || participant.is_muted() != known->is_muted;
    if (participant.can_mute() && mute_changed) {
      emit_value(Signal::onMyselfMuted, Value::boolean(participant.is_muted()));
    }
    take_service_type(participant);
  } else if (known != nullptr && participant.raised_hand() != known->raised_hand) {
    emit_participant(Signal::onRaiseHand, room_id, participant);
  }
}

void Reducer::after_update(const Value& room_id, const Participant& participant, bool self,
                           Room& room) {
  if (self) {
    emit_participant(Signal::onMe, room_id, participant);
  }
  if (policy_.emits_updated) {
    emit_participant(Signal::onParticipantUpdated, room_id, participant);
  }
  if (policy_.lists_every_change) {
    emit_list(room_id, &room);
  }
}

std::optional<Outcome> Reducer::apply_changes(const event::WireEvent& event, std::int64_t wall_ns) {
  if (event.kind != event::Kind::participant_update || !options_.only_changes ||
      state_.disconnect) {
    return std::nullopt;
  }
  KeptPayloads::Kept* const kept = kept_payloads_.find(event.data);
  if (kept == nullptr || !kept_payloads_.find_changes(*kept, event.data) || !may_change(*kept)) {
    return std::nullopt;
  }
  start_event(event, wall_ns);
  change(*kept, event.data);
  finish_event();
  return outcome_;
}

/// Whether the changes found are such that a client takes them without throwing, and within limits.
bool Reducer::may_change(const KeptPayloads::Kept& kept) const {
  std::size_t after = 0;
  for (const KeptPayloads::Change& change : kept_payloads_.changes()) {
    after += event::copy_size(change.value).bytes();
    const auto field = kept.fields->of_members[change.member];
    const bool is_of_name =
        field == ParticipantField::uri || field == ParticipantField::display_name;
    if (is_of_name && !(change.value.is_string() && truthy(change.value))) {
      return false;
    }
  }
  // To know what makes room for them costs more than to decode where there is so little.
  return kept_bytes_ + after <= options_.state_bytes_max;
}

/// What update() does: the changes found are in `text`, and in the state afterwards.
void Reducer::change(KeptPayloads::Kept& kept, std::string_view text) {
  StoredParticipant& stored = *kept.stored;
  const bool was_muted = stored.is_muted;
  const bool had_raised_hand = stored.raised_hand;
  const std::size_t bytes = stored.payload.bytes();
  for (const KeptPayloads::Change& change : kept_payloads_.changes()) {
    stored.payload.set_member(change.member, change.value);
    const auto field = kept.fields->of_members[change.member];
    if (field == ParticipantField::is_muted) {
      stored.is_muted = change.value.is_text("YES");
    } else if (field == ParticipantField::buzz_time) {
      stored.raised_hand = to_number(change.value) > 0;
    }
  }
  account(bytes, stored.payload.bytes());
  kept_payloads_.replace(kept, text);
  // Not before all are in it: a string that outgrows its place may move the keys as well.
  const auto members = stored.payload->members();
  changed_.clear();
  for (const KeptPayloads::Change& change : kept_payloads_.changes()) {
    changed_.push_back({change.member, {members[change.member].key, change.value}});
  }
  few_changes_ = {kept.uuid_in(text), changed_};

  const Value room_id = Value::string(main_room);
  const bool self = is_self(room_id, Value::string(few_changes_->uuid));
  if (!self && !options_.signals && !options_.digest && !policy_.lists_every_change) {
    return;
  }
  const Participant participant(*stored.payload, policy_, kept.fields->places);
  const StoredParticipant known{{}, was_muted, had_raised_hand};
  before_update(room_id, participant, self, &known);
  if (options_.digest) {
    kept_participant_changed(room_id, participant, kept);
  }
  after_update(room_id, participant, self, state_.main());
}

void Reducer::remove(const Value& room_id, const Value& uuid) {
  Room* room = find_room(room_id);
  StoredParticipant* known = room == nullptr ? nullptr : room->participants.get(JsKey(uuid));
  if (known == nullptr) {
    return ignore("the participant is not in the roster");
  }
  if (truthy(uuid)) {
    account(known->payload.bytes() + entry_bytes(uuid), 0);
    kept_payloads_.forget(uuid);
    left_ = std::move(known->payload);
    room->participants.remove(JsKey(uuid));
  } else {
    left_ = OwnedValue(*known->payload);
    clear_participants(*room);  // without a uuid the client's map takes the whole room
  }
  changed("participant", room_id, uuid, {});
  emit_participant(Signal::onParticipantLeft, room_id, Participant(*left_, policy_));
  if (policy_.lists_every_change) {
    emit_list(room_id, room);
  }
}

Participant Reducer::participant_of(const Value& payload) {
  if (origin_.keys == 0) {
    return Participant(payload, policy_);
  }
  if (origin_.keys != field_keys_) {
    field_places_.emplace(payload);
    field_keys_ = origin_.keys;
  }
  return Participant(payload, policy_, *field_places_);
}

/// `stored` is how it was stored until now, null where it was not.
void Reducer::store(Room& room, const Participant& participant, StoredParticipant* stored) {
  const event::CopySize size =
      origin_.keys != 0 ? origin_.size : event::copy_size(participant.payload());
  if (stored != nullptr) {
    account(stored->payload.bytes(), size.bytes());
  } else {
    account(0, size.bytes() + entry_bytes(participant.uuid()));
    stored = &room.participants.set(JsKey(participant.uuid()), {});
  }
  stored->payload.assign(participant.payload(), size, origin_);
  stored->is_muted = participant.is_muted();
  stored->raised_hand = participant.raised_hand();
  if (options_.only_changes && room.id->is_text(main_room)) {
    kept_payloads_.keep(participant.payload(), origin_, *stored);
  }
  if (options_.digest) {
    participant_changed(*room.id, participant);
  }
}

void Reducer::clear_participants(Room& room) {
  std::size_t bytes = 0;
  room.participants.for_each([&](const StoredParticipant& stored) {
    bytes += stored.payload.bytes() + entry_bytes((*stored.payload)["uuid"]);
  });
  account(bytes, 0);
  if (room.id->is_text(main_room)) {
    kept_payloads_.clear();
  }
  room.participants.clear();
}

void Reducer::emit_participant(Signal signal, const Value& room_id,
                               const Participant& participant) {
  emit(signal, [&] {
    return object({{"id", room_id}, {"participant", participant.to_value(policy_.client, arena_)}});
  });
}

void Reducer::emit_list(const Value& room_id, const Room* room) {
  if (room != nullptr && room->participants.size() > options_.roster_listed_max) {
    outcome_.limit = Limit::roster;
    return;
  }
  emit(Signal::onParticipants, [&] {
    std::vector<Value> all;
    if (room != nullptr) {
      room->participants.for_each([&](const StoredParticipant& stored) {
        const Participant participant(*stored.payload, policy_);
        all.push_back(participant.to_value(policy_.client, arena_));
      });
    }
    return object({{"id", room_id},
                   {"participants", Value::array(arena_.copy(std::span<const Value>(all)))}});
  });
}

bool Reducer::is_self(const Value& room_id, const Value& uuid) const {
  if (room_id.is_text(main_room)) {
    const bool known = !policy_.checks_ids || !is_blank(state_.join.self);
    return strictly_equal(uuid, known ? Value::string(state_.join.self) : Value());
  }
  const Room* room = truthy(room_id) ? state_.rooms.get(JsKey(room_id)) : nullptr;
  return strictly_equal(uuid, room == nullptr ? Value() : (*room->breakout)["participant_uuid"]);
}

void Reducer::take_service_type(const Participant& participant) {
  const Value& service_type = participant[ParticipantField::service_type];
  if (!truthy(service_type)) {
    return;
  }
  state_.service_type = OwnedValue(service_type);
  changed("service_type", {}, {}, service_type);
  emit_value(Signal::onServiceType, service_type);
}

}  // namespace tapedeck::state
