#include "core/state/derivation.hpp"

#include <utility>

namespace tapedeck::state {

Derivation::Derivation(Join join, const ReducerOptions& options)
    : reducer_(std::move(join), options) {}

void Derivation::push(const event::FramePlace& place, std::int64_t wall_ns, std::string_view raw) {
  last_ = place_;
  place_ = place;
  wall_ns_ = wall_ns;
  stream_is_new_ = place.connection_id != last_.connection_id;
  // Frames that came at the same moment came with one read, so in one turn of the event loop.
  turn_is_over_ = stream_is_new_ || place.recv_ns != last_.recv_ns;
  reader_.push(place, raw);
}

void Derivation::act(RestEffect effect, std::int64_t at_ns) {
  effect_ = effect;
  effect_ns_ = at_ns;
  turn_is_over_ = true;
}

std::optional<Step> Derivation::next() {
  if (!std::exchange(begun_, true)) {
    reducer_.begin();
    return Step{.signals = reducer_.signals()};
  }
  if (std::exchange(turn_is_over_, false)) {
    reducer_.end_turn();
    if (!reducer_.signals().empty()) {
      return Step{.place = last_, .signals = reducer_.signals()};
    }
  }
  if (effect_ != RestEffect::none) {
    const RestEffect effect = std::exchange(effect_, RestEffect::none);
    reducer_.act(effect);
    event::FramePlace place = place_;
    place.recv_ns = effect_ns_;
    return Step{.place = place, .effect = effect, .signals = reducer_.signals()};
  }
  if (std::exchange(stream_is_new_, false)) {
    reducer_.reconnect(place_.connection_id);
    return Step{.place = place_, .signals = reducer_.signals()};
  }
  const auto event = reader_.next();
  if (!event) {
    return std::nullopt;
  }
  event_ = *event;
  const Outcome outcome = reducer_.apply(event_, wall_ns_);
  return Step{.place = place_, .event = &event_, .outcome = outcome, .signals = reducer_.signals()};
}

}  // namespace tapedeck::state
