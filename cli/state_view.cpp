#include "cli/state_view.hpp"

#include <cstddef>
#include <numeric>
#include <string_view>
#include <vector>

#include "cli/table.hpp"
#include "core/base/units.hpp"
#include "core/state/conference_status.hpp"
#include "core/state/error_code.hpp"
#include "core/state/state_json.hpp"

namespace tapedeck::cli {
namespace {

using event::Value;
using state::ParticipantField;

/// What came with the stream, for a terminal: what is no string as JSON, nothing for undefined.
std::string shown(const Value& value) {
  if (value.is_undefined()) {
    return "";
  }
  if (value.is_string()) {
    return printable(value.as_string());
  }
  std::string text;
  append_json(text, value);
  return printable(text);
}

void append_word(std::string& list, const std::string& word) {
  list += (list.empty() ? "" : ", ") + word;
}

std::string call_of(const state::Participant& participant) {
  std::string call = shown(participant[ParticipantField::protocol]);
  if (participant[ParticipantField::is_audio_only_call].is_text("YES")) {
    append_word(call, "audio");
  } else if (participant[ParticipantField::is_video_call].is_text("YES")) {
    append_word(call, "video");
  }
  return call;
}

class View {
 public:
  explicit View(const state::Reducer& reducer)
      : state_(reducer.state()), policy_(reducer.policy()) {}

  std::string write() {
    write_head();
    state_.rooms.for_each([&](const state::Room& room) {
      if (room.is_known() || room.id->is_text(state::main_room)) {
        write_room(room);
      }
    });
    write_chat();
    return std::move(out_);
  }

 private:
  void line(const std::string& text) { out_ += text + '\n'; }

  void write_head() {
    const state::Join& join = state_.join;
    line(shown(Value::string(join.conference_name)) + " (" + shown(Value::string(join.alias)) +
         ") as " + std::string(policy_.name) + " sees it, frame " + format_count(state_.seq) +
         ", " + format_duration(state_.t_ns));
    Table table("ll");
    table.add({"self", shown(Value::string(join.self)) + ", " + shown(Value::string(join.role)) +
                           ", " + shown(*state_.service_type)});
    table.add({"connection", connection()});
    table.add({"token", token()});
    if (state_.call) {
      table.add({"presentation", "sends " + std::string(name_of(state_.call->send)) +
                                     ", receives " + std::string(name_of(state_.call->recv))});
    }
    if (!state_.transfer->is_undefined()) {
      table.add({"referred to", shown((*state_.transfer)["alias"])});
    }
    if (!state_.splash_screen->is_undefined()) {
      table.add({"splash screen", shown((*state_.splash_screen)["screen_key"])});
    }
    table.add({"events", events()});
    table.print(out_);
  }

  [[nodiscard]] std::string connection() const {
    const auto& disconnect = state_.disconnect;
    if (!disconnect) {
      return std::to_string(state_.connection_id) + ", connected";
    }
    return std::to_string(state_.connection_id) + ", disconnected at frame " +
           format_count(disconnect->seq) + ": " + shown(*disconnect->reason) + " (" +
           std::string(state::error_code(*disconnect->reason)) + ')';
  }

  [[nodiscard]] std::string token() const {
    const auto& expires_s = state_.join.token_expires_s;
    return (expires_s ? "valid for " + format_count(*expires_s) + " s" : "validity not told") +
           ", node asked for " + format_count(state_.counts.token_refreshes) +
           (state_.counts.token_refreshes == 1 ? " refresh" : " refreshes");
  }

  [[nodiscard]] std::string events() const {
    const auto& by_kind = state_.counts.by_kind;
    const std::uint64_t all = std::accumulate(by_kind.begin(), by_kind.end(), std::uint64_t{0});
    const std::uint64_t unknown = by_kind[static_cast<std::size_t>(event::Kind::unknown)];
    std::string text = format_count(all);
    if (unknown != 0) {
      append_word(text, format_count(unknown) + " of a name that no client knows");
    }
    if (state_.counts.dropped != 0) {
      append_word(text, format_count(state_.counts.dropped) + " that the client dropped");
    }
    return text;
  }

