#include "core/state/participant.hpp"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/json_text.hpp"
#include "core/event/wtf8.hpp"

namespace tapedeck::state {
namespace {

using event::Arena;
using event::Member;
using Field = ParticipantField;

constexpr std::array<std::string_view, participant_fields> field_names{
    "buzz_time",
    "can_receive_personal_mix",
    "disconnect_supported",
    "display_name",
    "fecc_supported",
    "has_media",
    "is_audio_only_call",
    "is_client_muted",
    "is_conjoined",
    "is_external",
    "is_idp_authenticated",
    "is_main_video_dropped_out",
    "is_muted",
    "is_presenting",
    "is_streaming_conference",
    "is_transferring",
    "is_video_call",
    "is_video_muted",
    "is_video_silent",
    "mute_supported",
    "needs_presentation_in_mix",
    "overlay_text",
    "protocol",
    "receive_from_video_mix",
    "role",
    "rx_presentation_policy",
    "service_type",
    "spotlight",
    "start_time",
    "supports_direct_chat",
    "transfer_supported",
    "uri",
    "uuid",
    "vendor",
};

/// Finds a field by name with one comparison: a hash without collisions among the names above.
class FieldFinder {
 public:
  constexpr FieldFinder() {
    while (!fill()) {
      ++factor_;
    }
  }

  /// participant_fields where it is none.
  [[nodiscard]] constexpr std::size_t find(std::string_view name) const {
    if (name.empty()) {
      return participant_fields;
    }
    const std::size_t candidate = slots_[slot(name)];
    return candidate < participant_fields && field_names[candidate] == name ? candidate
                                                                            : participant_fields;
  }

 private:
  [[nodiscard]] constexpr std::size_t slot(std::string_view name) const {
    const auto byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(name[i]));
    };
    const std::size_t mixed = name.size() + 3 * byte(0) + 31 * byte(name.size() / 2) +
                              factor_ * byte(name.size() - 1) + 7 * byte(name.size() / 3);
    return mixed % slots_.size();
  }

  constexpr bool fill() {
    slots_.fill(static_cast<std::uint8_t>(participant_fields));
    for (std::size_t i = 0; i < field_names.size(); ++i) {
      std::uint8_t& place = slots_[slot(field_names[i])];
      if (place != participant_fields) {
        return false;
      }
      place = static_cast<std::uint8_t>(i);
    }
    return true;
  }

  std::size_t factor_ = 1;
  std::array<std::uint8_t, 256> slots_{};
};

constexpr FieldFinder finder;

bool is_one_of(const Value& value, std::initializer_list<std::string_view> texts) {
  return value.is_string() && std::ranges::find(texts, value.as_string()) != texts.end();
}

/// `uri?.includes('sip')`: strings and arrays have that method.
Value mentions_sip(const Value& uri) {
  if (uri.is_nullish()) {
    return {};
  }
  if (uri.is_string()) {
    return Value::boolean(uri.as_string().find("sip") != std::string_view::npos);
  }
  if (uri.is_array()) {
    return Value::boolean(
        std::ranges::any_of(uri.items(), [](const Value& item) { return item.is_text("sip"); }));
  }
  throw Thrown{"uri is no string"};
}

bool positive(const Value& value) {
  return to_number(value) > 0;
}

