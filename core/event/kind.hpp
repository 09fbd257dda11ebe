// The kinds of wire events, named as on the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tapedeck::event {

/// The first thirty are what @pexip/infinity 20.0.0 listens to, in its order (eventSource.js,
/// EventSrcEvents); the others are known from other clients only. Unknown names are legal.
enum class Kind : std::uint8_t {
  presentation_start,
  presentation_stop,
  presentation_ended,
  presentation_frame,
  participant_create,
  participant_update,
  participant_delete,
  message_received,
  conference_update,
  stage,
  layout,
  disconnect,
  call_disconnected,
  participant_sync_begin,
  participant_sync_end,
  refer,
  cancel_refer,
  on_hold,
  fecc,
  refresh_token,
  live_captions,
  peer_disconnect,
  new_offer,
  update_sdp,
  new_candidate,
  splash_screen,
  breakout_begin,
  breakout_event,
  breakout_end,
  breakout_refer,
  bye,
  incoming,
  incoming_cancelled,
  service_update,
  unknown,
};

inline constexpr std::size_t kinds = static_cast<std::size_t>(Kind::unknown) + 1;

/// As on the wire; "unknown" for Kind::unknown.
[[nodiscard]] std::string_view name_of(Kind kind);

/// Kind::unknown for a name that is none of them.
[[nodiscard]] Kind kind_of(std::string_view name);

}  // namespace tapedeck::event
