// Frames out of memory, for tests that need no tape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/port/frame_source.hpp"

namespace tapedeck::test {

struct StoredFrame {
  std::int64_t recv_ns = 0;
  std::string raw;
  std::uint32_t connection_id = 1;
  bool complete = true;
};

/// Gives the frames with seq from 1 on. The bytes of a frame are overwritten by the next call, as
/// the contract of a source allows: who keeps a view too long is found out.
class MemorySource final : public port::FrameSource {
 public:
  explicit MemorySource(std::vector<StoredFrame> frames) : frames_(std::move(frames)) {}

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    lent_.assign(lent_.size(), '#');
    if (next_ == frames_.size()) {
      return std::optional<port::Frame>{};
    }
    const StoredFrame& frame = frames_[next_++];
    lent_ = frame.raw;
    return std::optional<port::Frame>{port::Frame{.seq = next_,
                                                  .connection_id = frame.connection_id,
                                                  .recv_ns = frame.recv_ns,
                                                  .complete = frame.complete,
                                                  .raw = lent_}};
  }

 private:
  std::vector<StoredFrame> frames_;
  std::size_t next_ = 0;
  std::string lent_;
};

inline std::unique_ptr<port::FrameSource> memory_source(std::vector<StoredFrame> frames) {
  return std::make_unique<MemorySource>(std::move(frames));
}

/// Gives the frames, and then fails instead of being over.
class BrokenSource final : public port::FrameSource {
 public:
  explicit BrokenSource(std::vector<StoredFrame> frames)
      : frames_(std::make_unique<MemorySource>(std::move(frames))) {}

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    auto frame = frames_->next();
    if (frame && !*frame) {
      return fail_io("the tape is torn");
    }
    return frame;
  }

 private:
  std::unique_ptr<port::FrameSource> frames_;
};

}  // namespace tapedeck::test
