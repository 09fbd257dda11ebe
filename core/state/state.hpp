// The conference as derived so far: what a client knows, and what the stream tells beside it.
//
// Written by the Reducer, read by everybody else. Payloads are kept as they came on the wire; what
// a client makes of them is worked out when it is asked for (state_json.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/event/kind.hpp"
#include "core/event/value.hpp"
#include "core/state/join.hpp"
#include "core/state/js_map.hpp"

namespace tapedeck::state {

using event::OwnedValue;
using event::Value;

inline constexpr std::string_view main_room = "main";

struct StoredParticipant {
  OwnedValue payload;
  bool is_muted = false;
  bool raised_hand = false;
};

/// The main room, or a breakout. What was never told, or is over, is undefined.
struct Room {
  OwnedValue id;         ///< "main" or what breakout_uuid held, a string on any real stream
  bool syncing = false;  ///< between participant_sync_begin and participant_sync_end
  JsMap<StoredParticipant> participants;  ///< by uuid, in the order of the roster
  OwnedValue status;                      ///< payload of conference_update
  OwnedValue stage;                       ///< payload of stage
  OwnedValue layout;                      ///< payload of layout
  OwnedValue presentation;                ///< payload of presentation_start, until it stops
  OwnedValue captions;                    ///< payload of live_captions
  OwnedValue breakout;  ///< payload of breakout_begin; tells who we are in the room

  /// Whether there is anything to say about it.
  [[nodiscard]] bool is_known() const {
    return participants.size() != 0 || !status->is_undefined() || !breakout->is_undefined();
  }
};

/// One direction of the presentation: what the client's call says of it.
enum class Link : std::uint8_t { fresh, connecting, connected, disconnected, failed };

/// `new`, `connecting`, ...: as RTCPeerConnectionState names it.
[[nodiscard]] std::string_view name_of(Link link);

struct PresentationLinks {
  Link send = Link::fresh;
  Link recv = Link::fresh;
};

struct ChatMessage {
  std::uint64_t seq = 0;
  OwnedValue message;    ///< payload of onMessage or onApplicationMessage
  bool is_text = false;  ///< text/plain, so onMessage
};

struct Disconnect {
  OwnedValue reason;
  std::uint64_t seq = 0;
  std::int64_t t_ns = 0;
};

struct Counts {
  std::array<std::uint64_t, event::kinds> by_kind{};
  /// By name, at most limits::unknown_names_max of them; the rest is only in `by_kind`.
  std::map<std::string, std::uint64_t, std::less<>> unknown;
  std::uint64_t dropped = 0;     ///< events that the client drops with an error in its log
  std::uint64_t over_limit = 0;  ///< events that mean less here than to the client, for a limit
  std::uint64_t connections = 0;
  std::uint64_t chat = 0;             ///< messages, also those no longer in the log
  std::uint64_t token_refreshes = 0;  ///< refresh_token events
};

struct State {
  Join join;
  OwnedValue service_type;  ///< of self, a string on any real stream

  std::uint64_t seq = 0;  ///< of the last frame that brought an event
  std::int64_t t_ns = 0;
  std::uint32_t connection_id = 0;
  std::optional<Disconnect> disconnect;

  JsMap<Room> rooms;  ///< by id; the main room is first and always there
  std::optional<PresentationLinks> call{PresentationLinks{}};  ///< none after a disconnect
  std::deque<ChatMessage> chat;                                ///< the last limits::chat_log_max
  OwnedValue transfer;       ///< payload of the last refer that was not cancelled
  OwnedValue splash_screen;  ///< payload of splash_screen; undefined when cleared
  Counts counts;

  State();
  [[nodiscard]] Room& main() { return *rooms.get(JsKey(main_room)); }
  [[nodiscard]] const Room& main() const { return *rooms.get(JsKey(main_room)); }
  [[nodiscard]] const Room* room(std::string_view id) const { return rooms.get(JsKey(id)); }
  [[nodiscard]] const StoredParticipant* participant(std::string_view room_id,
                                                     std::string_view uuid) const;

  /// Our own uuid in a room: from the join, or from breakout_begin; undefined where not known.
  [[nodiscard]] Value self_in(const Room& room) const;
};

}  // namespace tapedeck::state
