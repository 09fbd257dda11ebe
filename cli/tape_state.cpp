#include "cli/tape_state.hpp"

#include <cstddef>
#include <numeric>

#include "core/event/kind.hpp"
#include "core/state/restore.hpp"

namespace tapedeck::cli {
namespace {

/// Whether an event has come that a client knows: a stream of something else has no such state.
bool tells_something(const state::Counts& counts) {
  const std::uint64_t all =
      std::accumulate(counts.by_kind.begin(), counts.by_kind.end(), std::uint64_t{0});
  return all != counts.by_kind[static_cast<std::size_t>(event::Kind::unknown)];
}

}  // namespace

Result<std::vector<std::string>> TapeState::blocks_after(std::uint64_t seq) {
  const auto state = state_after(seq);
  if (!state) {
    return fail(state.error());
  }
  return *state != nullptr ? state::restoring_blocks(**state) : std::vector<std::string>();
}

Result<const state::State*> TapeState::state_after(std::uint64_t seq) {
  if (seq < seq_) {
    followed_.clear();
    seq_ = 0;
    connection_id_ = 0;
  }
  auto frames = tape_.frames({.first_seq = seq_ + 1, .last_seq = seq});
  if (!frames) {
    return fail(frames.error());
  }
  for (;;) {
    const auto frame = (*frames)->next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      break;
    }
    push(**frame);
  }
  const state::State* state = followed_.state();
  return state != nullptr && tells_something(state->counts) ? state : nullptr;
}

void TapeState::push(const port::Frame& frame) {
  if (frame.connection_id != connection_id_) {
    followed_.connected();
  }
  seq_ = frame.seq;
  connection_id_ = frame.connection_id;
  followed_.hear(frame);
}

}  // namespace tapedeck::cli
