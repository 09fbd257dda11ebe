#include "cli/tape_state.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "cli/conference_tape.hpp"
#include "cli/output.hpp"
#include "core/base/units.hpp"
#include "core/event/kind.hpp"
#include "core/state/restore.hpp"
#include "core/state/snapshot.hpp"

namespace tapedeck::cli {
namespace {

/// So far it is quicker to derive than to look for a checkpoint.
constexpr std::uint64_t near_frames = 200;

/// What takes a second and more to derive.
constexpr std::uint64_t slow_frames = 150'000;

/// Checkpoints that cannot be used and are passed over: of a tape from anywhere all may be such.
constexpr int useless_max = 16;

/// Whether an event has come that a client knows: a stream of something else has no such state.
bool tells_something(const state::Counts& counts) {
  const std::uint64_t all =
      std::accumulate(counts.by_kind.begin(), counts.by_kind.end(), std::uint64_t{0});
  return all != counts.by_kind[static_cast<std::size_t>(event::Kind::unknown)];
}

/// Once in the life of a process: who plays a folder of tapes need not read it for each.
void advise(const schema::TapeReader& tape, std::uint64_t frames) {
  static bool said = false;
  const auto checkpoint = tape.checkpoint_from(1, state::snapshot_version);
  const bool would_help = !tape.summary().recording && checkpoint && !*checkpoint;
  if (would_help && !std::exchange(said, true)) {
    say("derived " + format_count(frames) +
        " frames to know the state; 'tapedeck index TAPE' makes that a matter of milliseconds");
  }
}

}  // namespace

Result<std::uint64_t> last_seq_before(const schema::TapeReader& tape, std::int64_t until_ns) {
  auto frames = tape.frames({.from_ns = until_ns});
  if (!frames) {
    return fail(frames.error());
  }
  const auto frame = (*frames)->next();
  if (!frame) {
    return fail(frame.error());
  }
  return *frame ? (*frame)->seq - 1 : tape.summary().frame_count;
}

Result<std::vector<std::string>> TapeState::blocks_after(std::uint64_t seq) {
  const auto state = state_after(seq);
  if (!state) {
    return fail(state.error());
  }
  return *state != nullptr ? state::restoring_blocks(**state) : std::vector<std::string>();
}

Result<const state::State*> TapeState::state_after(std::uint64_t seq) {
  if (auto derived = derive(seq); !derived) {
    return fail(derived.error());
  }
  const state::State& state = derivation_->told();
  return tells_something(state.counts) ? &state : nullptr;
}

Result<const state::Reducer*> TapeState::recorded_after(std::uint64_t seq) {
  if (auto derived = derive(seq); !derived) {
    return fail(derived.error());
  }
  return &derivation_->recorded().reducer();
}

Result<void> TapeState::prepare() {
  auto connections = tape_.connections();
  if (!connections) {
    return fail(connections.error());
  }
  connections_ = *std::move(connections);
  if (!join_) {
    join_ = recorded_join(tape_);
  }
  derivation_.emplace(*join_);
  return {};
}

Result<void> TapeState::derive(std::uint64_t seq) {
  if (auto prepared = derivation_ ? Result<void>() : prepare(); !prepared) {
    return prepared;
  }
  go_near(seq);
  auto frames = tape_.frames({.first_seq = derivation_->seq() + 1, .last_seq = seq});
  if (!frames) {
    return fail(frames.error());
  }
  std::uint64_t count = 0;
  for (;; ++count) {
    const auto frame = (*frames)->next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      break;
    }
    derivation_->push(**frame,
                      wall_ns_on(tape_, connections_, (*frame)->connection_id, (*frame)->recv_ns));
  }
  frames_derived_ += count;
  if (count >= slow_frames) {
    advise(tape_, count);
  }
  return {};
}

/// To the last checkpoint that is not past `seq`, where that is nearer than where we are.
void TapeState::go_near(std::uint64_t seq) {
  const bool is_back = seq < derivation_->seq();
  if (!is_back && seq - derivation_->seq() <= near_frames) {
    return;
  }
  const std::uint64_t here = is_back ? 0 : derivation_->seq();
  std::uint64_t up_to = seq;
  for (int i = 0; i < useless_max && up_to > here; ++i) {
    const auto checkpoint = tape_.checkpoint_up_to(up_to, state::snapshot_version);
    if (!checkpoint || !*checkpoint || (*checkpoint)->seq <= here) {
      break;
    }
    auto derivation = TapeDerivation::from((*checkpoint)->state, *join_);
    if (derivation && is_of_tape(*derivation, (*checkpoint)->seq)) {
      derivation_ = *std::move(derivation);
      return;
    }
    up_to = (*checkpoint)->seq - 1;
  }
  if (is_back) {
    derivation_.emplace(*join_);
  }
}

bool TapeState::is_of_tape(const TapeDerivation& derivation, std::uint64_t seq) const {
  const event::FramePlace& place = derivation.recorded().place();
  const auto frames = tape_.frames({.first_seq = seq, .last_seq = seq});
  if (place.seq != seq || !frames) {
    return false;
  }
  const auto frame = (*frames)->next();
  return frame && *frame && (*frame)->connection_id == place.connection_id &&
         (*frame)->recv_ns == place.recv_ns;
}

}  // namespace tapedeck::cli
