#include "replayer/control_feed.hpp"

#include <utility>

#include "replayer/limits.hpp"

namespace tapedeck::replayer {

void ControlFeed::add(std::shared_ptr<EventStream> stream) {
  stream->send(std::make_shared<const std::string>(block_()));
  streams_.insert(std::move(stream));
}

void ControlFeed::end_all() {
  for (const auto& stream : streams_) {
    stream->finish();
  }
}

void ControlFeed::renew() {
  if (streams_.empty()) {
    return;
  }
  std::string block = block_();
  if (block == last_) {
    return;
  }
  last_ = std::move(block);
  const auto piece = std::make_shared<const std::string>(last_);
  for (const auto& stream : streams_) {
    if (stream->unsent_bytes() <= limits::feed_bytes_max) {
      stream->send(piece);
    }
  }
}

}  // namespace tapedeck::replayer
