// A source with something before its first frame.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/port/frame_source.hpp"

namespace tapedeck::replayer {

/// Whole blocks first, each a frame that is otherwise like `like`; then the frames of `rest`, if
/// there is one.
class PrefacedSource final : public port::FrameSource {
 public:
  PrefacedSource(std::vector<std::string> blocks, const port::Frame& like,
                 std::unique_ptr<port::FrameSource> rest)
      : blocks_(std::move(blocks)), like_(like), rest_(std::move(rest)) {
    like_.complete = true;
  }

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    if (next_ < blocks_.size()) {
      like_.raw = blocks_[next_++];
      return std::optional{like_};
    }
    return rest_ ? rest_->next() : std::optional<port::Frame>{};
  }

 private:
  std::vector<std::string> blocks_;
  port::Frame like_;
  std::unique_ptr<port::FrameSource> rest_;
  std::size_t next_ = 0;
};

}  // namespace tapedeck::replayer
