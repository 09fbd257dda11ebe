#include "core/verdict/client_need.hpp"

namespace tapedeck::verdict {
namespace {

using event::Decoder;
using event::Kind;
using event::Value;

constexpr std::string_view an_object = "an object, not null";
constexpr std::string_view a_name = "a string that is not blank";

/// `String.prototype.trim` leaves nothing: the white space and line ends of ECMAScript.
bool is_blank(std::string_view text) {
  constexpr std::string_view spaces[] = {" ",
                                         "\t",
                                         "\n",
                                         "\v",
                                         "\f",
                                         "\r",
                                         "\xc2\xa0",
                                         "\xe1\x9a\x80",
                                         "\xe2\x80\x80",
                                         "\xe2\x80\x81",
                                         "\xe2\x80\x82",
                                         "\xe2\x80\x83",
                                         "\xe2\x80\x84",
                                         "\xe2\x80\x85",
                                         "\xe2\x80\x86",
                                         "\xe2\x80\x87",
                                         "\xe2\x80\x88",
                                         "\xe2\x80\x89",
                                         "\xe2\x80\x8a",
                                         "\xe2\x80\xa8",
                                         "\xe2\x80\xa9",
                                         "\xe2\x80\xaf",
                                         "\xe2\x81\x9f",
                                         "\xe3\x80\x80",
                                         "\xef\xbb\xbf"};
  while (!text.empty()) {
    const std::size_t before = text.size();
    for (const std::string_view space : spaces) {
      if (text.starts_with(space)) {
        text.remove_prefix(space.size());
        break;
      }
    }
    if (text.size() == before) {
      return false;
    }
  }
  return true;
}

/// isParticipantID and isRoomID: `id && id.trim().length >= 1`.
bool is_name(const Value& id) {
  return id.is_string() && !is_blank(id.as_string());
}

std::optional<Need> need_of_name(const Value& payload, std::string_view field) {
  return is_name(payload[field]) ? std::nullopt
                                 : std::optional(Need{'/' + std::string(field), a_name});
}

std::optional<Need> need_of_participant(const Value& participant) {
  if (auto uuid = need_of_name(participant, "uuid")) {
    return uuid;
  }
  // `uri?.includes('sip')`: strings have it, and arrays.
  const Value uri = participant["uri"];
  if (!uri.is_nullish() && !uri.is_string() && !uri.is_array()) {
    return Need{"/uri", "a string"};
  }
  return std::nullopt;
}

std::optional<Need> need_of_message(const Value& message, Decoder& decoder) {
  const Value type = message["type"];
  if (!type.is_nullish() && !type.is_string()) {
    return Need{"/type", "a string"};
  }
  const std::string_view mime = type.is_string() ? type.as_string() : "";
  if (mime.substr(0, mime.find(';')) == "text/plain") {
    return std::nullopt;
  }
  // An application message: `JSON.parse(payload)`, of what `String(payload)` makes of it.
  const Value payload = message["payload"];
  const bool parses = payload.is_string() ? decoder.decode(payload.as_string()).ok()
                                          : !payload.is_undefined() && !payload.is_object();
  return parses ? std::nullopt
                : std::optional(Need{"/payload", "JSON, as the type is not text/plain"});
}

std::optional<Need> need_of_stage(const Value& stage) {
  if (!stage.is_array()) {
    return Need{"", "an array"};
  }
  for (std::size_t i = 0; i < stage.items().size(); ++i) {
    if (stage.items()[i].is_null()) {
      return Need{'/' + std::to_string(i), an_object};
    }
  }
  return std::nullopt;
}

std::optional<Need> need_of_captions(const Value& captions) {
  const Value sources = captions["sources"];
  if (!sources.is_nullish() && !sources.is_array()) {
    return Need{"/sources", "an array"};
  }
  for (std::size_t i = 0; i < sources.items().size(); ++i) {
    if (sources.items()[i].is_null()) {
      return Need{"/sources/" + std::to_string(i), an_object};
    }
  }
  return std::nullopt;
}

std::optional<Need> need_of_layout(const Value& layout) {
  // `requested_layout?.primary_screen.chair_layout`
  const Value asked = layout["requested_layout"];
  if (!asked.is_nullish() && asked["primary_screen"].is_nullish()) {
    return Need{"/requested_layout/primary_screen", "an object"};
  }
  return std::nullopt;
}

std::optional<Need> need_of_splash(const Value& splash) {
  // `!result || !('screen_key' in result)`: `in` throws where the right side is no object.
  const bool falsy = splash.is_null() || (splash.is_boolean() && !splash.as_boolean()) ||
                     (splash.is_number() && splash.as_number() == 0) || splash.is_text("");
  if (falsy || splash.is_object() || splash.is_array()) {
    return std::nullopt;
  }
  return Need{"", "an object or null"};
}

std::optional<Need> need_of_refer(const Value& refer) {
  const auto requester = need_of_name(refer, "requester_uuid");
  return requester ? requester : need_of_name(refer, "breakout_uuid");
}

/// What a handler that reads members of its payload needs: all of JSON has members but null.
std::optional<Need> need_of_members(const Value& payload) {
  return payload.is_null() ? std::optional(Need{"", an_object}) : std::nullopt;
}

}  // namespace

std::optional<Need> unmet_need(Kind kind, const Value& payload, Decoder& decoder) {
  const auto members = need_of_members(payload);
  switch (kind) {
    case Kind::stage:
      return need_of_stage(payload);
    case Kind::splash_screen:
      return need_of_splash(payload);
    case Kind::participant_create:
    case Kind::participant_update:
      return members ? members : need_of_participant(payload);
    case Kind::participant_delete:
      return members ? members : need_of_name(payload, "uuid");
    case Kind::message_received:
      return members ? members : need_of_message(payload, decoder);
    case Kind::layout:
      return members ? members : need_of_layout(payload);
    case Kind::live_captions:
      return members ? members : need_of_captions(payload);
    case Kind::breakout_event:
      return members ? members : need_of_name(payload, "breakout_uuid");
    case Kind::breakout_refer:
      return members ? members : need_of_refer(payload);
    case Kind::presentation_start:
    case Kind::presentation_frame:
    case Kind::conference_update:
    case Kind::disconnect:
    case Kind::call_disconnected:
    case Kind::refer:
    case Kind::new_offer:
    case Kind::update_sdp:
    case Kind::new_candidate:
    case Kind::breakout_begin:
    case Kind::breakout_end:
      return members;
    case Kind::presentation_stop:
    case Kind::presentation_ended:
    case Kind::participant_sync_begin:
    case Kind::participant_sync_end:
    case Kind::cancel_refer:
    case Kind::on_hold:
    case Kind::fecc:
    case Kind::refresh_token:
    case Kind::peer_disconnect:
    case Kind::bye:
    case Kind::incoming:
    case Kind::incoming_cancelled:
    case Kind::service_update:
    case Kind::unknown:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace tapedeck::verdict
