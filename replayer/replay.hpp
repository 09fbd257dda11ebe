// A replay within the process: the frames of a source, each when it is due by the caller's clock.
//
// No thread, no socket, and under port::VirtualClock no waiting. Three ways to take the frames,
// all in the order of the source:
//   - call next() until there is none;
//   - iterate: `for (const port::Frame& frame : replay)`, then look at result();
//   - hand a callback to play().
// A fourth, for code that does several things at once, is a coroutine: see tasks.hpp. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>

#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "core/port/frame_source.hpp"
#include "replayer/player.hpp"
#include "replayer/timeline.hpp"

namespace tapedeck::replayer {

class Replay final : public port::FrameSource {
 public:
  class Iterator;

  /// Time begins to run on the timeline now, by `clock`, which must outlive the replay.
  Replay(std::unique_ptr<port::FrameSource> source, const TimelineOptions& options,
         port::Clock& clock);

  /// Waits until the next frame is due and gives it. Nothing when the source is over, or when
  /// something else woke the clock before: then the next call goes on waiting. A VirtualClock is
  /// never woken.
  [[nodiscard]] Result<std::optional<port::Frame>> next() override;

  /// Calls `on_frame(const port::Frame&)` for each frame that is left. It may return Result<void>,
  /// whose failure ends the replay and is handed on.
  template <class OnFrame>
  Result<void> play(OnFrame&& on_frame) {
    for (;;) {
      const auto frame = next();
      if (!frame) {
        return fail(frame.error());
      }
      if (!*frame) {
        return {};
      }
      if constexpr (std::is_void_v<std::invoke_result_t<OnFrame&, const port::Frame&>>) {
        std::invoke(on_frame, **frame);
      } else if (Result<void> taken = std::invoke(on_frame, **frame); !taken) {
        return taken;
      }
    }
  }

  /// The frames that are left as an input range, to be gone through once. It ends where next()
  /// gives nothing or fails; result() tells which.
  [[nodiscard]] Iterator begin();
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

  /// Whether the last iteration came to its end without a failure.
  [[nodiscard]] const Result<void>& result() const { return result_; }

 private:
  std::optional<port::Frame> next_in_range();

  port::Clock& clock_;
  Player player_;
  Result<void> result_;
};

class Replay::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using value_type = port::Frame;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  explicit Iterator(Replay& replay) : replay_(&replay), frame_(replay.next_in_range()) {}

  [[nodiscard]] const port::Frame& operator*() const { return *frame_; }
  [[nodiscard]] const port::Frame* operator->() const { return &*frame_; }
  Iterator& operator++() {
    frame_ = replay_->next_in_range();
    return *this;
  }
  void operator++(int) { ++*this; }

  friend bool operator==(const Iterator& at, std::default_sentinel_t) { return !at.frame_; }

 private:
  Replay* replay_ = nullptr;
  std::optional<port::Frame> frame_;
};

inline Replay::Iterator Replay::begin() {
  return Iterator(*this);
}

}  // namespace tapedeck::replayer
