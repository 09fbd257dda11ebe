// The port through which frames go.
#pragma once

#include "core/base/result.hpp"
#include "core/port/frame.hpp"

namespace tapedeck::port {

class FrameSink {
 public:
  FrameSink() = default;
  FrameSink(const FrameSink&) = delete;
  FrameSink& operator=(const FrameSink&) = delete;
  virtual ~FrameSink() = default;

  /// Takes the next frame; its bytes are only valid during the call.
  virtual Result<void> accept(const Frame& frame) = 0;

  /// No frame follows. What was accepted is durable, or sent, when this succeeds.
  virtual Result<void> finish() = 0;
};

}  // namespace tapedeck::port
