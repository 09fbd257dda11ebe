#include "cli/command_effect.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "cli/table.hpp"
#include "core/base/json_text.hpp"
#include "core/base/units.hpp"
#include "core/base/utf8.hpp"
#include "core/event/decoder.hpp"
#include "core/event/value.hpp"
#include "core/state/js_map.hpp"

namespace tapedeck::cli {
namespace {

using event::Value;
using What = Change::What;
using Path = std::vector<std::string_view>;

/// A command that gives one field one value.
struct FieldCommand {
  std::string_view name;
  std::string_view field;
  std::string_view json;  ///< "": the time
};

constexpr std::array participant_commands{
    FieldCommand{"mute", "is_muted", R"("YES")"},
    FieldCommand{"unmute", "is_muted", R"("NO")"},
    FieldCommand{"client_mute", "is_client_muted", "true"},
    FieldCommand{"client_unmute", "is_client_muted", "false"},
    FieldCommand{"video_muted", "is_video_muted", "true"},
    FieldCommand{"video_unmuted", "is_video_muted", "false"},
    FieldCommand{"allowrxpresentation", "rx_presentation_policy", R"("ALLOW")"},
    FieldCommand{"denyrxpresentation", "rx_presentation_policy", R"("DENY")"},
    FieldCommand{"spotlighton", "spotlight", ""},
    FieldCommand{"spotlightoff", "spotlight", "0"},
    FieldCommand{"buzz", "buzz_time", ""},
    FieldCommand{"clearbuzz", "buzz_time", "0"},
    FieldCommand{"unlock", "service_type", R"("conference")"},
    FieldCommand{"show_live_captions", "show_live_captions", "true"},
    FieldCommand{"hide_live_captions", "show_live_captions", "false"},
};

constexpr std::array floor_commands{
    FieldCommand{"take_floor", "is_presenting", R"("YES")"},
    FieldCommand{"release_floor", "is_presenting", R"("NO")"},
};

/// Of these about themselves, and of those about the room, a guest is not let give any.
constexpr std::array<std::string_view, 7> hosts_commands_about_participants{
    "spotlighton",         "spotlightoff",       "role",    "unlock",
    "allowrxpresentation", "denyrxpresentation", "transfer"};
constexpr std::array<std::string_view, 16> hosts_commands_about_rooms{"lock",
                                                                      "unlock",
                                                                      "start_conference",
                                                                      "muteguests",
                                                                      "unmuteguests",
                                                                      "set_guests_can_unmute",
                                                                      "disconnect",
                                                                      "transform_layout",
                                                                      "clearallbuzz",
                                                                      "silent_video_detection",
                                                                      "dial",
                                                                      "breakouts",
                                                                      "breakouts/message",
                                                                      "breakouts/disconnect",
                                                                      "breakouts/empty",
                                                                      "participants/breakout"};

constexpr std::array room_commands{
    FieldCommand{"lock", "locked", "true"},
    FieldCommand{"unlock", "locked", "false"},
    FieldCommand{"start_conference", "started", "true"},
    FieldCommand{"muteguests", "guests_muted", "true"},
    FieldCommand{"unmuteguests", "guests_muted", "false"},
};

template <std::size_t N>
const FieldCommand* find(const std::array<FieldCommand, N>& commands, std::string_view name) {
  const auto* const found = std::ranges::find(commands, name, &FieldCommand::name);
  return found == commands.end() ? nullptr : found;
}

/// Unix seconds with a fraction, as a node writes times.
std::string seconds(std::int64_t wall_ns) {
  std::string fraction = std::to_string(wall_ns / ns_per_us % 1'000'000);
  return std::to_string(wall_ns / ns_per_s) + '.' + std::string(6 - fraction.size(), '0') +
         fraction;
}

std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

class Reader {
 public:
  Reader(const replayer::Call& call, const state::State& state, std::int64_t wall_ns)
      : call_(call), state_(state), now_(seconds(wall_ns)) {}

  std::optional<Command> read() {
    Path path = call_.path;
    if (call_.method != "POST" || path.empty()) {
      return std::nullopt;
    }
    command_.room = state::main_room;
    if (path.size() >= 3 && path[0] == "breakouts") {
      command_.room = path[1];
      path.erase(path.begin(), path.begin() + 2);
    }
    body_ = is_valid_utf8(call_.body) ? decoder_.decode(call_.body).value : Value();
    command_.name = path.back();
    if (path[0] == "participants" && path.size() == 3) {
      command_.who = path[1];
      if (command_.name == "calls") {
        return std::nullopt;
      }
      read_about_participant();
    } else if (path[0] == "participants" && path.size() > 3) {
      return std::nullopt;  // of a call
    } else {
      command_.name = path[0];
      for (std::size_t i = 1; i < path.size(); ++i) {
        command_.name += '/' + std::string(path[i]);
      }
      read_about_room();
    }
    return std::move(command_);
  }

