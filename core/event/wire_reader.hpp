// From frames to wire events: a push object without tape or clock.
//
// Frames are handed in in the order of `seq`. A new connection id begins a new stream: what was
// unfinished is dropped, as a browser drops it. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/event/decoder.hpp"
#include "core/event/wire_event.hpp"
#include "core/sse/message_parser.hpp"

namespace tapedeck::event {

/// Where and when the bytes came: the fields of a frame beside its bytes.
struct FramePlace {
  std::uint64_t seq = 0;
  std::uint32_t connection_id = 0;
  std::int64_t recv_ns = 0;
};

/// Decodes the data of an event that is Payload::undecoded. The value lives until the next call
/// with `decoder`, and as long as the data.
void decode(Decoder& decoder, WireEvent& event);

class WireReader {
 public:
  /// Hands in the next frame; `raw` must live until `next` has returned nothing.
  void push(const FramePlace& place, std::string_view raw);

  /// The next event, or nothing until another frame is pushed.
  [[nodiscard]] std::optional<WireEvent> next();

  /// The same without its value: what has data is Payload::undecoded, and may be decoded before the
  /// next call.
  [[nodiscard]] std::optional<WireEvent> next_undecoded();
  void decode(WireEvent& event) { event::decode(decoder_, event); }

  /// What the next event hangs on beside its own bytes; nothing in the middle of a block.
  [[nodiscard]] std::optional<sse::MessageParser::Border> border() const {
    return parser_.border();
  }
  /// Goes on from where another reader was after the frame at `place`.
  void resume(const FramePlace& place, const sse::MessageParser::Border& border) {
    place_ = place;
    parser_.resume(border);
  }

 private:
  sse::MessageParser parser_;
  Decoder decoder_;
  FramePlace place_;
};

}  // namespace tapedeck::event
