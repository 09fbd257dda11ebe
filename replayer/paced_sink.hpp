// Where a replay goes: a sink of frames that is told when it has got all that is due for now.
#pragma once

#include "core/port/frame_sink.hpp"

namespace tapedeck::replayer {

class PacedSink : public port::FrameSink {
 public:
  /// No further frame is due for now: what was gathered should go out.
  virtual Result<void> flush() = 0;

  /// The source failed: no frame follows. What this returns decides whether the loop goes on.
  virtual Result<void> source_failed(const Error& error) { return fail(error); }
};

}  // namespace tapedeck::replayer
