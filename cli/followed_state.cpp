#include "cli/followed_state.hpp"

#include <utility>

namespace tapedeck::cli {

void FollowedState::begin(state::Join join) {
  derivation_ = std::make_unique<state::Derivation>(
      std::move(join), state::ReducerOptions{.signals = false, .only_changes = true});
}

void FollowedState::connected() {
  if (derivation_ && derivation_->state().disconnect) {
    clear();
  }
}

void FollowedState::hear(const port::Frame& frame) {
  if (!derivation_) {
    begin();
  }
  derivation_->push({++frames_, frame.connection_id, frame.recv_ns}, 0, frame.raw);
  while (derivation_->next()) {
  }
}

}  // namespace tapedeck::cli
