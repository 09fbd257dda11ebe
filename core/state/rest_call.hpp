// What a client did by REST, as far as a plugin hears of it; from the exchanges on a tape.
//
// A stream does not tell that media flow, that somebody pressed the leave button or took the floor:
// the requests that go with it do (docs/EVENTS.md).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/event/decoder.hpp"

namespace tapedeck::state {

/// A request and its answer, borrowed.
struct RestCall {
  std::string_view method;
  std::string_view target;
  std::string_view request_body;
  std::int64_t status = 0;
};

enum class RestEffect : std::uint8_t {
  none,
  media_connected,  ///< an answer of the media negotiation was acknowledged
  left_by_user,     ///< the token was released because the user left
  floor_taken,      ///< the client presents
  floor_refused,
  floor_released,  ///< the client presents no more
};

/// `decoder` reads the body of the request.
[[nodiscard]] RestEffect effect_of(const RestCall& call, event::Decoder& decoder);

}  // namespace tapedeck::state
