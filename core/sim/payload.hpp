// The JSON payloads of wire events, with the fields of Infinity v36 to v39 in the node's own
// spelling: YES and NO beside booleans, seconds with a fraction, 0 for a time that is not set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/sim/participant.hpp"

namespace tapedeck::sim {

/// The longest list of a stage event: the largest layout shows no more people.
inline constexpr std::size_t stage_entries_max = 25;

/// Through whose eyes: a node shows guests neither how others are connected nor a lock.
enum class View { host, guest };

[[nodiscard]] std::string participant_payload(const Participant& participant,
                                              View view = View::host);
[[nodiscard]] std::string uuid_payload(std::string_view uuid);
[[nodiscard]] std::string status_payload(const Room& room, View view = View::host);
[[nodiscard]] std::string stage_payload(const Room& room);
/// Whether a room can be shown so.
[[nodiscard]] bool is_layout(std::string_view name);
[[nodiscard]] std::string layout_payload(const Room& room);
[[nodiscard]] std::string presentation_payload(const Participant& presenter);
[[nodiscard]] std::string reason_payload(std::string_view reason);

/// Where somebody is sent.
struct Transfer {
  std::string alias;
  std::string token;  ///< lets them in there, once
};
[[nodiscard]] std::string refer_payload(const Transfer& transfer);
[[nodiscard]] std::string breakout_payload(std::string_view breakout_uuid,
                                           std::string_view participant_uuid);
/// A breakout_event: `data` is JSON, `id` as it stands in the event.
[[nodiscard]] std::string nested_payload(std::string_view breakout_uuid, std::string_view event,
                                         std::string_view id, std::string_view data);

struct Chat {
  std::string_view type;
  std::string_view payload;
  bool direct = false;
};
[[nodiscard]] std::string chat_payload(const Participant& from, const Chat& chat);

struct Caption {
  std::string_view text;
  bool is_final = false;
};
[[nodiscard]] std::string caption_payload(const Participant& speaker, const Caption& caption);

/// The `id` of an event: base64 of `<node>_<counter>`.
[[nodiscard]] std::string event_id(std::string_view node, std::uint64_t counter);

}  // namespace tapedeck::sim
