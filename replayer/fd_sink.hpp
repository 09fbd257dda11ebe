// The bytes of the frames to a file descriptor, as they are.
#pragma once

#include <cstdint>
#include <string>

#include "replayer/paced_sink.hpp"
#include "replayer/stop_request.hpp"

namespace tapedeck::replayer {

/// What goes out in one write.
enum class Writes {
  due,          ///< all that is due
  each_moment,  ///< what was received at the same time
  each_frame,
};

/// The descriptor is not owned; SIGPIPE must be ignored.
class FdSink final : public PacedSink {
 public:
  /// `name` stands in the error message. Nothing more is written once `stop` is requested,
  /// and a write that waits for its reader is given up; `stop` must outlive the sink.
  FdSink(int fd, std::string name, const StopRequest& stop, Writes writes = Writes::due);

  Result<void> accept(const port::Frame& frame) override;
  Result<void> flush() override;
  Result<void> finish() override { return flush(); }

 private:
  int fd_;
  std::string name_;
  const StopRequest& stop_;
  Writes writes_;
  std::string gathered_;
  std::int64_t gathered_ns_ = 0;
};

}  // namespace tapedeck::replayer
