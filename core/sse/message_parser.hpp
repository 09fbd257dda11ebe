// Parses an event stream to messages exactly as a browser dispatches them, and as soon.
//
// WHATWG HTML, section 9.2.6 "Interpreting an event stream". A push object without socket or clock;
// bytes may be pushed in any chunks, frame by frame too. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/sse/message.hpp"

namespace tapedeck::sse {

/// What the parser found next. Views are valid until the next call of the parser.
struct Parsed {
  enum class Kind {
    message,
    retry,          ///< the stream set the reconnection time
    line_too_long,  ///< a line went over the limit; it is skipped as if it were not there
  };
  Kind kind = Kind::message;
  Message message;
  std::uint64_t retry_ms = 0;  ///< saturates at the largest value
};

class MessageParser {
 public:
  explicit MessageParser(std::size_t line_bytes_max = limits::line_bytes_max);

  /// Hands in the next bytes of the stream; they must live until `next` has returned nothing.
  void push(std::string_view bytes);

  /// The next thing found, or nothing until more bytes are pushed.
  [[nodiscard]] std::optional<Parsed> next();

  /// A new connection begins: an unfinished message is dropped, the last event id is forgotten.
  void reset();
};

}  // namespace tapedeck::sse
