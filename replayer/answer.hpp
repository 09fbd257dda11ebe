// What the server answers to a request, before it is HTTP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "replayer/join_info.hpp"

namespace tapedeck::replayer {

/// Who gets an event stream.
struct StreamGrant {
  std::uint64_t member_id = 0;  ///< 0: a client of /events, which nobody joins
  JoinInfo who;
  std::string last_event_id = {};  ///< what the client had last; "" if it does not say
};

struct Answer {
  int status = 200;
  std::string body;                   ///< JSON; "" for none
  std::string allow;                  ///< for the Allow header; "" for none
  std::optional<StreamGrant> stream;  ///< an event stream is the body
  bool feed = false;                  ///< the body is the feed of the status
  bool own_pages_only = false;        ///< no page of another origin may read it
  bool hold_back = false;             ///< to be sent after limits::refused_refresh_delay
};

/// What the API answers when it has done what was asked; `result` is JSON text.
[[nodiscard]] Answer success(std::string_view result);

/// Why it answers 403 to somebody who is not, or no longer, in the conference.
inline constexpr std::string_view invalid_token = "Invalid token";

/// What it answers when it cannot do what was asked.
[[nodiscard]] Answer failure(int status, std::string_view why);

}  // namespace tapedeck::replayer