Value call_type(const Participant& p) {
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

// The rules of normalizeParticipant, one function of (participant, arena) each.
template <Field field>
Value as_is(const Participant& p, Arena& /*arena*/) {
  return p[field];
}
template <Field field>
Value is_yes(const Participant& p, Arena& /*arena*/) {
  return Value::boolean(p[field].is_text("YES"));
}
template <Field field>
Value is_truthy(const Participant& p, Arena& /*arena*/) {
  return Value::boolean(truthy(p[field]));
}
template <Field field>
Value is_positive(const Participant& p, Arena& /*arena*/) {
  return Value::boolean(positive(p[field]));
}
Value is_not_gateway(const Participant& p, Arena& /*arena*/) {
  return Value::boolean(!p[Field::service_type].is_text("gateway"));
}

struct OutputField {
  std::string_view key;
  Clients clients;
  Value (*rule)(const Participant& p, Arena& arena);
};

/// In the order of the client's object literal.
constexpr OutputField output_fields[] = {
    {"callType", every_client, [](const Participant& p, Arena&) { return call_type(p); }},
    {"canControl", every_client,
     [](const Participant& p, Arena&) {
       return Value::boolean(is_one_of(p[Field::service_type], {"conference", "lecture"}) &&
                             p[Field::role].is_text("chair"));
     }},
    {"canChangeLayout", every_client,
     [](const Participant& p, Arena&) {
       return Value::boolean(
           is_one_of(p[Field::service_type], {"conference", "lecture", "gateway"}) &&
           p[Field::role].is_text("chair"));
     }},
    {"canDisconnect", every_client, is_yes<Field::disconnect_supported>},
    {"canFecc", every_client, is_yes<Field::fecc_supported>},
    {"canMute", every_client, is_yes<Field::mute_supported>},
    {"canRaiseHand", every_client, is_not_gateway},
    {"canSpotlight", every_client, is_not_gateway},
    {"canTransfer", every_client, is_yes<Field::transfer_supported>},
    {"displayName", every_client,
     [](const Participant& p, Arena& arena) {
       return name_of(p[Field::display_name], p[Field::uri], arena);
     }},
    {"overlayText", every_client, as_is<Field::overlay_text>},
    {"handRaisedTime", every_client, as_is<Field::buzz_time>},
    {"identity", up_to_17, as_is<Field::uuid>},
    {"isCameraMuted", every_client, as_is<Field::is_video_muted>},
    {"isConjoined", every_client, is_truthy<Field::is_conjoined>},
    {"isConnecting", every_client,
     [](const Participant& p, Arena&) {
       return Value::boolean(p[Field::service_type].is_text("connecting"));
     }},
    {"isEndpoint", every_client,
     [](const Participant& p, Arena&) { return mentions_sip(p[Field::uri]); }},
    {"isExternal", every_client, as_is<Field::is_external>},
    {"isIdpAuthenticated", every_client, as_is<Field::is_idp_authenticated>},
    {"isGateway", every_client,
     [](const Participant& p, Arena&) {
       return Value::boolean(p[Field::service_type].is_text("gateway"));
     }},
    {"isHost", every_client,
     [](const Participant& p, Arena&) { return Value::boolean(p[Field::role].is_text("chair")); }},
    {"isMainVideoDroppedOut", every_client, is_truthy<Field::is_main_video_dropped_out>},
    {"isMuted", every_client, is_yes<Field::is_muted>},
    {"isClientMuted", from_19, is_truthy<Field::is_client_muted>},
    {"isPresenting", every_client, is_yes<Field::is_presenting>},
    {"isSpotlight", every_client, is_positive<Field::spotlight>},
    {"isStreaming", every_client, as_is<Field::is_streaming_conference>},
    {"isTransferring", from_19, is_truthy<Field::is_transferring>},
    {"isVideoSilent", every_client, as_is<Field::is_video_silent>},
    {"isWaiting", every_client,
     [](const Participant& p, Arena&) {
       return Value::boolean(p[Field::service_type].is_text("waiting_room"));
     }},
    {"needsPresentationInMix", every_client, is_truthy<Field::needs_presentation_in_mix>},
    {"hasMedia", from_19, as_is<Field::has_media>},
    {"protocol", every_client, as_is<Field::protocol>},
    {"raisedHand", every_client, is_positive<Field::buzz_time>},
    {"role", every_client, as_is<Field::role>},
    {"rxPresentation", every_client,
     [](const Participant& p, Arena&) {
       return Value::boolean(p[Field::rx_presentation_policy].is_text("ALLOW"));
     }},
    {"serviceType", every_client, as_is<Field::service_type>},
    {"spotlightOrder", every_client, as_is<Field::spotlight>},
    {"startAt", every_client, start_at},
    {"startTime", every_client, as_is<Field::start_time>},
    {"supportsDirectChat", from_19, as_is<Field::supports_direct_chat>},
    {"uri", every_client,
     [](const Participant& p, Arena&) {
       return p[Field::uri].is_nullish() ? Value::string("") : p[Field::uri];
     }},
    {"uuid", every_client, as_is<Field::uuid>},
    {"vendor", every_client, as_is<Field::vendor>},
    {"canReceivePersonalMix", from_19, is_truthy<Field::can_receive_personal_mix>},
    {"receiveFromVideoMix", from_19, as_is<Field::receive_from_video_mix>},
    {raw_data_key, every_client, [](const Participant& p, Arena&) { return p.payload(); }},
};

/// `"callType":` and so on, as they are written.
const std::array<std::string, std::size(output_fields)>& quoted_keys() {
  static const auto quoted = [] {
    std::array<std::string, std::size(output_fields)> texts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      append_json_string(texts[i], output_fields[i].key);
      texts[i] += ':';
    }
    return texts;
  }();
  return quoted;
}

}  // namespace

