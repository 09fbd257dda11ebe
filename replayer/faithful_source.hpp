// Frames of a recording that was lost and found again: the stream ends where its connection did.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/port/frame_source.hpp"

namespace tapedeck::replayer {

/// A time without a connection, as it was recorded.
struct Loss {
  std::int64_t at_ns = 0;
  std::int64_t until_ns = 0;  ///< the next connection was open
  bool broken = true;         ///< the body broke off; else it ended as HTTP says
};

/// What lay between two connections that follow each other on the tape.
using Losses = std::function<Loss(std::uint32_t connection_id, std::uint32_t next_connection_id)>;

/// The frames of the connection that a source begins with. Where another one follows, a frame
/// without bytes marks the moment of the loss, and the source is over.
class FaithfulSource final : public port::FrameSource {
 public:
  /// `lost` is called when the mark is read.
  FaithfulSource(std::unique_ptr<port::FrameSource> source, Losses losses,
                 std::function<void(const Loss&)> lost);

  [[nodiscard]] Result<std::optional<port::Frame>> next() override;

 private:
  std::unique_ptr<port::FrameSource> source_;
  Losses losses_;
  std::function<void(const Loss&)> lost_;
  std::optional<port::Frame> last_;  ///< its bytes are gone
  bool is_lost_ = false;
};

}  // namespace tapedeck::replayer
