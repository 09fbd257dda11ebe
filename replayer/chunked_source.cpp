#include "replayer/chunked_source.hpp"

#include <algorithm>

namespace tapedeck::replayer {

Result<std::optional<port::Frame>> ChunkedSource::next() {
  if (rest_.empty()) {
    auto frame = source_->next();
    if (!frame || !*frame) {
      return frame;
    }
    frame_ = **frame;
    rest_ = frame_.raw;
  }
  const auto body = this->body();
  if (!body) {
    return fail(body.error());
  }
  Body& cut = **body;
  const std::uint64_t left_of_read =
      cut.border ? cut.border->end_offset - cut.offset : rest_.size();
  const std::size_t count = std::min<std::uint64_t>(rest_.size(), left_of_read);
  port::Frame piece = frame_;
  piece.raw = rest_.substr(0, count);
  rest_.remove_prefix(count);
  cut.offset += count;
  if (!rest_.empty()) {
    piece.complete = false;
    piece.recv_ns = std::min(cut.border->recv_ns, frame_.recv_ns);
  }
  return std::optional{piece};
}

Result<ChunkedSource::Body*> ChunkedSource::body() {
  const bool is_first = bodies_.empty();
  Body& body = bodies_[frame_.connection_id];
  if (is_first) {
    const auto offset = reads_.offset_of(frame_);
    if (!offset) {
      return fail(offset.error());
    }
    body.offset = *offset;
  }
  while (body.border && body.border->end_offset <= body.offset) {
    const auto border = reads_.next(frame_.connection_id);
    if (!border) {
      return fail(border.error());
    }
    body.border = *border;
  }
  return &body;
}

}  // namespace tapedeck::replayer
