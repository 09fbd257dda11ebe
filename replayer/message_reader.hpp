// From frames to messages: what an EventSource dispatches that is opened anew for each connection.
//
// A push object without source or clock. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "core/port/frame.hpp"
#include "core/sse/message_parser.hpp"

namespace tapedeck::replayer {

class MessageReader {
 public:
  /// The bytes of `frame` must live until next() has returned nothing.
  void push(const port::Frame& frame) {
    if (frame.connection_id != connection_id_) {
      connection_id_ = frame.connection_id;
      parser_.reset();
    }
    parser_.push(frame.raw);
  }

  /// The next thing found, or nothing until another frame is pushed.
  [[nodiscard]] std::optional<sse::Parsed> next() { return parser_.next(); }

 private:
  sse::MessageParser parser_;
  std::uint32_t connection_id_ = 0;
};

}  // namespace tapedeck::replayer
