#include "cli/simulated_change.hpp"

#include <optional>
#include <string_view>

#include "core/event/raw_json.hpp"

namespace tapedeck::cli {
namespace {

using What = Change::What;

std::optional<sim::RoomId> find_room(const sim::Conference& conference, std::string_view uuid) {
  for (const auto& [id, room] : conference.rooms()) {
    if (room.is_main() ? uuid == state::main_room : uuid == room.uuid) {
      return id;
    }
  }
  return std::nullopt;
}

sim::Leg find_leg(const sim::Conference& conference, sim::RoomId room, std::string_view uuid) {
  for (const auto& [leg, participant] : conference.room(room).participants) {
    if (participant.uuid == uuid) {
      return leg;
    }
  }
  return sim::no_leg;
}

bool says_yes(std::string_view json) {
  return json == R"("YES")" || json == "true";
}

void set_field(sim::Participant& participant, std::string_view key, const std::string& json,
               std::int64_t wall_ns) {
  const std::int64_t time_ns = json == "0" ? 0 : wall_ns;
  if (key == "is_muted") {
    participant.muted = says_yes(json);
  } else if (key == "is_client_muted") {
    participant.client_muted = says_yes(json);
  } else if (key == "is_video_muted") {
    participant.video_muted = says_yes(json);
  } else if (key == "spotlight") {
    participant.spotlight_wall_ns = time_ns;
  } else if (key == "buzz_time") {
    participant.buzz_wall_ns = time_ns;
  } else if (key == "show_live_captions") {
    participant.captions_shown = says_yes(json);
  } else if (key == "overlay_text") {
    participant.overlay_text = event::string_of(json);
  } else if (key == "role") {
    participant.role = json == R"("guest")" ? sim::Role::guest : sim::Role::chair;
  } else if (key == "service_type") {
    participant.service_type = sim::ServiceType::conference;
  }
}

void pass_floor(const Change& change, sim::Conference& conference, sim::RoomId room) {
  const sim::Leg leg = find_leg(conference, room, change.who);
  if (leg == sim::no_leg) {
    return;
  }
  if (says_yes(change.fields.front().second)) {
    conference.present(room, leg);
  } else if (conference.room(room).presenter == leg) {
    conference.stop_presenting(room);
  }
}

void change_participant(const Change& change, sim::Conference& conference, sim::RoomId room) {
  const sim::Leg leg = find_leg(conference, room, change.who);
  if (leg == sim::no_leg) {
    return;
  }
  for (const auto& field : change.fields) {
    conference.update(room, leg, [&](sim::Participant& participant) {
      set_field(participant, field.first, field.second, conference.wall_ns());
    });
  }
}

void change_status(const Change& change, sim::Conference& conference, sim::RoomId room) {
  for (const auto& field : change.fields) {
    if (field.first == "guests_muted") {
      conference.mute_guests(room, says_yes(field.second));
      continue;
    }
    conference.update_status(room, [&](sim::Status& status) {
      if (field.first == "locked") {
        status.locked = says_yes(field.second);
      } else if (field.first == "breakoutbuzz") {
        const bool asks = says_yes(event::raw_member(field.second, "value"));
        status.help_wall_ns = asks ? conference.wall_ns() : 0;
      }
    });
  }
}

void change_layout(const Change& change, sim::Conference& conference, sim::RoomId room) {
  for (const auto& [key, json] : change.fields) {
    if (const std::string view = event::string_of(json); key == "view" && sim::is_layout(view)) {
      conference.set_layout(room, view);
    }
  }
}

void say(const Change& change, sim::Conference& conference, sim::RoomId room) {
  sim::Leg leg = find_leg(conference, room, change.who);
  if (leg == sim::no_leg && room != sim::main_room) {
    leg = find_leg(conference, room, sim::identity_in(conference.room(room).uuid, change.who));
  }
  if (leg == sim::no_leg) {
    return;
  }
  sim::Chat chat{.type = change.kind, .payload = change.text, .direct = !change.to.empty()};
  chat.direct ? conference.say_to(change.to, room, leg, chat) : conference.say(room, leg, chat);
}

}  // namespace

sim::Leg find_leg(const sim::Conference& conference, const Change& change) {
  const auto room = find_room(conference, change.room);
  return room ? find_leg(conference, *room, change.who) : sim::no_leg;
}

void apply(const Change& change, sim::Conference& conference, sim::Director& director) {
  const auto room = find_room(conference, change.room);
  if (change.what == What::room_begins) {
    conference.open_breakout(change.room, change.text, 0);
    return;
  }
  if (!room) {
    return;
  }
  switch (change.what) {
    case What::participant:
      change_participant(change, conference, *room);
      return;
    case What::floor:
      pass_floor(change, conference, *room);
      return;
    case What::status:
      change_status(change, conference, *room);
      return;
    case What::layout:
      change_layout(change, conference, *room);
      return;
    case What::message:
      say(change, conference, *room);
      return;
    case What::move:
      if (const auto to = find_room(conference, change.to)) {
        director.move(find_leg(conference, *room, change.who), *to);
      }
      return;
    case What::room_ends:
      if (*room != sim::main_room) {
        director.close(*room);
      }
      return;
    case What::room_begins:
    case What::removal:
    case What::refer:
    case What::end:
      return;
  }
}

}  // namespace tapedeck::cli
