// The port through which frames come, in the order of `seq`.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/base/result.hpp"
#include "core/port/frame.hpp"

namespace tapedeck::port {

class FrameSource {
 public:
  FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;
  virtual ~FrameSource() = default;

  /// The next frame, or nothing when there is none any more. Its bytes live until the next call.
  [[nodiscard]] virtual Result<std::optional<Frame>> next() = 0;
};

/// Opens the same frames from the beginning, as often as asked.
using FrameSourceFactory = std::function<Result<std::unique_ptr<FrameSource>>()>;

}  // namespace tapedeck::port
