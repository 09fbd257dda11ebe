// A source of frames on its timeline: which frame is next, and when it is due. It has no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/result.hpp"
#include "core/port/frame.hpp"
#include "core/port/frame_source.hpp"
#include "replayer/timeline.hpp"

namespace tapedeck::replayer {

class Player {
 public:
  Player(std::unique_ptr<port::FrameSource> source, const Timeline& timeline);

  /// When the next frame is due, in the time of the clock; nothing when the source is over. Reads
  /// that frame unless it has been read, which ends the life of the bytes of the one before.
  [[nodiscard]] Result<std::optional<std::int64_t>> next_due_ns();

  /// Hands over the frame that next_due_ns() told of. Its bytes live until the next next_due_ns().
  [[nodiscard]] port::Frame take();

  [[nodiscard]] const Timeline& timeline() const { return timeline_; }
  [[nodiscard]] Timeline& timeline() { return timeline_; }

  /// Recorded time up to the last frame handed over, without what was cut from silences.
  [[nodiscard]] std::int64_t played_ns() const { return played_ns_; }

 private:
  std::unique_ptr<port::FrameSource> source_;
  Timeline timeline_;
  std::optional<port::Frame> next_;
  std::int64_t played_ns_ = 0;
  bool over_ = false;
};

}  // namespace tapedeck::replayer