std::optional<ParticipantField> participant_field(std::string_view name) {
  const std::size_t field = finder.find(name);
  return field < participant_fields ? std::optional(static_cast<Field>(field)) : std::nullopt;
}

FieldPlaces::FieldPlaces(const Value& payload) {
  places_.fill(none);
  std::uint32_t place = 0;
  for (const Member& member : payload.members()) {
    if (const std::size_t field = finder.find(member.key); field < places_.size()) {
      places_[field] = place;
    }
    ++place;
  }
}

Value shown_name(const Value& payload, Arena& arena) {
  return name_of(payload["display_name"], payload["uri"], arena);
}

Participant::Participant(const Value& payload, const ClientPolicy& policy,
                         const FieldPlaces& places)
    : payload_(payload), places_(places) {
  if (payload.is_nullish()) {
    throw Thrown{"the participant is null"};
  }
  if (policy.checks_ids) {
    require_id(uuid(), "uuid is missing or blank");
  }
  // What else can throw on the way: the methods of uri and the conversions to a number.
  const Value& uri = (*this)[Field::uri];
  if (!truthy((*this)[Field::display_name]) && !uri.is_nullish() && !uri.is_string()) {
    throw Thrown{"uri is no string"};
  }
  if (!uri.is_string()) {
    (void)mentions_sip(uri);
  }
  for (const Field number : {Field::spotlight, Field::buzz_time, Field::start_time}) {
    (void)to_number((*this)[number]);
  }
}

bool Participant::is_muted() const {
  return (*this)[Field::is_muted].is_text("YES");
}

bool Participant::can_mute() const {
  return (*this)[Field::mute_supported].is_text("YES");
}

bool Participant::raised_hand() const {
  return positive((*this)[Field::buzz_time]);
}

Value Participant::to_value(Client client, Arena& arena) const {
  Member* const members = arena.allocate<Member>(std::size(output_fields));
  std::size_t count = 0;
  for (const OutputField& field : output_fields) {
    if (field.clients.has(client)) {
      std::construct_at(members + count++, Member{field.key, field.rule(*this, arena)});
    }
  }
  return Value::object({members, count});
}

void Participant::append_json(std::string& out, Client client, Arena& arena) const {
  const auto& keys = quoted_keys();
  char before = '{';
  for (std::size_t i = 0; i < std::size(output_fields); ++i) {
    const OutputField& field = output_fields[i];
    if (!field.clients.has(client) || field.key == raw_data_key) {
      continue;
    }
    const Value value = field.rule(*this, arena);
    if (!value.is_undefined()) {
      out += before;
      out += keys[i];
      event::append_json(out, value, {.without = raw_data_key});
      before = ',';
    }
  }
  out += '}';  // what is no member is made of another one: there is always some
}

}  // namespace tapedeck::state
