#include "core/state/participant_rules.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "core/event/wtf8.hpp"

namespace tapedeck::state {
namespace {

using event::Arena;
using Field = ParticipantField;

bool is_one_of(const Value& value, std::initializer_list<std::string_view> texts) {
  return value.is_string() && std::ranges::find(texts, value.as_string()) != texts.end();
}

/// `uri?.includes('sip')`: strings and arrays have that method, and a participant no other uri.
Value mentions_sip(const Value& uri) {
  if (uri.is_nullish()) {
    return {};
  }
  return Value::boolean(uri.is_string() ? uri.as_string().find("sip") != std::string_view::npos
                                        : std::ranges::any_of(uri.items(), [](const Value& item) {
                                            return item.is_text("sip");
                                          }));
}

Value call_type(const Participant& p, Arena& /*arena*/) {
  if (p[Field::is_audio_only_call].is_text("YES")) {
    return Value::string("audio");
  }
  return Value::string(p[Field::is_video_call].is_text("YES") ? "video" : "api");
}

Value name_of(const Value& display_name, const Value& uri, Arena& arena) {
  if (truthy(display_name)) {
    return display_name;
  }
  if (!uri.is_string()) {
    return {};
  }
  constexpr std::string_view scheme = "sip:";
  const std::string_view text = uri.as_string();
  const std::size_t at = text.find(scheme);
  if (at == std::string_view::npos) {
    return uri;
  }
  std::string without(text.substr(0, at));
  event::append_wtf8(without, text.substr(at + scheme.size()));
  return Value::string(arena.copy(without));
}

Value start_at(const Participant& p, Arena& arena) {
  const auto date = date_to_json(to_number(p[Field::start_time]) * 1000);
  return date ? Value::string(arena.copy(date->text())) : Value::null();
}

Value is_not_gateway(const Participant& p, Arena& /*arena*/) {
  return Value::boolean(!p[Field::service_type].is_text("gateway"));
}

// What is made of one field alone.
using Key = std::string_view;
template <Field field>
constexpr ParticipantRule as_is(Key key, Clients clients) {
  return {key, clients, {field}, [](const Participant& p, Arena&) { return p[field]; }};
}
template <Field field>
constexpr ParticipantRule is_yes(Key key, Clients clients) {
  return {key, clients, {field}, [](const Participant& p, Arena&) {
            return Value::boolean(p[field].is_text("YES"));
          }};
}
template <Field field>
constexpr ParticipantRule is_truthy(Key key, Clients clients) {
  return {key, clients, {field}, [](const Participant& p, Arena&) {
            return Value::boolean(truthy(p[field]));
          }};
}
template <Field field>
constexpr ParticipantRule is_positive(Key key, Clients clients) {
  return {key, clients, {field}, [](const Participant& p, Arena&) {
            return Value::boolean(to_number(p[field]) > 0);
          }};
}

/// In the order of the client's object literal.
constexpr ParticipantRule rules[] = {
    {"callType", every_client, {Field::is_audio_only_call, Field::is_video_call}, call_type},
    {"canControl",
     every_client,
     {Field::service_type, Field::role},
     [](const Participant& p, Arena&) {
       return Value::boolean(is_one_of(p[Field::service_type], {"conference", "lecture"}) &&
                             p[Field::role].is_text("chair"));
     }},
    {"canChangeLayout",
     every_client,
     {Field::service_type, Field::role},
     [](const Participant& p, Arena&) {
       return Value::boolean(
           is_one_of(p[Field::service_type], {"conference", "lecture", "gateway"}) &&
           p[Field::role].is_text("chair"));
     }},
    is_yes<Field::disconnect_supported>("canDisconnect", every_client),
    is_yes<Field::fecc_supported>("canFecc", every_client),
    is_yes<Field::mute_supported>("canMute", every_client),
    {"canRaiseHand", every_client, {Field::service_type}, is_not_gateway},
    {"canSpotlight", every_client, {Field::service_type}, is_not_gateway},
    is_yes<Field::transfer_supported>("canTransfer", every_client),
    {"displayName",
     every_client,
     {Field::display_name, Field::uri},
     [](const Participant& p, Arena& arena) {
       return name_of(p[Field::display_name], p[Field::uri], arena);
     }},
    as_is<Field::overlay_text>("overlayText", every_client),
    as_is<Field::buzz_time>("handRaisedTime", every_client),
    as_is<Field::uuid>("identity", up_to_17),
    as_is<Field::is_video_muted>("isCameraMuted", every_client),
    is_truthy<Field::is_conjoined>("isConjoined", every_client),
    {"isConnecting",
     every_client,
     {Field::service_type},
     [](const Participant& p, Arena&) {
       return Value::boolean(p[Field::service_type].is_text("connecting"));
     }},
    {"isEndpoint",
     every_client,
     {Field::uri},
     [](const Participant& p, Arena&) { return mentions_sip(p[Field::uri]); }},
    as_is<Field::is_external>("isExternal", every_client),
    as_is<Field::is_idp_authenticated>("isIdpAuthenticated", every_client),
    {"isGateway",
     every_client,
     {Field::service_type},
     [](const Participant& p, Arena&) {
       return Value::boolean(p[Field::service_type].is_text("gateway"));
     }},
    {"isHost",
     every_client,
     {Field::role},
     [](const Participant& p, Arena&) { return Value::boolean(p[Field::role].is_text("chair")); }},
    is_truthy<Field::is_main_video_dropped_out>("isMainVideoDroppedOut", every_client),
    is_yes<Field::is_muted>("isMuted", every_client),
    is_truthy<Field::is_client_muted>("isClientMuted", from_19),
    is_yes<Field::is_presenting>("isPresenting", every_client),
    is_positive<Field::spotlight>("isSpotlight", every_client),
    as_is<Field::is_streaming_conference>("isStreaming", every_client),
    is_truthy<Field::is_transferring>("isTransferring", from_19),
    as_is<Field::is_video_silent>("isVideoSilent", every_client),
    {"isWaiting",
     every_client,
     {Field::service_type},
     [](const Participant& p, Arena&) {
       return Value::boolean(p[Field::service_type].is_text("waiting_room"));
     }},
    is_truthy<Field::needs_presentation_in_mix>("needsPresentationInMix", every_client),
    as_is<Field::has_media>("hasMedia", from_19),
    as_is<Field::protocol>("protocol", every_client),
    is_positive<Field::buzz_time>("raisedHand", every_client),
    as_is<Field::role>("role", every_client),
    {"rxPresentation",
     every_client,
     {Field::rx_presentation_policy},
     [](const Participant& p, Arena&) {
       return Value::boolean(p[Field::rx_presentation_policy].is_text("ALLOW"));
     }},
    as_is<Field::service_type>("serviceType", every_client),
    as_is<Field::spotlight>("spotlightOrder", every_client),
    {"startAt", every_client, {Field::start_time}, start_at},
    as_is<Field::start_time>("startTime", every_client),
    as_is<Field::supports_direct_chat>("supportsDirectChat", from_19),
    {"uri",
     every_client,
     {Field::uri},
     [](const Participant& p, Arena&) {
       return p[Field::uri].is_nullish() ? Value::string("") : p[Field::uri];
     }},
    as_is<Field::uuid>("uuid", every_client),
    as_is<Field::vendor>("vendor", every_client),
    is_truthy<Field::can_receive_personal_mix>("canReceivePersonalMix", from_19),
    as_is<Field::receive_from_video_mix>("receiveFromVideoMix", from_19),
};
static_assert(std::size(rules) == participant_rules_count);

}  // namespace

std::span<const ParticipantRule, participant_rules_count> participant_rules() {
  return rules;
}

Value shown_name(const Value& payload, Arena& arena) {
  const Value display_name = payload["display_name"];
  return truthy(display_name) ? display_name : name_of(display_name, payload["uri"], arena);
}

}  // namespace tapedeck::state
