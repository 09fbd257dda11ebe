// The event ids of an Infinity node: base64 of its name or address, an underscore and a counter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapedeck::verdict {

/// `MjdfNg==` is `27_6`: node `27`, counter 6.
struct EventId {
  std::string_view node;
  std::uint64_t counter = 0;
};

class EventIdParser {
 public:
  /// Nothing for an id that is not of this form. What is returned lives until the next call.
  [[nodiscard]] std::optional<EventId> parse(std::string_view id);

 private:
  std::string text_;
};

}  // namespace tapedeck::verdict
