// The replay loop: any number of sources, each played to its sink when its frames are due.
//
// The same loop serves stdout, sockets and tests; what differs is the Clock that it waits with and
// the sinks. Not thread-safe. What the clock pumps while it waits may change the deck; a sink that
// is being handed frames may only hold and release its own play, and one that is told that its play
// is over may start another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "core/port/frame_source.hpp"
#include "replayer/lateness.hpp"
#include "replayer/paced_sink.hpp"
#include "replayer/player.hpp"
#include "replayer/timeline.hpp"

namespace tapedeck::replayer {

/// What was played, summed over all plays.
struct PlayReport {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t recorded_ns = 0;  ///< recorded time, without what was cut from silences
  std::uint64_t elapsed_ns = 0;   ///< the time that it took
  Lateness lateness;              ///< of frames with a due time: none at unlimited rate
};

class Deck {
 public:
  using PlayId = std::uint64_t;

  /// Starts playing; `sink` must live until the play is over or stopped. Fails when the source
  /// does.
  [[nodiscard]] Result<PlayId> start(std::unique_ptr<port::FrameSource> source,
                                     const Timeline& timeline, PacedSink& sink);

  /// Ends a play, if it is not over yet; its sink is not told.
  void stop(PlayId id);

  /// Hands over nothing more until release(): the sink is full. Time goes on. No effect on a play
  /// that is over.
  void hold(PlayId id);
  void release(PlayId id);

  /// Time stands still on the timeline of a play, and goes on. None of these has an effect on a
  /// play that is over.
  void pause(PlayId id, std::int64_t now_ns);
  void resume(PlayId id, std::int64_t now_ns);
  void set_rate(PlayId id, const Rate& rate, std::int64_t now_ns);
  /// Hands the next blocks over, after what tells how things stand at the start, and lets time
  /// stand still at the last of them. Fails when the source or the sink does.
  Result<void> step(PlayId id, std::int64_t now_ns, std::uint64_t blocks = 1);
  /// Hands over now what the sink has got the beginning of; what follows may be of another place.
  Result<void> finish_block(PlayId id);
  /// Goes on with other frames on another timeline, that of a seek; fails when the source does, and
  /// nothing has changed then.
  Result<void> seek(PlayId id, std::unique_ptr<port::FrameSource> source, const Timeline& timeline);

  /// Of a play that is not over; when its sink is told so it still is there. Else null.
  [[nodiscard]] const Timeline* timeline(PlayId id) const;

  /// Nothing is being played.
  [[nodiscard]] bool empty() const { return plays_.empty(); }

  /// Plays until `over` says so; it is asked after every wait. When a source is over its sink is
  /// flushed and finished; when it fails its sink is told, and says whether that ends the run. A
  /// failure of a sink ends it.
  Result<void> run(port::Clock& clock, const std::function<bool()>& over);

  [[nodiscard]] const PlayReport& report() const { return report_; }

 private:
  struct Play {
    Player player;
    PacedSink& sink;
    std::int64_t due_ns = 0;
    std::int64_t counted_to_ns = 0;  ///< the time up to which elapsed_ns has been counted
    bool held = false;
    bool in_block = false;  ///< what was handed over last goes on in the next frame
  };

  template <class Change>
  void steer(PlayId id, Change change);
  Result<void> hand_over_blocks(Play& play, std::uint64_t blocks);
  [[nodiscard]] std::int64_t next_due_ns() const;
  Result<void> play_due(port::Clock& clock);
  Result<port::Frame> hand_over(Play& play);
  Result<void> play_batch(PlayId id, Play& play, std::int64_t now_ns);

  std::map<PlayId, Play> plays_;
  std::set<std::pair<std::int64_t, PlayId>> schedule_;  ///< by due time, plays that are not held
  std::vector<PlayId> due_;                             ///< scratch of play_due
  PlayId last_id_ = 0;
  PlayReport report_;
};

}  // namespace tapedeck::replayer
