// How many participants a stream tells of, while it is recorded.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/followed_state.hpp"
#include "core/port/recording_sink.hpp"

namespace tapedeck::cli {

/// Not thread-safe.
class HeadCount {
 public:
  void connected() { followed_.connected(); }
  void hear(const port::Frame& frame) { followed_.hear(frame); }
  void hear(const port::Exchange& exchange);

  /// In all rooms; nothing as long as the stream has told of nobody: it may be of another kind.
  [[nodiscard]] std::optional<std::uint64_t> participants() const;

 private:
  FollowedState followed_;
};

}  // namespace tapedeck::cli
