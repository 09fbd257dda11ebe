// A participant of the wire, and what a client makes of it (normalizeParticipant, utils.js).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/event/value.hpp"
#include "core/state/client_policy.hpp"
#include "core/state/javascript.hpp"

namespace tapedeck::state {

/// The fields of participant_create and participant_update that clients read.
enum class ParticipantField : std::uint8_t {
  buzz_time,
  can_receive_personal_mix,
  disconnect_supported,
  display_name,
  fecc_supported,
  has_media,
  is_audio_only_call,
  is_client_muted,
  is_conjoined,
  is_external,
  is_idp_authenticated,
  is_main_video_dropped_out,
  is_muted,
  is_presenting,
  is_streaming_conference,
  is_transferring,
  is_video_call,
  is_video_muted,
  is_video_silent,
  mute_supported,
  needs_presentation_in_mix,
  overlay_text,
  protocol,
  receive_from_video_mix,
  role,
  rx_presentation_policy,
  service_type,
  spotlight,
  start_time,
  supports_direct_chat,
  transfer_supported,
  uri,
  uuid,
  vendor,
};

inline constexpr std::size_t participant_fields =
    static_cast<std::size_t>(ParticipantField::vendor) + 1;

/// The field that a member of the payload is; nothing where clients do not read it.
[[nodiscard]] std::optional<ParticipantField> participant_field(std::string_view name);

/// The member of a client's objects that holds the wire payload itself.
inline constexpr std::string_view raw_data_key = "rawData";

/// Where the fields stand among the members of a payload: the same for all whose keys are the same
/// in the same order.
class FieldPlaces {
 public:
  explicit FieldPlaces(const Value& payload);

  /// The value of a field in a payload with those keys; undefined where there is none.
  [[nodiscard]] const Value& find(const Value& payload, ParticipantField field) const {
    static constexpr Value undefined{};
    const std::uint32_t place = places_[static_cast<std::size_t>(field)];
    return place == none ? undefined : payload.members()[place].value;
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  std::array<std::uint32_t, participant_fields> places_;
};

/// The name that a client shows of whom `payload` is about: the `display_name`, or the `uri`
/// without its first `sip:`. What is made lies in `arena`.
[[nodiscard]] Value shown_name(const Value& payload, event::Arena& arena);

/// A participant as a client holds it. A view: the payload that it was made from must outlive it.
class Participant {
 public:
  /// Throws `Thrown` where the client's normalizeParticipant throws.
  Participant(const Value& payload, const ClientPolicy& policy)
      : Participant(payload, policy, FieldPlaces(payload)) {}
  Participant(const Value& payload, const ClientPolicy& policy, const FieldPlaces& places);

  [[nodiscard]] const Value& payload() const { return payload_; }
  [[nodiscard]] const Value& operator[](ParticipantField field) const {
    return places_.find(payload_, field);
  }
  [[nodiscard]] const Value& uuid() const { return (*this)[ParticipantField::uuid]; }

  [[nodiscard]] bool is_muted() const;
  [[nodiscard]] bool can_mute() const;
  [[nodiscard]] bool raised_hand() const;

  /// The Participant object of the client, with its key order; what is made lies in `arena`.
  [[nodiscard]] Value to_value(Client client, event::Arena& arena) const;

 private:
  Value payload_;
  FieldPlaces places_;
};

}  // namespace tapedeck::state
