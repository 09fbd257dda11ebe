#include "cli/head_count.hpp"

#include <utility>

#include "cli/conference_tape.hpp"

namespace tapedeck::cli {

void HeadCount::begin(state::Join join) {
  derivation_ =
      std::make_unique<state::Derivation>(std::move(join), state::ReducerOptions{.signals = false});
}

void HeadCount::connected() {
  if (derivation_ && derivation_->state().disconnect) {
    derivation_.reset();  // who was sent away and comes back is told everything anew
  }
}

void HeadCount::hear(const port::Exchange& exchange) {
  if (state::Join join; take_answer(exchange, join)) {
    begin(std::move(join));  // another conference
  }
}

void HeadCount::hear(const port::Frame& frame) {
  if (!derivation_) {
    begin();
  }
  derivation_->push({++frames_, frame.connection_id, frame.recv_ns}, 0, frame.raw);
  while (derivation_->next()) {
  }
}

std::optional<std::uint64_t> HeadCount::participants() const {
  if (!derivation_) {
    return std::nullopt;
  }
  const state::State& state = derivation_->state();
  const auto told = [&](event::Kind kind) {
    return state.counts.by_kind[static_cast<std::size_t>(kind)] != 0;
  };
  if (!told(event::Kind::participant_create) && !told(event::Kind::participant_sync_end)) {
    return std::nullopt;
  }
  std::uint64_t count = 0;
  state.rooms.for_each([&](const state::Room& room) { count += room.participants.size(); });
  return count;
}

}  // namespace tapedeck::cli
