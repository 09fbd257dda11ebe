// Frames in the pieces in which the network brought them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/port/frame_source.hpp"

namespace tapedeck::replayer {

/// Where in the body of a connection a read ended, and when.
struct ReadBorder {
  std::uint64_t end_offset = 0;
  std::int64_t recv_ns = 0;
};

/// What is known of the reads of the recording.
struct RecordedReads {
  /// Where the first frame of the source begins in the body of its connection; any other connection
  /// begins with its first frame.
  std::function<Result<std::uint64_t>(const port::Frame&)> offset_of;
  /// The next read of a connection, in order; nothing: there is none any more.
  std::function<Result<std::optional<ReadBorder>>(std::uint32_t connection_id)> next;
};

/// Cuts each frame where a read ended. A piece has the time of its read, and all but the last piece
/// of a frame are not complete.
class ChunkedSource final : public port::FrameSource {
 public:
  ChunkedSource(std::unique_ptr<port::FrameSource> source, RecordedReads reads)
      : source_(std::move(source)), reads_(std::move(reads)) {}

  [[nodiscard]] Result<std::optional<port::Frame>> next() override;

 private:
  struct Body {
    std::uint64_t offset = 0;
    std::optional<ReadBorder> border = ReadBorder();  ///< nothing: no read ends any more
  };

  /// The body of the frame that is being cut, with the border of the read that brought its next
  /// byte.
  [[nodiscard]] Result<Body*> body();

  std::unique_ptr<port::FrameSource> source_;
  RecordedReads reads_;
  std::map<std::uint32_t, Body> bodies_;
  port::Frame frame_;
  std::string_view rest_;  ///< of that frame
};

}  // namespace tapedeck::replayer
