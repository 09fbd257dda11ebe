// A message: the SSE fields of a block, as a browser would dispatch them.
#pragma once

#include <string_view>

namespace tapedeck::sse {

/// Views are valid during the callback that brings the message.
struct Message {
  std::string_view event;          ///< "message" where the stream names none
  std::string_view data;           ///< lines joined with LF, valid UTF-8
  std::string_view last_event_id;  ///< sticky over messages
};

}  // namespace tapedeck::sse
