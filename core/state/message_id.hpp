// The id of a chat message. A real client makes one up (uuid v4); ours comes from the tape, so that
// the same tape gives the same id.
#pragma once

#include <cstdint>
#include <string>

namespace tapedeck::state {

/// A name-based uuid (RFC 9562, version 5) of the message that the frame `seq` completed.
[[nodiscard]] std::string message_id(std::uint64_t seq);

}  // namespace tapedeck::state
