#include "core/state/derivation.hpp"

#include <utility>

namespace tapedeck::state {

Derivation::Derivation(Join join, const ReducerOptions& options)
    : reducer_(std::move(join), options) {}

void Derivation::push(const event::FramePlace& place, std::int64_t wall_ns, std::string_view raw) {
  stream_is_new_ = place.connection_id != place_.connection_id;
  // Frames that came at the same moment came with one read, so in one turn of the event loop.
  if (stream_is_new_ || place.recv_ns != place_.recv_ns) {
    end_turn();
  }
  place_ = place;
  wall_ns_ = wall_ns;
  reader_.push(place, raw);
}

void Derivation::act(RestEffect effect, std::int64_t at_ns) {
  effect_ = effect;
  effect_ns_ = at_ns;
  end_turn();
}

void Derivation::end_turn() {
  turn_is_over_ = true;
  turn_place_ = place_;
}

std::optional<Step> Derivation::next() {
  if (!std::exchange(begun_, true)) {
    reducer_.begin();
    return Step{.signals = reducer_.signals()};
  }
  if (std::exchange(turn_is_over_, false)) {
    reducer_.end_turn();
    if (!reducer_.signals().empty()) {
      return Step{.place = turn_place_, .signals = reducer_.signals()};
    }
  }
  if (effect_ != RestEffect::none) {
    RestEffect effect = std::exchange(effect_, RestEffect::none);
    if (!reducer_.state().call) {
      effect = RestEffect::none;  // the client has been disconnected before
    }
    reducer_.act(effect);
    event::FramePlace place = place_;
    place.recv_ns = effect_ns_;
    return Step{.place = place, .effect = effect, .signals = reducer_.signals()};
  }
  if (std::exchange(stream_is_new_, false)) {
    reducer_.reconnect(place_.connection_id);
    return Step{.place = place_, .signals = reducer_.signals()};
  }
  const auto event = reader_.next_undecoded();
  if (!event) {
    return std::nullopt;
  }
  event_ = *event;
  const Outcome outcome = apply();
  return Step{.place = place_, .event = &event_, .outcome = outcome, .signals = reducer_.signals()};
}

Outcome Derivation::apply() {
  if (event_.payload == event::Payload::undecoded) {
    if (const auto outcome = reducer_.apply_changes(event_, wall_ns_)) {
      return *outcome;
    }
    reader_.decode(event_);
  }
  return reducer_.apply(event_, wall_ns_);
}

}  // namespace tapedeck::state
