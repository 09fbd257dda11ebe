// A tape played step by step under a virtual clock, into the reader's own handler and into the
// reducer: what a client and a plugin saw up to any moment, and what the conference was then.
//
// It begins with the join. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event/value.hpp"
#include "core/port/clock.hpp"
#include "core/port/frame.hpp"
#include "core/port/virtual_clock.hpp"
#include "core/sse/message.hpp"
#include "core/state/derivation.hpp"
#include "core/state/plugin_events.hpp"
#include "testing/tape.hpp"

namespace tapedeck::testing {

/// What was emitted, and when.
struct Emission {
  std::uint64_t seq = 0;  ///< of the frame that caused it; 0: the join
  std::int64_t t_ns = 0;
  std::string_view name;
  event::OwnedValue payload;
};

struct PlaybackOptions {
  /// Whose plugin events are seen, and with them which client's signals.
  state::PluginApi plugin_api = state::PluginApi::api_19;
  /// What the client knew from joining; nothing: what the tape tells.
  std::optional<state::Join> join = std::nullopt;
};

class Playback {
 public:
  explicit Playback(Tape tape, const PlaybackOptions& options = {});
  Playback(const Playback&) = delete;
  Playback& operator=(const Playback&) = delete;

  // Handlers are called when the state knows already what they are told.

  /// Calls `handler` for each frame from now on: for code that parses the stream by itself. The
  /// bytes live as long as the tape.
  void on_frame(std::function<void(const port::Frame&)> handler) { on_frame_ = std::move(handler); }

  /// Calls `handler` for each message from now on that an EventSource dispatches.
  void on_message(std::function<void(const sse::Message&)> handler) {
    on_message_ = std::move(handler);
  }

  /// Plays the next frame. False when there is none.
  bool step();

  /// Plays what comes before or at `t_ns` of recorded time, and moves the clock there.
  void play_until(std::int64_t t_ns);

  void play_to_end();

  /// Plays up to and with the frame that causes the next plugin event or signal `name`. False when
  /// none does up to the end.
  bool play_to(std::string_view name);

  /// Stands where the playback is, in recorded time.
  [[nodiscard]] port::Clock& clock() { return clock_; }
  /// Of the last frame played; 0 before the first.
  [[nodiscard]] std::uint64_t seq() const;

  [[nodiscard]] const state::State& state() const { return derivation_.state(); }
  /// The state as canonical JSON.
  [[nodiscard]] std::string state_json() const;

  /// Plugin events so far, in order.
  [[nodiscard]] std::span<const Emission> events() const { return events_; }
  /// Signals so far, in order.
  [[nodiscard]] std::span<const Emission> signals() const { return signals_; }

  /// For people: tape, seq and time, on one line without an end.
  [[nodiscard]] std::string place() const;
  /// For people: the frame played last and those around it, a line each.
  [[nodiscard]] std::string nearest_frames() const;

 private:
  void collect(const port::Frame& cause);

  Tape tape_;
  std::size_t played_ = 0;  ///< frames
  port::VirtualClock clock_;
  std::function<void(const port::Frame&)> on_frame_;
  std::function<void(const sse::Message&)> on_message_;
  state::Derivation derivation_;
  state::PluginEvents plugin_events_;
  std::vector<Emission> events_;
  std::vector<Emission> signals_;
};

/// What GoogleTest prints of a playback: its place().
void PrintTo(const Playback& playback, std::ostream* out);

}  // namespace tapedeck::testing
