#include "core/sim/conference.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/random.hpp"

namespace tapedeck::sim {
namespace {

constexpr std::string_view node_address = "192.0.2.10";  // of the block that documents use
constexpr std::string_view node_number = "7";

std::string block(std::string_view name, std::string_view data, std::string_view id) {
  std::string bytes;
  bytes.reserve(name.size() + data.size() + id.size() + 24);
  bytes.append("event: ").append(name);
  bytes.append("\ndata: ").append(data);
  bytes.append("\nid: ").append(id).append("\n\n");
  return bytes;
}

Participant identity(const Participant& host, const Room& room, std::int64_t wall_ns) {
  Participant control = host;
  control.uuid = identity_in(room.uuid, host.uuid);
  control.start_wall_ns = wall_ns;
  control.buzz_wall_ns = 0;
  control.controls_rooms = false;
  control.captions_shown = false;
  return control;
}

}  // namespace

std::string identity_in(std::string_view breakout_uuid, std::string_view host_uuid) {
  return derived_uuid(breakout_uuid, host_uuid);
}

Conference::Conference(std::string observer_uuid) {
  Room main;
  rooms_.emplace(main_room, std::move(main));
  Participant observer;
  observer.uuid = std::move(observer_uuid);
  observer.display_name = "Observer";
  observer.overlay_text = observer.display_name;
  observer.uri = observer.display_name;
  observer.vendor = "tapedeck";
  observer.role = Role::chair;
  observer.protocol = Protocol::api;
  observer.captions_shown = true;
  observer.controls_rooms = true;
  observer_ = join(main_room, std::move(observer));
}

void Conference::set_now(std::int64_t at_ns) {
  check(at_ns >= now_ns_, "the time of a conference cannot go back");
  now_ns_ = at_ns;
}

Leg Conference::join(RoomId room_id, Participant participant) {
  Room& room = rooms_.at(room_id);
  if (participant.start_wall_ns == 0) {
    participant.start_wall_ns = wall_ns();
  }
  participant.muted =
      participant.muted || (room.status.guests_muted && participant.role == Role::guest);
  const Leg leg = ++last_leg_;
  const auto& joined = room.participants.emplace(leg, std::move(participant)).first->second;
  emit(participant_event(room, "participant_create", joined));
  if (joined.is_on_stage()) {
    room.stage.push_back(leg);
    refresh_stage_and_layout(room);
  }
  if (room.is_main() && joined.controls_rooms) {
    for (auto& [id, breakout] : rooms_) {
      if (!breakout.is_main()) {
        join(id, identity(joined, breakout, wall_ns()));
      }
    }
  }
  return leg;
}

void Conference::leave(RoomId room_id, Leg leg) {
  Room& room = rooms_.at(room_id);
  if (room.presenter == leg) {
    stop_presenting(room_id);
  }
  std::erase(room.stage, leg);
  room.speaking.erase(leg);
  refresh_stage_and_layout(room);
  const auto leaving = room.participants.extract(leg);
  check(!leaving.empty(), "a participant leaves a room where they are not");
  const Participant& participant = leaving.mapped();
  emit(room, "participant_delete", uuid_payload(participant.uuid));
  if (!room.is_main() || !participant.controls_rooms) {
    return;
  }
  for (const auto& [id, breakout] : rooms_) {
    const std::string uuid = identity_in(breakout.uuid, participant.uuid);
    const auto& people = breakout.participants;
    const auto control = std::find_if(people.begin(), people.end(), [&uuid](const auto& entry) {
      return entry.second.uuid == uuid;
    });
    if (control != people.end()) {
      leave(id, control->first);
    }
  }
}

void Conference::updated(RoomId room_id, Leg leg) {
  Room& room = rooms_.at(room_id);
  const Participant& participant = room.participants.at(leg);
  emit(participant_event(room, "participant_update", participant));
  if (participant.is_on_stage() &&
      std::find(room.stage.begin(), room.stage.end(), leg) == room.stage.end()) {
    room.stage.push_back(leg);
  }
  if (participant.muted || participant.client_muted) {
    room.speaking.erase(leg);
  }
  refresh_stage_and_layout(room);
}

void Conference::status_updated(RoomId room_id) {
  emit(status_event(rooms_.at(room_id)));
}

void Conference::mute_guests(RoomId room_id, bool muted) {
  update_status(room_id, [muted](Status& status) { status.guests_muted = muted; });
  for (const auto& [leg, participant] : rooms_.at(room_id).participants) {
    if (participant.role == Role::guest && participant.muted != muted) {
      update(room_id, leg, [muted](Participant& guest) { guest.muted = muted; });
    }
  }
}

void Conference::set_layout(RoomId room_id, std::string_view layout) {
  Room& room = rooms_.at(room_id);
  room.layout = layout;
  refresh_stage_and_layout(room);
}

void Conference::speak(RoomId room_id, Leg leg) {
  Room& room = rooms_.at(room_id);
  room.speaking.clear();
  if (leg != no_leg) {
    join_in(room_id, leg);
  } else {
    refresh_stage_and_layout(room);
  }
}

void Conference::join_in(RoomId room_id, Leg leg) {
  Room& room = rooms_.at(room_id);
  const auto place = std::find(room.stage.begin(), room.stage.end(), leg);
  check(place != room.stage.end(), "a participant speaks who is not on the stage");
  std::rotate(room.stage.begin(), place, place + 1);
  room.speaking.insert(leg);
  refresh_stage_and_layout(room);
}

void Conference::caption(RoomId room_id, Leg speaker, const Caption& caption) {
  emit(rooms_.at(room_id), "live_captions",
       caption_payload(participant_at(room_id, speaker), caption), Audience::observer);
}

void Conference::say(RoomId room_id, Leg from, const Chat& chat) {
  const Participant& speaker = participant_at(room_id, from);
  Event said = event(rooms_.at(room_id), "message_received", chat_payload(speaker, chat));
  if (chat.direct) {
    said.audience = Audience::observer;
  } else if (said.audience == Audience::everyone) {
    said.audience = Audience::others;
    said.only_for = speaker.uuid;
  }
  emit(std::move(said));
}

void Conference::say_to(const std::string& only_for, RoomId room_id, Leg from, const Chat& chat) {
  tell(only_for, event(rooms_.at(room_id), "message_received",
                       chat_payload(participant_at(room_id, from), chat)));
}

void Conference::present(RoomId room_id, Leg leg) {
  Room& room = rooms_.at(room_id);
  if (room.presenter == leg) {
    return;
  }
  if (const Leg previous = std::exchange(room.presenter, leg); previous != no_leg) {
    update(room_id, previous, [](Participant& participant) { participant.presenting = false; });
  }
  update(room_id, leg, [](Participant& participant) { participant.presenting = true; });
  emit(room, "presentation_start", presentation_payload(room.participants.at(leg)));
}

void Conference::stop_presenting(RoomId room_id) {
  Room& room = rooms_.at(room_id);
  const Leg presenter = std::exchange(room.presenter, no_leg);
  check(presenter != no_leg, "a presentation ends that never began");
  emit(room, "presentation_stop", "{}");
  update(room_id, presenter, [](Participant& participant) { participant.presenting = false; });
}

RoomId Conference::open_breakout(std::string uuid, std::string name, std::int64_t end_wall_ns) {
  const RoomId id = ++last_room_;
  Room& room = rooms_[id];
  room.id = id;
  room.uuid = std::move(uuid);
  room.name = std::move(name);
  room.status.end_wall_ns = end_wall_ns;
  for (const auto& [leg, host] : rooms_.at(main_room).participants) {
    if (host.controls_rooms) {
      room.participants.emplace(++last_leg_, identity(host, room, wall_ns()));
    }
  }
  std::vector<Event> opening;
  opening.push_back(breakout_border("breakout_begin", room));
  greet(room, opening);
  for (Event& event : opening) {
    emit(std::move(event));
  }
  return id;
}

void Conference::close_breakout(RoomId room_id) {
  check(room_id != main_room, "the main room is no breakout room");
  emit(breakout_border("breakout_end", rooms_.at(room_id)));
  rooms_.erase(room_id);
  sent_.erase(room_id);
}

void Conference::keep_alive() {
  Event event;
  event.bytes = ": keep-alive\n\n";
  emit(std::move(event));
}

void Conference::disconnect(std::string_view reason, const std::string& only_for) {
  tell(only_for, event(rooms_.at(main_room), "disconnect", reason_payload(reason)));
}

void Conference::ask_refresh(const std::string& only_for) {
  tell(only_for, event(rooms_.at(main_room), "refresh_token", "null"));
}

void Conference::refer(const std::string& only_for, const Transfer& transfer) {
  tell(only_for, event(rooms_.at(main_room), "refer", refer_payload(transfer)));
}

void Conference::greet(RoomId room, Leg leg) {
  const Participant& participant = participant_at(room, leg);
  for (Event& event : greeting()) {
    if (event.audience == Audience::everyone || participant.role == Role::chair) {
      tell(participant.uuid, std::move(event));
    }
  }
}

void Conference::tell(const std::string& only_for, Event event) {
  event.audience = only_for.empty() ? Audience::everyone : Audience::one;
  event.only_for = only_for;
  emit(std::move(event));
}

std::vector<Event> Conference::greeting() {
  std::vector<Event> greeting;
  for (const auto& [id, room] : rooms_) {
    if (!room.is_main()) {
      greeting.push_back(breakout_border("breakout_begin", room));
    }
    greet(room, greeting);
  }
  return greeting;
}

std::vector<Event> Conference::waiting_greeting(Leg leg) {
  const Room& main = rooms_.at(main_room);
  std::vector<Event> greeting;
  greeting.push_back(event(main, "participant_sync_begin", "null"));
  greeting.push_back(participant_event(main, "participant_create", participant_at(main_room, leg)));
  greeting.push_back(event(main, "participant_sync_end", "null"));
  return greeting;
}

void Conference::greet(const Room& room, std::vector<Event>& greeting) {
  const auto add = [&](std::string_view name, std::string_view data) {
    greeting.push_back(event(room, name, data));
  };
  add("participant_sync_begin", "null");
  for (const auto& [leg, participant] : room.participants) {
    greeting.push_back(participant_event(room, "participant_create", participant));
  }
  add("participant_sync_end", "null");
  greeting.push_back(status_event(room));
  Sent& sent = sent_[room.id];
  sent.layout = layout_payload(room);
  sent.stage = stage_payload(room);
  add("layout", sent.layout);
  add("stage", sent.stage);
  if (room.presenter != no_leg) {
    add("presentation_start", presentation_payload(room.participants.at(room.presenter)));
  }
}

std::vector<Event> Conference::take_events() {
  return std::exchange(events_, {});
}

void Conference::refresh_stage_and_layout(const Room& room) {
  Sent& sent = sent_[room.id];
  if (std::string stage = stage_payload(room); stage != sent.stage) {
    sent.stage = std::move(stage);
    emit(room, "stage", sent.stage);
  }
  if (std::string layout = layout_payload(room); layout != sent.layout) {
    sent.layout = std::move(layout);
    emit(room, "layout", sent.layout);
  }
}

void Conference::emit(Event event) {
  last_event_ns_ = std::max(now_ns_, last_event_ns_ + burst_gap_ns);
  event.at_ns = last_event_ns_;
  events_.push_back(std::move(event));
}

void Conference::emit(const Room& room, std::string_view name, std::string_view data,
                      Audience audience) {
  Event happened = event(room, name, data);
  if (audience != Audience::everyone) {
    happened.audience = audience;
  }
  emit(std::move(happened));
}

Event Conference::participant_event(const Room& room, std::string_view name,
                                    const Participant& participant) {
  const bool shown = shows_to_guests_ && room.is_main();
  return event(room, name, participant_payload(participant),
               shown ? participant_payload(participant, View::guest) : "");
}

Event Conference::status_event(const Room& room) {
  const bool shown = shows_to_guests_ && room.is_main();
  return event(room, "conference_update", status_payload(room),
               shown ? status_payload(room, View::guest) : "");
}

Event Conference::event(const Room& room, std::string_view name, std::string_view data,
                        std::string_view guest_data) {
  const auto next_id = [this](RoomId id, std::string_view node) {
    return event_id(node, ++sent_[id].counter);
  };
  Event event;
  if (room.is_main()) {
    const std::string id = next_id(main_room, node_address);
    event.bytes = block(name, data, id);
    if (!guest_data.empty()) {
      event.guest_bytes = block(name, guest_data, id);
    }
  } else {
    const std::string nested = nested_payload(room.uuid, name, next_id(room.id, node_number), data);
    event.bytes = block("breakout_event", nested, next_id(main_room, node_address));
    event.audience = Audience::hosts;
  }
  return event;
}

Event Conference::breakout_border(std::string_view name, const Room& room) {
  const std::string uuid = identity_in(room.uuid, participant_at(main_room, observer_).uuid);
  Event border = event(rooms_.at(main_room), name, breakout_payload(room.uuid, uuid));
  border.audience = Audience::hosts;
  border.breakout_uuid = room.uuid;
  border.identity_at = border.bytes.find(uuid);
  return border;
}

}  // namespace tapedeck::sim
