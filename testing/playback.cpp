#include "testing/playback.hpp"

#include <algorithm>
#include <ostream>

#include "core/state/state_json.hpp"

namespace tapedeck::testing {
namespace {

bool came_with_one_read(const port::Frame& a, const port::Frame& b) {
  return a.connection_id == b.connection_id && a.recv_ns == b.recv_ns;
}

bool has_name_from(std::span<const Emission> emissions, std::size_t first, std::string_view name) {
  const auto rest = emissions.subspan(first);
  return std::ranges::any_of(rest, [&](const Emission& one) { return one.name == name; });
}

}  // namespace

Playback::Playback(Tape tape, const PlaybackOptions& options)
    : tape_(std::move(tape)),
      derivation_(options.join.value_or(tape_.join()),
                  {.client = state::client_of(options.plugin_api)}),
      plugin_events_(options.plugin_api) {
  collect({});
}

bool Playback::step() {
  if (played_ == tape_.size()) {
    return false;
  }
  const port::Frame frame = tape_.frame(played_++);
  clock_.wait_until(frame.recv_ns);
  derivation_.push({frame.seq, frame.connection_id, frame.recv_ns},
                   tape_.wall_ns(frame.connection_id, frame.recv_ns), frame.raw);
  collect(frame);
  if (played_ == tape_.size() || !came_with_one_read(frame, tape_.frame(played_))) {
    derivation_.finish();
    collect(frame);
  }
  if (on_frame_) {
    on_frame_(frame);
  }
  return true;
}

void Playback::play_until(std::int64_t t_ns) {
  while (played_ < tape_.size() && tape_.frame(played_).recv_ns <= t_ns) {
    step();
  }
  clock_.wait_until(t_ns);
}

void Playback::play_to_end() {
  while (step()) {
  }
}

bool Playback::play_to(std::string_view name) {
  for (;;) {
    const std::size_t events_before = events_.size();
    const std::size_t signals_before = signals_.size();
    if (!step()) {
      return false;
    }
    if (has_name_from(events_, events_before, name) ||
        has_name_from(signals_, signals_before, name)) {
      return true;
    }
  }
}

std::uint64_t Playback::seq() const {
  return played_ == 0 ? 0 : tape_.frame(played_ - 1).seq;
}

std::string Playback::state_json() const {
  std::string json;
  state::append_state_json(json, derivation_.reducer());
  return json;
}

std::string Playback::place() const {
  if (played_ == 0) {
    return tape_.name() + " before its first frame";
  }
  const port::Frame frame = tape_.frame(played_ - 1);
  return tape_.name() + " at seq " + std::to_string(frame.seq) + ", " +
         format_duration(frame.recv_ns);
}

std::string Playback::nearest_frames() const {
  return testing::nearest_frames(tape_, played_);
}

void Playback::collect(const port::Frame& cause) {
  while (const auto step = derivation_.next()) {
    for (const state::Emitted& emitted : step->signals) {
      signals_.push_back({cause.seq, cause.recv_ns, state::name_of(emitted.signal),
                          event::OwnedValue(emitted.payload)});
    }
    for (const state::PluginEvent& emitted : plugin_events_.from(*step)) {
      events_.push_back(
          {cause.seq, cause.recv_ns, emitted.name, event::OwnedValue(emitted.payload)});
    }
    if (on_message_ && step->event != nullptr && step->event->payload != event::Payload::too_long) {
      on_message_({step->event->name, step->event->data, step->event->last_event_id});
    }
  }
}

void PrintTo(const Playback& playback, std::ostream* out) {
  *out << playback.place();
}

}  // namespace tapedeck::testing
