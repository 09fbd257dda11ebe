#include "core/sim/payload.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/json_text.hpp"
#include "core/base/units.hpp"

namespace tapedeck::sim {
namespace {

/// Writes the members of one JSON object, in the order of the calls.
class Object {
 public:
  Object& raw(std::string_view key, std::string_view json) {
    out_ += first_ ? "\"" : ",\"";
    first_ = false;
    out_ += key;
    out_ += "\":";
    out_ += json;
    return *this;
  }
  Object& text(std::string_view key, std::string_view value) {
    raw(key, {});
    append_json_string(out_, value);
    return *this;
  }
  Object& flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  Object& yes(std::string_view key, bool value) { return raw(key, value ? "\"YES\"" : "\"NO\""); }
  Object& number(std::string_view key, std::uint64_t value) {
    return raw(key, std::to_string(value));
  }
  /// Unix seconds with microseconds, written from integers: a digit more or less is another text.
  Object& time(std::string_view key, std::int64_t wall_ns) {
    if (wall_ns == 0) {
      return raw(key, "0");
    }
    std::string fraction = std::to_string(wall_ns / ns_per_us % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    fraction.resize(std::max<std::size_t>(fraction.find_last_not_of('0') + 1, 1));
    return raw(key, std::to_string(wall_ns / ns_per_s) + '.' + fraction);
  }
  [[nodiscard]] std::string take() {
    out_ += '}';
    return std::move(out_);
  }

 private:
  std::string out_ = "{";
  bool first_ = true;
};

std::string_view name_of(Role role) {
  switch (role) {
    case Role::chair:
      return "chair";
    case Role::guest:
      return "guest";
  }
  return {};
}

std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::api:
      return "api";
    case Protocol::webrtc:
      return "webrtc";
    case Protocol::sip:
      return "sip";
    case Protocol::h323:
      return "h323";
  }
  return {};
}

std::string_view name_of(ServiceType type) {
  switch (type) {
    case ServiceType::connecting:
      return "connecting";
    case ServiceType::waiting_room:
      return "waiting_room";
    case ServiceType::conference:
      return "conference";
  }
  return {};
}

/// Appends `[item,...]`.
template <class Items, class Append>
std::string list(const Items& items, Append append) {
  std::string out = "[";
  for (const auto& item : items) {
    out += out.size() == 1 ? "" : ",";
    append(out, item);
  }
  out += ']';
  return out;
}

struct Layout {
  std::string_view name;
  std::size_t places;
};
constexpr std::array<Layout, 12> node_layouts{{{"1:0", 1},
                                               {"1:7", 8},
                                               {"1:21", 22},
                                               {"2:21", 23},
                                               {"1:33", 34},
                                               {"4:0", 4},
                                               {"9:0", 9},
                                               {"16:0", 16},
                                               {"25:0", 25},
                                               {"5:7", 12},
                                               {"ac", 25},
                                               {"ac_presentation_in_mix", 8}}};

/// Who is seen, in the order of the places: the spotlighted first, then who last spoke.
std::vector<Leg> seen_people(const Room& room, std::size_t places) {
  std::vector<std::pair<std::int64_t, Leg>> spotlighted;
  std::vector<Leg> others;
  for (const Leg leg : room.stage) {
    const Participant& participant = room.participants.at(leg);
    if (!participant.has_video || participant.video_muted || participant.video_dropped_out) {
      continue;
    }
    if (participant.spotlight_wall_ns != 0) {
      spotlighted.emplace_back(participant.spotlight_wall_ns, leg);
    } else if (others.size() < places) {
      others.push_back(leg);
    }
  }
  std::sort(spotlighted.begin(), spotlighted.end());
  std::vector<Leg> people;
  people.reserve(spotlighted.size() + others.size());
  for (const auto& [since_wall_ns, leg] : spotlighted) {
    people.push_back(leg);
  }
  people.insert(people.end(), others.begin(), others.end());
  people.resize(std::min(people.size(), places));
  return people;
}

}  // namespace