  void write_room(const state::Room& room) {
    std::string title = "\n" + shown(*room.id);
    if (const Value name = (*room.status)["breakout_name"]; state::truthy(name)) {
      title += " (" + shown(name) + ')';
    }
    title += ": " + counted(room.participants.size(), "participant");
    if (room.syncing) {
      title += ", roster still coming";
    }
    line(title + status_of(room));
    if (room.participants.size() != 0) {
      write_roster(room);
    }
    write_names("hands", names_of(state::raised_hands(room)));
    write_names("spotlights", names_of(state::spotlights(room)));
    if (!room.presentation->is_undefined()) {
      line("  presents: " + presenter_of(room));
    }
    write_names("stage", stage_of(room));
    if (!room.layout->is_undefined()) {
      line("  layout: " + shown((*room.layout)["view"]));
    }
    if (!room.captions->is_undefined()) {
      line("  captions: " + shown((*room.captions)["data"]));
    }
  }

  void write_roster(const state::Room& room) {
    Table table("llllll");
    table.add({"name", "role", "service", "call", "", "uuid"});
    room.participants.for_each([&](const state::StoredParticipant& stored) {
      const state::Participant participant(*stored.payload, policy_);
      table.add({name_in_view(participant), shown(participant[ParticipantField::role]),
                 shown(participant[ParticipantField::service_type]), call_of(participant),
                 marks_of(participant, room), shown(participant.uuid())});
    });
    table.print(out_);
  }

  void write_names(std::string_view what, const std::string& names) {
    if (!names.empty()) {
      line("  " + std::string(what) + ": " + names);
    }
  }

  [[nodiscard]] static std::string name_in_view(const state::Participant& participant) {
    event::Arena arena;
    return shown(state::shown_name(participant.payload(), arena));
  }

  /// The name of whom `uuid` names, or the uuid where nobody in the room has it.
  [[nodiscard]] std::string name_in(const state::Room& room, const Value& uuid) const {
    const auto* stored = room.participants.get(state::JsKey(uuid));
    return stored == nullptr ? shown(uuid)
                             : name_in_view(state::Participant(*stored->payload, policy_));
  }

  [[nodiscard]] std::string names_of(
      const std::vector<const state::StoredParticipant*>& order) const {
    std::string names;
    for (const state::StoredParticipant* stored : order) {
      append_word(names, name_in_view(state::Participant(*stored->payload, policy_)));
    }
    return names;
  }

  [[nodiscard]] std::string presenter_of(const state::Room& room) const {
    const Value& presentation = *room.presentation;
    const Value uuid = presentation["presenter_uuid"];
    return state::truthy(uuid) ? name_in(room, uuid) : shown(presentation["presenter_name"]);
  }

  [[nodiscard]] std::string stage_of(const state::Room& room) const {
    std::string names;
    for (const Value& entry : room.stage->items()) {
      append_word(names, name_in(room, entry["participant_uuid"]));
    }
    return names;
  }

  /// What is true of the room's status, as words.
  [[nodiscard]] std::string status_of(const state::Room& room) const {
    if (room.status->is_undefined()) {
      return ", status not told";
    }
    event::Arena arena;
    const Value status = conference_status(*room.status, policy_.client, arena);
    std::string words;
    for (const event::Member& member : status.members()) {
      if (member.value.is_boolean() && member.value.as_boolean()) {
        words += ", " + std::string(member.key);
      }
    }
    const Value level = status["classification"]["current"];
    if (!level.is_nullish()) {
      const Value name = status["classification"]["levels"][shown(level)];
      words += ", classified " + shown(name.is_undefined() ? level : name);
    }
    return words;
  }

  [[nodiscard]] std::string marks_of(const state::Participant& participant,
                                     const state::Room& room) const {
    std::string marks;
    const Value self = state_.self_in(room);
    if (self.is_string() && self == participant.uuid()) {
      append_word(marks, "you");
    }
    if (participant.is_muted()) {
      append_word(marks, "muted");
    }
    if (state::truthy(participant[ParticipantField::is_video_muted])) {
      append_word(marks, "camera off");
    }
    if (participant[ParticipantField::is_presenting].is_text("YES")) {
      append_word(marks, "presenting");
    }
    return marks;
  }

  void write_chat() {
    if (state_.chat.empty()) {
      return;
    }
    constexpr std::size_t last = 5;
    line("\nchat: " + counted(state_.counts.chat, "message"));
    const std::size_t from = state_.chat.size() > last ? state_.chat.size() - last : 0;
    for (std::size_t i = from; i < state_.chat.size(); ++i) {
      const Value& message = *state_.chat[i].message;
      line("  " + shown(message["at"]) + "  " + shown(message["displayName"]) + ": " +
           shown(message["message"]));
    }
  }

  const state::State& state_;
  const state::ClientPolicy& policy_;
  std::string out_;
};

}  // namespace

std::string state_view(const state::Reducer& reducer) {
  return View(reducer).write();
}

}  // namespace tapedeck::cli
