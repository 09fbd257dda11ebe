#include "core/event/kind.hpp"

#include <array>

namespace tapedeck::event {
namespace {

constexpr std::array<std::string_view, kinds> names{
    "presentation_start",
    "presentation_stop",
    "presentation_ended",
    "presentation_frame",
    "participant_create",
    "participant_update",
    "participant_delete",
    "message_received",
    "conference_update",
    "stage",
    "layout",
    "disconnect",
    "call_disconnected",
    "participant_sync_begin",
    "participant_sync_end",
    "refer",
    "cancel_refer",
    "on_hold",
    "fecc",
    "refresh_token",
    "live_captions",
    "peer_disconnect",
    "new_offer",
    "update_sdp",
    "new_candidate",
    "splash_screen",
    "breakout_begin",
    "breakout_event",
    "breakout_end",
    "breakout_refer",
    "bye",
    "incoming",
    "incoming_cancelled",
    "service_update",
    "unknown",
};

}  // namespace

std::string_view name_of(Kind kind) {
  return names[static_cast<std::size_t>(kind)];
}

Kind kind_of(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) {
      return static_cast<Kind>(i);
    }
  }
  return Kind::unknown;
}

}  // namespace tapedeck::event
