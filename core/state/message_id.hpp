// The id of a chat message. A real client makes one up (uuid v4); ours comes from the tape, so that
// the same tape gives the same id.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tapedeck::state {

/// A name-based uuid (RFC 9562, version 5) of the message that the frame `seq` completed.
class MessageId {
 public:
  explicit MessageId(std::uint64_t seq);

  [[nodiscard]] std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 36> text_;
};

}  // namespace tapedeck::state
