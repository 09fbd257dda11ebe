#include "cli/state_answers.hpp"

#include <array>
#include <utility>

#include "core/base/json_text.hpp"
#include "core/base/json_writer.hpp"
#include "core/event/value.hpp"

namespace tapedeck::cli {
namespace {

using event::Value;

/// A member that the client wants, and what stands for one that is not told.
using Wanted = std::pair<std::string_view, std::string_view>;

constexpr std::array wanted_of_participant{
    Wanted{"buzz_time", "0"},
    Wanted{"call_direction", R"("in")"},
    Wanted{"disconnect_supported", R"("YES")"},
    Wanted{"display_name", R"("")"},
    Wanted{"encryption", R"("On")"},
    Wanted{"external_node_uuid", R"("")"},
    Wanted{"fecc_supported", R"("NO")"},
    Wanted{"has_media", "false"},
    Wanted{"is_audio_only_call", R"("NO")"},
    Wanted{"is_external", "false"},
    Wanted{"is_muted", R"("NO")"},
    Wanted{"is_presenting", R"("NO")"},
    Wanted{"is_streaming_conference", "false"},
    Wanted{"is_video_call", R"("NO")"},
    Wanted{"is_video_muted", "false"},
    Wanted{"is_video_silent", "false"},
    Wanted{"local_alias", R"("")"},
    Wanted{"mute_supported", R"("YES")"},
    Wanted{"overlay_text", R"("")"},
    Wanted{"protocol", R"("")"},
    Wanted{"role", R"("guest")"},
    Wanted{"rx_presentation_policy", R"("ALLOW")"},
    Wanted{"spotlight", "0"},
    Wanted{"start_time", "0"},
    Wanted{"supports_direct_chat", "false"},
    Wanted{"transfer_supported", R"("YES")"},
    Wanted{"uuid", R"("")"},
    Wanted{"can_receive_personal_mix", "false"},
    Wanted{"receive_from_video_mix", R"({"mix_name":"main","timestamp":0})"},
};

constexpr std::array wanted_of_status{Wanted{"locked", "false"}, Wanted{"guests_muted", "false"},
                                      Wanted{"started", "true"}};

/// Those of a node that has none of its own.
constexpr std::array usual_layouts{"1:0", "1:7",  "1:21", "2:21", "1:33", "4:0",
                                   "9:0", "16:0", "25:0", "5:7",  "ac",   "teams"};

template <std::size_t N>
std::string completed(const Value& payload, const std::array<Wanted, N>& wanted) {
  std::string json;
  JsonWriter object(json);
  object.begin_object();
  for (const event::Member& member : payload.members()) {
    if (!member.value.is_undefined()) {
      std::string value;
      event::append_json(value, member.value);
      object.key(member.key).raw(value);
    }
  }
  for (const auto& [key, value] : wanted) {
    if (payload[key].is_undefined()) {
      object.key(key).raw(value);
    }
  }
  object.end_object();
  return json;
}

std::string participants(const state::Room& room) {
  std::string json;
  JsonWriter list(json);
  list.begin_array();
  room.participants.for_each([&](const state::StoredParticipant& participant) {
    list.raw(completed(*participant.payload, wanted_of_participant));
  });
  list.end_array();
  return json;
}

/// The usual ones, and that which is shown where it is another.
std::string layouts(const state::Room& room, bool annotate) {
  std::string json;
  JsonWriter list(json);
  const auto add = [&](std::string_view name) {
    annotate ? list.begin_object().member("name", name).end_object() : list.string(name);
  };
  list.begin_array();
  const Value asked = (*room.layout)["requested_layout"]["primary_screen"]["chair_layout"];
  const Value shown = asked.is_string() ? asked : (*room.layout)["view"];
  bool is_usual = !shown.is_string();
  for (const std::string_view name : usual_layouts) {
    add(name);
    is_usual = is_usual || shown.is_text(name);
  }
  if (!is_usual) {
    add(shown.as_string());
  }
  list.end_array();
  return json;
}

}  // namespace

std::optional<std::string> answer_from_state(const state::State& state,
                                             const std::vector<std::string_view>& path,
                                             bool annotate) {
  const bool in_breakout = path.size() == 3 && path[0] == "breakouts";
  if (path.size() != 1 && !in_breakout) {
    return std::nullopt;
  }
  static const state::Room unknown_room{};
  const state::Room* found = state.room(in_breakout ? path[1] : state::main_room);
  const state::Room& room = found == nullptr ? unknown_room : *found;
  if (path.back() == "participants") {
    return participants(room);
  }
  if (path.back() == "conference_status") {
    return completed(*room.status, wanted_of_status);
  }
  if (path.back() == "available_layouts") {
    return layouts(room, annotate);
  }
  return std::nullopt;
}

}  // namespace tapedeck::cli