 private:
  Change& add(What what) {
    command_.changes.push_back({.what = what, .room = command_.room, .who = command_.who});
    return command_.changes.back();
  }

  void set(What what, std::string_view field, std::string_view json) {
    add(what).fields.emplace_back(field, json.empty() ? std::string_view(now_) : json);
  }

  void read_about_participant() {
    const std::string& name = command_.name;
    if (const FieldCommand* command = find(participant_commands, name)) {
      set(What::participant, command->field, command->json);
    } else if (const FieldCommand* floor = find(floor_commands, name)) {
      set(What::floor, floor->field, floor->json);
    } else if (name == "overlaytext" && body_["text"].is_string()) {
      set(What::participant, "overlay_text", quoted(body_["text"].as_string()));
    } else if (name == "pres_in_mix" && body_["state"].is_boolean()) {
      set(What::participant, "needs_presentation_in_mix",
          body_["state"].as_boolean() ? "true" : "false");
    } else if (name == "role" && body_["role"].is_string()) {
      set(What::participant, "role", body_["role"].is_text("guest") ? R"("guest")" : R"("chair")");
    } else if (name == "disconnect") {
      add(What::removal);
    } else if (name == "transfer") {
      add(What::refer).to = text_of(body_["conference_alias"]);
    } else if (name == "message") {
      const std::string to = command_.who;
      say().to = to;
    }
  }

  Change& say() {
    Change& said = add(What::message);
    said.who = call_.who.participant_uuid;
    said.kind = text_of(body_["type"]);
    said.text = text_of(body_["payload"]);
    return said;
  }

  void read_about_room() {
    const std::string& name = command_.name;
    if (const FieldCommand* command = find(room_commands, name)) {
      set(What::status, command->field, command->json);
      if (command->field == "guests_muted") {
        mute_guests(command->json == "true" ? R"("YES")" : R"("NO")");
      }
    } else if (name == "set_guests_can_unmute" && body_["setting"].is_boolean()) {
      set(What::status, "guests_can_unmute", body_["setting"].as_boolean() ? "true" : "false");
    } else if (name == "breakoutbuzz" || name == "clearbreakoutbuzz") {
      const bool up = name == "breakoutbuzz";
      set(What::status, "breakoutbuzz",
          R"({"value":)" + std::string(up ? "true" : "false") + R"(,"time":)" + (up ? now_ : "0") +
              '}');
    } else if (name == "message") {
      say();
    } else if (name == "breakouts/message") {
      for_each_breakout([this] { say(); });
    } else if (name == "transform_layout") {
      read_layout(body_["transforms"]);
    } else if (name == "clearallbuzz") {
      for_each_participant([this](const Value& payload) {
        if (payload["buzz_time"].is_number() && payload["buzz_time"].as_number() > 0) {
          set(What::participant, "buzz_time", "0");
        }
      });
    } else if (name == "disconnect") {
      add(command_.room == state::main_room ? What::end : What::room_ends);
    } else {
      read_about_breakouts();
    }
  }

  void read_about_breakouts() {
    const std::string& name = command_.name;
    if (name == "breakouts") {
      Change& begins = add(What::room_begins);
      begins.room = call_.room_uuid;
      begins.text = text_of(body_["name"]);
      for (const event::Member& from : body_["participants"].members()) {
        move_all(from.value, std::string(from.key), begins_room());
      }
    } else if (name == "participants/breakout") {
      move_all(body_["participants"], command_.room, text_of(body_["breakout_uuid"]));
    } else if (name == "breakouts/empty") {
      for_each_breakout([this] { empty_room(); });
    } else if (name == "breakouts/disconnect") {
      for_each_breakout([this] { add(What::room_ends); });
    } else if (name == "leavebreakout") {
      command_.who = call_.who.participant_uuid;
      add(What::move).to = state::main_room;
    }
  }

  [[nodiscard]] std::string begins_room() const { return std::string(call_.room_uuid); }

  void move_all(const Value& uuids, const std::string& from, const std::string& to) {
    for (const Value& uuid : uuids.items()) {
      Change& moved = add(What::move);
      moved.room = from;
      moved.who = text_of(uuid);
      moved.to = to;
    }
  }

  /// All but ourselves are moved back.
  void empty_room() {
    const state::Room* room = state_.room(command_.room);
    const std::string self = text_of(state_.self_in(*room));
    for_each_participant([&](const Value&) {
      if (command_.who != self) {
        add(What::move).to = state::main_room;
      }
    });
  }

