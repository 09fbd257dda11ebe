#include "recorder/recording.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace tapedeck::recorder {

std::string_view FrameLimit::wanted(std::string_view bytes) {
  splitter_.push(bytes);
  while (const auto block = splitter_.next()) {
    split_bytes_ += block->raw.size();
    if (--left_ == 0) {
      // Nothing where the last block had its last byte in an earlier push.
      return bytes.substr(0, split_bytes_ - std::min(split_bytes_, pushed_bytes_));
    }
  }
  pushed_bytes_ += bytes.size();
  return bytes;
}

void FrameLimit::end_of_connection() {
  if (left_ > 0 && splitter_.finish()) {
    --left_;
  }
  pushed_bytes_ = split_bytes_ = 0;
}

Recording::Recording(port::RecordingSink& sink, port::Clock& clock,
                     std::function<std::int64_t()> wall_now_ns,
                     std::optional<std::uint64_t> frames_max, std::int64_t head_start_ns)
    : sink_(sink),
      clock_(clock),
      wall_now_ns_(std::move(wall_now_ns)),
      tape_minus_clock_ns_(sink.session_start_ns() + head_start_ns - clock.now_ns()) {
  if (frames_max) {
    limit_.emplace(*frames_max);
  }
}

Result<void> Recording::connect(const Opened& opened) {
  const auto id = sink_.open_connection({.opened_ns = now_ns(),
                                         .wall_ns = wall_now_ns_(),
                                         .source = opened.source,
                                         .http_status = opened.http_status,
                                         .headers = opened.headers,
                                         .last_event_id = opened.last_event_id});
  if (!id) {
    return fail(id.error());
  }
  connection_id_ = *id;
  connection_frames_ = 0;
  body_bytes_ = 0;
  parser_.reset(parser_.last_event_id());
  ++totals_.connections;
  return {};
}

Result<void> Recording::take(std::string_view bytes) {
  check(!full(), "more bytes for a recording that is full");
  if (limit_) {
    bytes = limit_->wanted(bytes);
  }
  if (bytes.empty()) {
    return {};
  }
  const std::int64_t read_ns = now_ns();
  body_bytes_ += bytes.size();
  if (auto noted = sink_.note_read(connection_id_, body_bytes_, read_ns); !noted) {
    return noted;
  }
  splitter_.push(bytes);
  while (const auto block = splitter_.next()) {
    const std::int64_t recv_ns = block->ended_in_earlier_push ? last_read_ns_ : read_ns;
    if (auto accepted = accept(*block, recv_ns); !accepted) {
      return accepted;
    }
  }
  last_read_ns_ = read_ns;
  parser_.push(bytes);
  while (const auto parsed = parser_.next()) {
    if (parsed->kind == sse::Parsed::Kind::retry) {
      retry_ms_ = parsed->retry_ms;
    } else if (parsed->kind == sse::Parsed::Kind::message && hear_) {
      hear_(parsed->message);
    }
  }
  return {};
}

Result<void> Recording::disconnect(port::ConnectionEnd end, const std::string& detail) {
  if (const auto rest = splitter_.finish()) {
    if (auto accepted = accept(*rest, last_read_ns_); !accepted) {
      return accepted;
    }
  }
  if (limit_) {
    limit_->end_of_connection();
  }
  disconnected_ns_ = now_ns();
  return sink_.close_connection(connection_id_, disconnected_ns_, end, detail);
}

Result<void> Recording::note_gap(const std::string& reason) {
  ++totals_.gaps;
  return sink_.note_gap({.after_connection = connection_id_,
                         .start_ns = disconnected_ns_,
                         .end_ns = now_ns(),
                         .reason = reason});
}

Result<void> Recording::note(port::Exchange exchange) {
  exchange.request_ns += tape_minus_clock_ns_;
  exchange.response_ns += tape_minus_clock_ns_;
  return sink_.note_exchange(exchange);
}

Result<void> Recording::accept(const sse::Block& block, std::int64_t recv_ns) {
  ++totals_.frames;
  ++connection_frames_;
  totals_.bytes += block.raw.size();
  return sink_.accept({.connection_id = connection_id_,
                       .recv_ns = recv_ns,
                       .complete = block.complete,
                       .raw = block.raw});
}

}  // namespace tapedeck::recorder
