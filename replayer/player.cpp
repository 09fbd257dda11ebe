#include "replayer/player.hpp"

#include "core/base/check.hpp"

namespace tapedeck::replayer {

Player::Player(std::unique_ptr<port::FrameSource> source, const Timeline& timeline)
    : source_(std::move(source)), timeline_(timeline) {}

Result<std::optional<std::int64_t>> Player::next_due_ns() {
  if (!next_ && !over_) {
    auto frame = source_->next();
    if (!frame) {
      return fail(frame.error());
    }
    next_ = *frame;
    over_ = !next_.has_value();
    if (next_) {
      timeline_.advance(next_->recv_ns);
    }
  }
  if (over_) {
    return std::optional<std::int64_t>{};
  }
  return std::optional<std::int64_t>{timeline_.due_ns()};
}

port::Frame Player::take() {
  check(next_.has_value(), "take() without a frame");
  const port::Frame frame = *next_;
  next_.reset();
  played_ns_ = timeline_.played_ns();
  return frame;
}

}  // namespace tapedeck::replayer
