// A wire event: a message of the stream with its payload decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/event/decoder.hpp"
#include "core/event/kind.hpp"
#include "core/event/value.hpp"

namespace tapedeck::event {

/// What became of the data of a message.
enum class Payload : std::uint8_t {
  decoded,
  undecoded,  ///< nobody has looked at it yet: there is no value
  empty,      ///< no bytes: the client ignores the event
  not_json,   ///< JSON.parse would throw: the client logs it and drops the event
  too_deep,   ///< over limits::json_depth_max
  too_many,   ///< over limits::json_values_max
  too_long,   ///< a line or the data of a message went over its limit: it is not known what it was
};

/// Views and values live until the next call of the WireReader that gave the event.
struct WireEvent {
  Kind kind = Kind::unknown;
  std::string_view name;           ///< as on the wire; "message" where the stream names none
  std::string_view data;           ///< the text of the payload
  std::string_view last_event_id;  ///< sticky over messages
  Payload payload = Payload::decoded;
  Value value;                   ///< undefined unless decoded
  Origin origin;                 ///< of the value
  std::size_t fault_offset = 0;  ///< where in `data` it stops being JSON
  std::uint64_t seq = 0;         ///< of the frame that completed the message
  std::uint32_t connection_id = 0;
  std::int64_t recv_ns = 0;
};

}  // namespace tapedeck::event
