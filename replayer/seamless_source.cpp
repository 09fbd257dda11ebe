#include "replayer/seamless_source.hpp"

#include <string_view>
#include <utility>

#include "core/base/utf8.hpp"

namespace tapedeck::replayer {

SeamlessSource::SeamlessSource(std::unique_ptr<port::FrameSource> source, LeftOut& left_out)
    : source_(std::move(source)), left_out_(left_out) {}

Result<std::optional<port::Frame>> SeamlessSource::next() {
  for (;;) {
    auto next = read();
    if (!next || !*next) {
      return next;
    }
    port::Frame& frame = **next;
    const bool at_seam = connection_id_ && *connection_id_ != frame.connection_id;
    connection_id_ = frame.connection_id;
    if (at_seam && frame.raw.starts_with(byte_order_mark)) {
      frame.raw.remove_prefix(byte_order_mark.size());
      ++left_out_.byte_order_marks;
    }
    if (!frame.complete) {
      const auto torn = ends_connection(frame);
      if (!torn) {
        return fail(torn.error());
      }
      if (*torn) {
        ++left_out_.torn_blocks;
        continue;
      }
    }
    return next;
  }
}

Result<std::optional<port::Frame>> SeamlessSource::read() {
  if (std::exchange(has_read_ahead_, false)) {
    return read_ahead_;
  }
  return source_->next();
}

Result<bool> SeamlessSource::ends_connection(port::Frame& frame) {
  kept_ = frame.raw;
  frame.raw = kept_;
  auto after = source_->next();
  if (!after) {
    return fail(after.error());
  }
  has_read_ahead_ = true;
  read_ahead_ = *after;
  return read_ahead_ && read_ahead_->connection_id != frame.connection_id;
}

}  // namespace tapedeck::replayer
