// Frames played several times over, as one recording whose time goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/port/frame_source.hpp"

namespace tapedeck::replayer {

/// Where a looped replay begins that does not begin with its first pass.
struct LoopStart {
  std::uint64_t passes_over = 0;
  std::int64_t time_over_ns = 0;  ///< of these passes
  std::uint64_t seq_over = 0;     ///< the last seq of these passes
};

/// A pass begins when the last frame of the pass before has been played. Its frames carry
/// connections of their own, so that nothing joins the end of one pass with the start of the next;
/// their seq goes on as their time does.
class LoopedSource final : public port::FrameSource {
 public:
  /// `passes` 0: for ever, unless a pass has no frame. `from_ns` is where the recorded time of a
  /// pass begins.
  LoopedSource(port::FrameSourceFactory open, std::uint64_t passes, std::int64_t from_ns,
               const LoopStart& start = {});

  [[nodiscard]] Result<std::optional<port::Frame>> next() override;

 private:
  port::FrameSourceFactory open_;
  std::uint64_t passes_;
  std::int64_t from_ns_;
  std::unique_ptr<port::FrameSource> pass_;
  std::uint64_t passes_begun_;
  int empty_passes_ = 0;       ///< in a row, with the one that has begun
  std::int64_t shift_ns_ = 0;  ///< from recorded time to the time of this source
  std::int64_t last_ns_;       ///< of the frame handed out last, in the time of this source
  std::uint64_t seq_shift_ = 0;
  std::uint64_t last_seq_;
  std::uint32_t connection_shift_ = 0;
  std::uint32_t last_connection_ = 0;
};

}  // namespace tapedeck::replayer