std::string participant_payload(const Participant& participant, View view) {
  const auto shown = [view](std::string_view text) { return view == View::host ? text : ""; };
  const bool is_video = participant.has_media && participant.has_video;
  const bool is_audio_only = participant.has_media && !participant.has_video;
  const bool is_endpoint =
      participant.protocol == Protocol::sip || participant.protocol == Protocol::h323;
  Object object;
  object.text("api_url", "/participants/" + participant.uuid)
      .text("call_direction", participant.dialled_out ? "out" : "in")
      .text("display_name", participant.display_name)
      .text("encryption", participant.protocol == Protocol::h323 ? "Off" : "On")
      .flag("has_media", participant.has_media)
      .yes("is_muted", participant.muted)
      .flag("is_tx_muted", false)
      .flag("is_on_hold", false)
      .yes("is_presenting", participant.presenting)
      .flag("is_streaming_conference", false)
      .flag("is_public_streaming", false)
      .flag("is_recording", false)
      .flag("is_transcribing", false)
      .flag("is_ai_enabled", false)
      .yes("is_video_call", is_video)
      .yes("is_audio_only_call", is_audio_only)
      .text("local_alias", "simulated")
      .text("overlay_text", participant.overlay_text)
      .yes("presentation_supported", is_video)
      .yes("fecc_supported", is_endpoint && is_video)
      .text("protocol", shown(name_of(participant.protocol)))
      .text("role", name_of(participant.role))
      .text("rx_presentation_policy", "ALLOW")
      .text("service_type", name_of(participant.service_type))
      .time("spotlight", participant.spotlight_wall_ns)
      .time("start_time", participant.start_wall_ns)
      .text("uri", shown(participant.uri))
      .text("external_node_uuid", "")
      .text("uuid", participant.uuid)
      .text("vendor", shown(participant.vendor))
      .flag("is_external", false)
      .flag("is_conjoined", false)
      .yes("transfer_supported", true)
      .yes("disconnect_supported", true)
      .yes("mute_supported", true)
      .time("buzz_time", participant.buzz_wall_ns)
      .text("call_tag", participant.call_tag)
      .flag("is_video_muted", participant.video_muted)
      .flag("is_video_silent", false)
      .flag("is_main_video_dropped_out", participant.video_dropped_out)
      .flag("needs_presentation_in_mix", is_endpoint)
      .flag("show_live_captions", participant.captions_shown)
      .flag("is_idp_authenticated", participant.idp_authenticated)
      .raw("send_to_audio_mixes", R"([{"mix_name":"main","prominent":false}])")
      .text("receive_from_audio_mix", "main")
      .raw("layout_group", "null")
      .flag("is_client_muted", participant.client_muted)
      .flag("is_transferring", participant.transferring)
      .raw("studiosound_enabled", "null")
      .flag("supports_direct_chat", !is_endpoint)
      .flag("can_receive_personal_mix", participant.protocol == Protocol::webrtc)
      .raw("receive_from_video_mix", R"({"mix_name":"main","timestamp":0})");
  return object.take();
}

std::string uuid_payload(std::string_view uuid) {
  return Object().text("uuid", uuid).take();
}

std::string status_payload(const Room& room, View view) {
  const Status& status = room.status;
  Object object;
  object.flag("locked", status.locked && view == View::host)
      .flag("direct_media", false)
      .flag("guests_muted", status.guests_muted)
      .flag("all_muted", false)
      .flag("presentation_allowed", true)
      .flag("started", true)
      .raw("classification", R"({"levels":{},"current":null})");
  if (status.banner.empty()) {
    object.raw("message_text", "null");
  } else {
    object.raw("message_text",
               Object().text("text", status.banner).time("set_time", status.banner_wall_ns).take());
  }
  object.flag("breakout_rooms", status.breakout_rooms)
      .text("pinning_config", "")
      .flag("guests_can_unmute", true)
      .flag("guests_can_present", true)
      .flag("live_captions_available", status.captions_available)
      .flag("chat_enabled", true)
      .flag("recording", false)
      .flag("transcribing", false)
      .flag("streaming", false)
      .flag("public_streaming", false)
      .flag("ai_enabled", false);
  if (!room.is_main()) {
    object.flag("breakout", true)
        .text("breakout_name", room.name)
        .text("breakout_description", room.name)
        .text("end_action", "transfer")
        .time("end_time", status.end_wall_ns)
        .raw("breakoutbuzz", Object()
                                 .flag("value", status.help_wall_ns != 0)
                                 .time("time", status.help_wall_ns)
                                 .take())
        .flag("breakout_guests_allowed_to_leave", false);
  }
  return object.take();
}

