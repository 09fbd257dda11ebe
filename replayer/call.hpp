// What somebody who has joined asks of the API, or does by it, beside coming, staying and going.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "replayer/join_info.hpp"

namespace tapedeck::replayer {

/// Where a timeline is.
struct Moment {
  std::uint64_t timeline = 0;  ///< JoinInfo::number of who has it alone; 0: all share it
  std::uint64_t seq = 0;       ///< of the last frame that was played; 0: none was
  std::int64_t at_ns = 0;      ///< the recorded time that is being played
};

/// A request that was let in. Views live during the call.
struct Call {
  const JoinInfo& who;
  std::string_view method;
  std::vector<std::string_view> path;  ///< below the conference, `breakouts/UUID` and all
  std::string_view query = {};         ///< raw
  std::string_view body = {};
  std::string_view room_uuid = {};  ///< of the breakout room that it makes, as it is answered
  Moment moment = {};
};

/// Of those who hear the timeline of a call.
enum class Hearer {
  caller,
  others,
  all,
};

/// A block of an event stream that is sent because of a call, between two frames.
struct Told {
  Hearer to = Hearer::all;
  std::string block;
};

}  // namespace tapedeck::replayer
