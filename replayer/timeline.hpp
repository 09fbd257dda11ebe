// The mapping of recorded time to replay time: where time 0 lies, the rate, and how much of a
// silence is kept. Pure, exact, without a clock.
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
};

/// Every due time is the start plus the scaled sum of recorded time: nothing adds up to a drift,
/// however long the tape and odd the rate. Times saturate at the ends of int64.
class Timeline {
 public:
  /// `start_ns` is when the replay starts, in the time of the clock that it is played by.
  Timeline(const TimelineOptions& options, std::int64_t start_ns);

  /// When the next frame is due, which was received at `recv_ns`. Call it once for each frame, in
  /// order. A `recv_ns` before that of an earlier frame, or before `from_ns`, is due with it.
  [[nodiscard]] std::int64_t advance(std::int64_t recv_ns);

  /// Recorded time played up to the last frame, without what was cut from silences.
  [[nodiscard]] std::int64_t played_ns() const { return played_ns_; }

  [[nodiscard]] std::int64_t start_ns() const { return start_ns_; }
  [[nodiscard]] const Rate& rate() const { return rate_; }

 private:
  Rate rate_;
  std::optional<std::int64_t> max_gap_ns_;
  std::int64_t start_ns_;
  std::int64_t last_recv_ns_;
  std::int64_t played_ns_ = 0;
};

}  // namespace tapedeck::replayer
