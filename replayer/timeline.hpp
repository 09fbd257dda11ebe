// The mapping of recorded time to replay time: where time 0 lies, the rate, how much of a silence
// is kept, and whether time stands still. Pure, exact, without a clock: who steers it says what
// time it is.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/rate.hpp"

namespace tapedeck::replayer {

struct TimelineOptions {
  Rate rate = {};
  /// The recorded time that is played at the start of the replay.
  std::int64_t from_ns = 0;
  /// A silence longer than this is played as this long; nothing: silences are kept.
  std::optional<std::int64_t> max_gap_ns = std::nullopt;
  /// Time stands still until resume().
  bool paused = false;
};

/// Every due time is an anchor plus the scaled recorded time since then: nothing adds up to a
/// drift, however long the tape and odd the rate. The anchor is the start, and moves only when
/// somebody steers; each move rounds down to a nanosecond of recorded time. Times saturate at the
/// ends of int64.
class Timeline {
 public:
  /// `start_ns` is when the replay starts, in the time of the clock that it is played by.
  Timeline(const TimelineOptions& options, std::int64_t start_ns);

  /// The next frame was received at `recv_ns`; gives due_ns(). Call it once for each frame, in
  /// order. A `recv_ns` before that of an earlier frame, or before `from_ns`, is due with it.
  std::int64_t advance(std::int64_t recv_ns);

  /// When that frame is due. While time stands still that is never (the last int64), but for what
  /// lies before `from_ns`: it belongs to the start.
  [[nodiscard]] std::int64_t due_ns() const;

  void pause(std::int64_t now_ns);
  void resume(std::int64_t now_ns);
  void set_rate(const Rate& rate, std::int64_t now_ns);
  /// That frame lies before `from_ns`: it tells how things stand there.
  [[nodiscard]] bool is_before_start() const { return is_before_start_; }
  /// That frame is handed over now, though time stands still: it stands at this frame from now on.
  void stand_at_frame() { anchor_played_ns_ = played_ns_; }

  /// The recorded time that is being played now; at unlimited rate that of the last frame but one.
  [[nodiscard]] std::int64_t position_ns(std::int64_t now_ns) const;

  /// Recorded time played up to the last frame, without what was cut from silences.
  [[nodiscard]] std::int64_t played_ns() const { return played_ns_; }

  [[nodiscard]] std::int64_t start_ns() const { return start_ns_; }
  [[nodiscard]] std::int64_t from_ns() const { return from_ns_; }
  [[nodiscard]] const Rate& rate() const { return rate_; }
  [[nodiscard]] bool is_paused() const { return paused_; }

 private:
  [[nodiscard]] std::int64_t playhead_ns(std::int64_t now_ns) const;

  Rate rate_;
  std::optional<std::int64_t> max_gap_ns_;
  std::int64_t start_ns_;
  std::int64_t from_ns_;
  bool paused_;
  /// At this time of the clock so much recorded time has been played.
  std::int64_t anchor_ns_;
  std::int64_t anchor_played_ns_ = 0;
  /// Of the last frame: when it was received, and what has been played up to it.
  std::int64_t last_recv_ns_;
  std::int64_t played_ns_ = 0;
  bool is_before_start_ = false;
  /// The same of the frame before it.
  std::int64_t recv_before_ns_;
  std::int64_t played_before_ns_ = 0;
};

}  // namespace tapedeck::replayer