std::string stage_payload(const Room& room) {
  std::vector<Leg> shown = room.stage;
  shown.resize(std::min(shown.size(), stage_entries_max));
  std::uint64_t index = 0;
  return list(shown, [&](std::string& out, Leg leg) {
    out += Object()
               .text("participant_uuid", room.participants.at(leg).uuid)
               .number("stage_index", index++)
               .number("vad", room.speaking.contains(leg) ? 100 : 0)
               .take();
  });
}

bool is_layout(std::string_view name) {
  return std::any_of(node_layouts.begin(), node_layouts.end(),
                     [name](const Layout& known) { return known.name == name; });
}

std::string layout_payload(const Room& room) {
  const bool in_mix = room.presenter != no_leg && room.layout == "ac";
  const std::string_view view = in_mix ? std::string_view("ac_presentation_in_mix") : room.layout;
  const auto* layout = std::find_if(node_layouts.begin(), node_layouts.end(),
                                    [view](const Layout& known) { return known.name == view; });
  check(layout != node_layouts.end(), "a layout without a number of places");
  const std::string screens =
      Object().text("chair_layout", room.layout).text("guest_layout", room.layout).take();
  Object object;
  object.text("view", view)
      .raw("pres_slot_coords", in_mix ? "[[0.25,0],[1,0],[1,0.75],[0.25,0.75]]" : "null")
      .raw("participants", list(seen_people(room, layout->places),
                                [&room](std::string& out, Leg leg) {
                                  append_json_string(out, room.participants.at(leg).uuid);
                                }))
      .raw("requested_layout", Object().raw("primary_screen", screens).take())
      .flag("overlay_text_enabled", true);
  return object.take();
}

std::string presentation_payload(const Participant& presenter) {
  return Object()
      .text("presenter_name", presenter.display_name)
      .text("presenter_uri", presenter.uri)
      .text("presenter_uuid", presenter.uuid)
      .take();
}

std::string reason_payload(std::string_view reason) {
  return Object().text("reason", reason).take();
}

std::string refer_payload(const Transfer& transfer) {
  return Object().text("alias", transfer.alias).text("token", transfer.token).take();
}

std::string breakout_payload(std::string_view breakout_uuid, std::string_view participant_uuid) {
  return Object()
      .text("breakout_uuid", breakout_uuid)
      .text("participant_uuid", participant_uuid)
      .take();
}

std::string nested_payload(std::string_view breakout_uuid, std::string_view event,
                           std::string_view id, std::string_view data) {
  return Object()
      .text("breakout_uuid", breakout_uuid)
      .text("event", event)
      .text("id", id)
      .raw("data", data)
      .take();
}

std::string chat_payload(const Participant& from, const Chat& chat) {
  return Object()
      .text("origin", from.display_name)
      .text("type", chat.type)
      .text("payload", chat.payload)
      .text("uuid", from.uuid)
      .flag("direct", chat.direct)
      .take();
}

std::string caption_payload(const Participant& speaker, const Caption& caption) {
  const std::string source =
      Object().text("participant_uuid", speaker.uuid).raw("indices", "[0]").take();
  return Object()
      .text("data", caption.text)
      .flag("is_final", caption.is_final)
      .text("src_lang", "en")
      .text("tgt_lang", "en")
      .raw("sources", "[" + source + "]")
      .take();
}

std::string event_id(std::string_view node, std::uint64_t counter) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string plain = std::string(node) + '_' + std::to_string(counter);
  std::string out;
  for (std::size_t at = 0; at < plain.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(plain.size() - at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < count ? static_cast<unsigned char>(plain[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= count ? digits[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

}  // namespace tapedeck::sim