  void read_layout(const Value& transforms) {
    const std::string both = text_of(transforms["layout"]);
    const auto own = [&](const char* key) {
      const std::string given = text_of(transforms[key]);
      return given.empty() ? both : given;
    };
    const std::string host = own("host_layout");
    const std::string guest = own("guest_layout");
    Change change{.what = What::layout, .room = command_.room};
    if (!host.empty()) {
      change.fields.emplace_back("view", quoted(host));
      change.fields.emplace_back("requested_layout", R"({"primary_screen":{"chair_layout":)" +
                                                         quoted(host) + R"(,"guest_layout":)" +
                                                         quoted(guest.empty() ? host : guest) +
                                                         "}}");
    }
    if (transforms["enable_overlay_text"].is_boolean()) {
      change.fields.emplace_back("overlay_text_enabled",
                                 transforms["enable_overlay_text"].as_boolean() ? "true" : "false");
    }
    if (!change.fields.empty()) {
      command_.changes.push_back(std::move(change));
    }
  }

  void mute_guests(std::string_view json) {
    for_each_participant([&](const Value& payload) {
      if (payload["role"].is_text("guest")) {
        set(What::participant, "is_muted", json);
      }
    });
  }

  /// Of the room, each in turn as the one that the command is about.
  template <class Each>
  void for_each_participant(Each each) {
    if (const state::Room* room = state_.room(command_.room)) {
      room->participants.for_each([&](const state::StoredParticipant& participant) {
        command_.who = text_of((*participant.payload)["uuid"]);
        each(*participant.payload);
      });
    }
    command_.who.clear();
  }

  /// Each in turn as the room that the command is about.
  template <class Each>
  void for_each_breakout(Each each) {
    state_.rooms.for_each([&](const state::Room& room) {
      if (room.is_known() && !room.id->is_text(state::main_room)) {
        command_.room = text_of(*room.id);
        each();
      }
    });
    command_.room = state::main_room;
  }

  const replayer::Call& call_;
  const state::State& state_;
  std::string now_;
  event::Decoder decoder_;
  Value body_;
  Command command_;
};

/// Times only tell that something is so: when is another matter.
bool is_time(std::string_view field) {
  return field == "spotlight" || field == "buzz_time";
}

bool has_field(const Value& payload, const std::pair<std::string, std::string>& field) {
  event::Decoder decoder;
  const Value wanted = decoder.decode(field.second).value;
  const Value found = payload[field.first];
  if (is_time(field.first)) {
    return found.is_number() && (found.as_number() > 0) == (wanted.as_number() > 0);
  }
  return found == wanted;
}

}  // namespace

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

std::optional<Command> read_command(const replayer::Call& call, const state::State& state,
                                    std::int64_t wall_ns) {
  return Reader(call, state, wall_ns).read();
}

bool is_for_hosts(const Command& command, const replayer::JoinInfo& who) {
  const auto is_among = [&](const auto& names) {
    return std::ranges::find(names, command.name) != names.end();
  };
  if (command.room != state::main_room) {
    return true;  // only hosts are in the main room and in others at once
  }
  if (!command.who.empty()) {
    return command.name != "message" &&
           (command.who != who.participant_uuid || is_among(hosts_commands_about_participants));
  }
  return is_among(hosts_commands_about_rooms) || command.name.starts_with("video_mixes/");
}

bool is_so(const state::State& state, const Change& change) {
  const state::Room* room = state.room(change.room);
  const bool is_there = state.participant(change.room, change.who) != nullptr;
  const auto has_first = [&](const Value& payload) {
    return !change.fields.empty() && has_field(payload, change.fields.front());
  };
  switch (change.what) {
    case What::participant:
    case What::floor:
      return is_there && has_first(*state.participant(change.room, change.who)->payload);
    case What::status:
      return room != nullptr && has_first(*room->status);
    case What::layout:
      return room != nullptr && has_first(*room->layout);
    case What::removal:
      return !is_there;
    case What::move:
      return !is_there && room != nullptr;
    case What::room_ends:
      return room == nullptr || !room->is_known();
    case What::room_begins:
    case What::refer:
    case What::message:
    case What::end:
      return false;
  }
  return false;
}

std::string describe(const Command& command, const state::State& state) {
  std::string text = command.name;
  if (!command.who.empty()) {
    const state::StoredParticipant* who = state.participant(command.room, command.who);
    const std::string name = who == nullptr ? "" : text_of((*who->payload)["display_name"]);
    text += " of " + (name.empty() ? command.who : name);
  }
  if (command.room != state::main_room) {
    const state::Room* room = state.room(command.room);
    const std::string name = room == nullptr ? "" : text_of((*room->status)["breakout_name"]);
    text += " in the room " + (name.empty() ? command.room : name);
  }
  return printable(text);
}

}  // namespace tapedeck::cli
