// What a client knows from joining, before the stream brings anything: the answer to request_token.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/join_defaults.hpp"

namespace tapedeck::state {

/// The defaults stand where neither the tape nor the caller tells; whoever plays a node for a tape
/// answers request_token with the same.
struct Join {
  std::string self{default_participant_uuid};  ///< participant_uuid
  std::string alias = "meet.alice";
  std::string conference_name = conference_name_of(alias);
  std::string service_type = "conference";  ///< current_service_type
  std::string display_name = "tape";
  std::string role = "HOST";
  std::optional<std::uint64_t> token_expires_s;
};

/// Stands for the token of a join, which is never shown.
inline constexpr std::string_view token_placeholder = "token";

}  // namespace tapedeck::state
