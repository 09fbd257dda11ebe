// What a client's command does to a conference, as changes that a stream would tell of.
//
// A change says how things are to be, not how they were: so the same list is done by a replay
// (reactions.hpp) and by a simulated node, and looked for on a recording (recorded_calls.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/state/state.hpp"
#include "replayer/call.hpp"
#include "replayer/join_info.hpp"

namespace tapedeck::cli {

struct Change {
  enum class What {
    participant,  ///< `fields` of `who`
    floor,        ///< `who` presents, or no longer, as the field is_presenting says
    status,       ///< `fields` of conference_update
    layout,       ///< `fields` of layout
    message,      ///< `who` says `text` of the type `kind`, to `to` alone unless that is ""
    removal,      ///< `who` leaves the room
    move,         ///< `who` goes to the room `to`
    refer,        ///< `who` is sent to the conference `to`
    room_begins,  ///< a breakout room of the name `text`
    room_ends,
    end,  ///< everybody is sent away
  };
  What what = What::participant;
  std::string room;      ///< "main" or the uuid of a breakout room
  std::string who = {};  ///< a uuid
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< key and JSON
  std::string to = {};
  std::string kind = {};
  std::string text = {};
};

/// A call that is to change something.
struct Command {
  std::string name;      ///< as the API calls it: `mute`, `lock`, ...
  std::string room;      ///< "main" or the uuid of a breakout room
  std::string who = {};  ///< the uuid of the participant that it is about; "": of none
  /// The first is the one that tells whether it was done. None: no event tells of it, or those
  /// whom it is about are not there.
  std::vector<Change> changes = {};
};

/// What a string of a payload or body holds; "" of any other value.
[[nodiscard]] std::string text_of(const event::Value& value);

/// Nothing: the call asks for something, or is about the media of a call. `wall_ns` is the Unix
/// time that is played, which a raised hand and a spotlight carry.
[[nodiscard]] std::optional<Command> read_command(const replayer::Call& call,
                                                  const state::State& state, std::int64_t wall_ns);

/// Whether a node lets only hosts give it: all but what guests do about themselves, and chat.
[[nodiscard]] bool is_for_hosts(const Command& command, const replayer::JoinInfo& who);

/// What a node answers 403 to a guest who gives one of these.
inline constexpr std::string_view invalid_role = "Invalid role";

/// Whether things are in this state as the change says. Never of a message, a refer and an end:
/// no state tells.
[[nodiscard]] bool is_so(const state::State& state, const Change& change);

/// `mute of Alice`, `lock`, `lock in the room Blue`.
[[nodiscard]] std::string describe(const Command& command, const state::State& state);

}  // namespace tapedeck::cli
