// The bytes of the frames to a file descriptor, as they are.
#pragma once

#include <string>

#include "replayer/paced_sink.hpp"
#include "replayer/stop_request.hpp"

namespace tapedeck::replayer {

/// What is due goes out in one write. The descriptor is not owned; SIGPIPE must be ignored.
class FdSink final : public PacedSink {
 public:
  /// `name` stands in the error message. Nothing more is written once `stop` is requested,
  /// and a write that waits for its reader is given up; `stop` must outlive the sink.
  /// `apart`: each frame is a write of its own.
  FdSink(int fd, std::string name, const StopRequest& stop, bool apart = false);

  Result<void> accept(const port::Frame& frame) override;
  Result<void> flush() override;
  Result<void> finish() override { return flush(); }

 private:
  int fd_;
  std::string name_;
  const StopRequest& stop_;
  bool apart_;
  std::string gathered_;
};

}  // namespace tapedeck::replayer
