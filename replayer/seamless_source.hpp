// Frames of several connections as one stream: without what would spoil it at the seams.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/port/frame_source.hpp"

namespace tapedeck::replayer {

/// What a SeamlessSource left out.
struct LeftOut {
  std::uint64_t torn_blocks = 0;
  std::uint64_t byte_order_marks = 0;
};

/// A client parses what it is served as one stream. There a block cut off by the end of its
/// connection would grow together with the first block of the next one, and a byte order mark
/// in the middle would become part of a field name: both are left out where another connection
/// follows. The last block of all stays as it is. Of a block so long that it came in several
/// frames (limits::frame_bytes_max) only the last can be left out, the others are out by then.
class SeamlessSource final : public port::FrameSource {
 public:
  /// Adds to `left_out`, which must outlive the source.
  SeamlessSource(std::unique_ptr<port::FrameSource> source, LeftOut& left_out);

  [[nodiscard]] Result<std::optional<port::Frame>> next() override;

 private:
  [[nodiscard]] Result<std::optional<port::Frame>> read();

  /// Whether another connection follows `frame`. Reads ahead, and so keeps the bytes of `frame`.
  [[nodiscard]] Result<bool> ends_connection(port::Frame& frame);

  std::unique_ptr<port::FrameSource> source_;
  LeftOut& left_out_;
  std::optional<std::uint32_t> connection_id_;  ///< of the frame before
  bool has_read_ahead_ = false;
  std::optional<port::Frame> read_ahead_;
  std::string kept_;
};

}  // namespace tapedeck::replayer
