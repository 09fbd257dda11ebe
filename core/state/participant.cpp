#include "core/state/participant.hpp"

#include <memory>
#include <string_view>

#include "core/state/participant_rules.hpp"

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
  if (!uri.is_nullish() && !uri.is_string() && !uri.is_array()) {
    throw Thrown{"uri is no string"};
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
  return to_number((*this)[Field::buzz_time]) > 0;
}

Value Participant::to_value(Client client, Arena& arena) const {
  const auto rules = participant_rules();
  Member* const members = arena.allocate<Member>(rules.size() + 1);
  std::size_t count = 0;
  for (const ParticipantRule& rule : rules) {
    if (rule.clients.has(client)) {
      std::construct_at(members + count++, Member{rule.key, rule.make(*this, arena)});
    }
  }
  std::construct_at(members + count++, Member{raw_data_key, payload_});
  return Value::object({members, count});
}

}  // namespace tapedeck::state
