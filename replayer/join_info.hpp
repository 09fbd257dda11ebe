// Who hears a stream.
#pragma once

#include <cstdint>
#include <string>

namespace tapedeck::replayer {

enum class Role { host, guest };

/// Where somebody is who has joined.
enum class Entrance {
  conference,
  waiting_room,  ///< until a host lets them in
};

/// A participant, as request_token was told and answered; all empty on /events, which nobody joins.
struct JoinInfo {
  std::uint64_t number = 0;  ///< of the join, from 1
  std::string participant_uuid = {};
  std::string display_name = {};
  std::string alias = {};     ///< of the conference
  std::string call_tag = {};  ///< what their client calls the call
  std::string pass = {};      ///< the one-time token of the transfer that brought them; "": none
  Role role = Role::host;
  /// The time on the timeline: 0 where it begins with the stream, else since the server started.
  std::int64_t now_ns = 0;
};

}  // namespace tapedeck::replayer
