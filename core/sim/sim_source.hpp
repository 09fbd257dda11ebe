// A simulated conference as a FrameSource: what its observer is sent, from the first moment on.
//
// The same options give the same frames, on every machine. Not thread-safe.
#pragma once

#include "core/port/frame_source.hpp"
#include "core/sim/node.hpp"

namespace tapedeck::sim {

class SimSource final : public port::FrameSource {
 public:
  explicit SimSource(const Options& options);

  [[nodiscard]] Result<std::optional<port::Frame>> next() override { return stream_->next(); }

  /// The truth behind the frames that `next` gave so far.
  [[nodiscard]] const Conference& conference() const { return node_.conference(); }
  /// The participant whose stream this is.
  [[nodiscard]] const std::string& self() const { return node_.observer_uuid(); }

 private:
  Node node_;
  std::unique_ptr<port::FrameSource> stream_;
};

}  // namespace tapedeck::sim
