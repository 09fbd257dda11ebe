// What a client makes of the fields of a participant: the object literal of normalizeParticipant,
// member by member (utils.js of @pexip/infinity).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "core/state/participant.hpp"

namespace tapedeck::state {

/// Some of the fields of a payload.
class ParticipantFields {
 public:
  constexpr ParticipantFields() = default;
  constexpr ParticipantFields(std::initializer_list<ParticipantField> fields) {
    for (const ParticipantField field : fields) {
      add(field);
    }
  }

  constexpr void add(ParticipantField field) {
    bits_ |= std::uint64_t{1} << static_cast<std::size_t>(field);
  }
  [[nodiscard]] constexpr bool meets(ParticipantFields other) const {
    return (bits_ & other.bits_) != 0;
  }

 private:
  static_assert(participant_fields <= 64);
  std::uint64_t bits_ = 0;
};

/// One member of the object.
struct ParticipantRule {
  std::string_view key;
  Clients clients;
  ParticipantFields reads;  ///< all that `make` looks at
  /// What is made lies in `arena`, or in the payload.
  Value (*make)(const Participant& p, event::Arena& arena);
};

inline constexpr std::size_t participant_rules_count = 46;

/// In the order of the object literal; `rawData`, which is the payload, follows.
[[nodiscard]] std::span<const ParticipantRule, participant_rules_count> participant_rules();

}  // namespace tapedeck::state
