// From frames to what they mean, step by step: the reader of wire events and the reducer, wired.
//
//   derivation.push(place, wall_ns, raw);        // the next frame, in the order of `seq`
//   while (auto step = derivation.next()) ...
//   derivation.finish();                         // no frame follows
//   while (auto step = derivation.next()) ...
//
// The first step is the join. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/event/wire_reader.hpp"
#include "core/state/reducer.hpp"

namespace tapedeck::state {

/// Something that happened to the client. What it refers to lives until the next call.
struct Step {
  event::FramePlace place{};  ///< the frame that caused it; seq 0 for the join
  /// Null: the join, a new stream, something put off. With ReducerOptions::only_changes an event
  /// may be Payload::undecoded, and has no value then.
  const event::WireEvent* event = nullptr;
  RestEffect effect = RestEffect::none;  ///< what the client did, where that is the step
  Outcome outcome{};
  std::span<const Emitted> signals{};
};

class Derivation {
 public:
  explicit Derivation(Join join, const ReducerOptions& options = {});

  /// `wall_ns` is the recorded Unix time of the frame. `raw` must live until `next` has returned
  /// nothing.
  void push(const event::FramePlace& place, std::int64_t wall_ns, std::string_view raw);

  /// The client did something by REST, after the last frame pushed; call it when `next` has
  /// returned nothing.
  void act(RestEffect effect, std::int64_t at_ns);

  [[nodiscard]] std::optional<Step> next();

  void finish() { end_turn(); }

  [[nodiscard]] const Reducer& reducer() const { return reducer_; }
  [[nodiscard]] const State& state() const { return reducer_.state(); }
  /// Of the last frame that was pushed; seq 0 before the first.
  [[nodiscard]] const event::FramePlace& place() const { return place_; }

 private:
  friend class Snapshot;

  void end_turn();
  [[nodiscard]] Outcome apply();

  event::WireReader reader_;
  Reducer reducer_;
  event::WireEvent event_;
  event::FramePlace place_;       // of the frame that is being read
  event::FramePlace turn_place_;  // of the last frame of the turn that is over
  std::int64_t wall_ns_ = 0;
  RestEffect effect_ = RestEffect::none;
  std::int64_t effect_ns_ = 0;
  bool begun_ = false;
  bool turn_is_over_ = false;
  bool stream_is_new_ = false;
};

}  // namespace tapedeck::state
