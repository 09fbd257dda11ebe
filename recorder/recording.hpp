// What arrives, onto a sink: blocks as frames with their times, reads, connections and gaps.
//
// One connection at a time. Bytes go to the splitter and from there to the sink as they came; the
// message parser runs beside it for the last event id and the reconnection time and changes
// nothing. Owns no socket and does not wait. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "core/port/recording_sink.hpp"
#include "core/sse/frame_splitter.hpp"
#include "core/sse/message_parser.hpp"
#include "recorder/source.hpp"

namespace tapedeck::recorder {

struct Totals {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint32_t connections = 0;
  std::uint32_t gaps = 0;
};

/// How much of a stream belongs to its first so many frames: a splitter that runs ahead.
class FrameLimit {
 public:
  explicit FrameLimit(std::uint64_t frames_max) : left_(frames_max) {}

  /// The part of the next bytes that is wanted.
  [[nodiscard]] std::string_view wanted(std::string_view bytes);
  /// The connection is over: what it left unfinished is a frame.
  void end_of_connection();
  [[nodiscard]] bool reached() const { return left_ == 0; }

 private:
  std::uint64_t left_;
  std::uint64_t pushed_bytes_ = 0;  ///< of this connection
  std::uint64_t split_bytes_ = 0;   ///< of these, what is in whole blocks
  sse::FrameSplitter splitter_;
};

class Recording {
 public:
  /// Time begins `head_start_ns` ago, at the sink's session start. `sink` and `clock` must outlive
  /// the recording. `wall_now_ns` gives Unix time.
  Recording(port::RecordingSink& sink, port::Clock& clock,
            std::function<std::int64_t()> wall_now_ns, std::optional<std::uint64_t> frames_max,
            std::int64_t head_start_ns = 0);

  /// Called with each message of the streams, after its frame was taken.
  void on_message(std::function<void(const sse::Message&)> hear) { hear_ = std::move(hear); }

  /// A connection is there.
  Result<void> connect(const Opened& opened);

  /// One read of its body. Bytes behind the last frame wanted are as if they had not been read.
  Result<void> take(std::string_view bytes);

  /// The connection is over; what it left unfinished becomes its last frame.
  Result<void> disconnect(port::ConnectionEnd end, const std::string& detail);

  /// There was no connection from the last `disconnect` until now.
  Result<void> note_gap(const std::string& reason);

  /// `exchange` has the times of the clock.
  Result<void> note(port::Exchange exchange);

  /// To be called when time has passed without a frame.
  Result<void> commit_if_due() { return sink_.commit_if_due(now_ns()); }

  /// Nothing follows; what was taken is durable when this succeeds.
  Result<void> finish() { return sink_.finish(); }

  [[nodiscard]] const Totals& totals() const { return totals_; }
  /// As many frames as were wanted are in.
  [[nodiscard]] bool full() const { return limit_ && limit_->reached(); }
  /// Frames of the current connection, or the last.
  [[nodiscard]] std::uint64_t connection_frames() const { return connection_frames_; }
  /// What the streams have set last, over connections; "" if nothing.
  [[nodiscard]] std::string last_event_id() const { return std::string(parser_.last_event_id()); }
  /// What the streams have set last.
  [[nodiscard]] std::optional<std::uint64_t> retry_ms() const { return retry_ms_; }
  /// Nanoseconds since the tape began.
  [[nodiscard]] std::int64_t now_ns() { return clock_.now_ns() + tape_minus_clock_ns_; }

 private:
  Result<void> accept(const sse::Block& block, std::int64_t recv_ns);

  port::RecordingSink& sink_;
  port::Clock& clock_;
  std::function<std::int64_t()> wall_now_ns_;
  std::function<void(const sse::Message&)> hear_;
  std::optional<FrameLimit> limit_;
  std::int64_t tape_minus_clock_ns_;

  sse::FrameSplitter splitter_;
  sse::MessageParser parser_;
  std::optional<std::uint64_t> retry_ms_;

  Totals totals_;
  std::uint32_t connection_id_ = 0;  ///< of the current connection, or the last
  std::uint64_t connection_frames_ = 0;
  std::uint64_t body_bytes_ = 0;  ///< of this connection
  std::int64_t last_read_ns_ = 0;
  std::int64_t disconnected_ns_ = 0;
};

}  // namespace tapedeck::recorder
