#include "cli/state_view.hpp"

#include <algorithm>
#include <cstddef>
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

/// The place of `stored` in an order, from 1; 0 where it is not in it.
std::size_t place_in(const std::vector<const state::StoredParticipant*>& order,
                     const state::StoredParticipant* stored) {
  const auto found = std::ranges::find(order, stored);
  return found == order.end() ? 0 : static_cast<std::size_t>(found - order.begin()) + 1;
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
    std::string self = "self " + shown(Value::string(join.self)) + ", " + join.role + ", " +
                       shown(*state_.service_type);
    if (const auto& disconnect = state_.disconnect) {
      self += ", disconnected at frame " + format_count(disconnect->seq) + ": " +
              shown(*disconnect->reason) + " (" +
              std::string(state::error_code(*disconnect->reason)) + ')';
    } else {
      self += ", connection " + std::to_string(state_.connection_id);
    }
    line(self);
    if (state_.call) {
      line("presentation: sends " + std::string(name_of(state_.call->send)) + ", receives " +
           std::string(name_of(state_.call->recv)));
    }
    if (!state_.transfer->is_undefined()) {
      line("referred to " + shown((*state_.transfer)["alias"]));
    }
    if (!state_.splash_screen->is_undefined()) {
      line("splash screen " + shown((*state_.splash_screen)["screen_key"]));
    }
  }

  void write_room(const state::Room& room) {
    std::string title = "\n" + shown(*room.id) + ": " + format_count(room.participants.size()) +
                        (room.participants.size() == 1 ? " participant" : " participants");
    if (room.syncing) {
      title += ", roster still coming";
    }
    line(title + status_of(room));
    const auto hands = raised_hands(room);
    const auto spots = spotlights(room);
    Table table("llllll");
    room.participants.for_each([&](const state::StoredParticipant& stored) {
      const state::Participant participant(*stored.payload, policy_);
      event::Arena arena;
      std::string marks = marks_of(participant, room);
      if (const std::size_t place = place_in(hands, &stored); place != 0) {
        append_word(marks, "hand " + std::to_string(place));
      }
      if (const std::size_t place = place_in(spots, &stored); place != 0) {
        append_word(marks, "spotlight " + std::to_string(place));
      }
      const Value service = participant[ParticipantField::service_type];
      table.add({shown(participant.display_name(arena)), shown(participant[ParticipantField::role]),
                 service.is_text("conference") ? "" : shown(service), call_of(participant), marks,
                 shown(participant.uuid())});
    });
    table.print(out_);
    if (!room.layout->is_undefined()) {
      line("  layout " + shown((*room.layout)["view"]));
    }
    if (!room.captions->is_undefined()) {
      line("  captions: " + shown((*room.captions)["data"]));
    }
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
    for (const Value& entry : room.stage->items()) {
      if (entry["participant_uuid"].is_string() &&
          entry["participant_uuid"] == participant.uuid()) {
        append_word(marks, "stage " + shown(entry["stage_index"]));
      }
    }
    return marks;
  }

  void write_chat() {
    if (state_.chat.empty()) {
      return;
    }
    constexpr std::size_t last = 5;
    line("\nchat: " + format_count(state_.counts.chat) +
         (state_.counts.chat == 1 ? " message" : " messages"));
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
