#include "cli/tape_derivation.hpp"

#include <utility>

#include "core/base/limits.hpp"
#include "core/state/snapshot.hpp"
#include "core/state/value_bytes.hpp"

namespace tapedeck::cli {
namespace {

constexpr state::ReducerOptions options{.signals = false, .only_changes = true};

void hear(state::Derivation& derivation, const port::Frame& frame, std::int64_t wall_ns) {
  derivation.push({frame.seq, frame.connection_id, frame.recv_ns}, wall_ns, frame.raw);
  while (derivation.next()) {
  }
}

}  // namespace

void ToldState::push(const port::Frame& frame, std::int64_t wall_ns,
                     const state::Derivation& recorded) {
  const state::State& before = derivation_ ? derivation_->state() : recorded.state();
  // Who was sent away and comes back is told everything anew.
  if (before.disconnect && frame.connection_id != recorded.place().connection_id) {
    derivation_ = std::make_unique<state::Derivation>(join_, options);
  }
  if (derivation_) {
    hear(*derivation_, frame, wall_ns);
  }
}

std::optional<std::string> checkpoint_of(const state::Derivation& recorded, const ToldState& told) {
  const auto digest = state::SnapshotDigest::left_out;
  const auto first = state::snapshot_of(recorded, digest);
  const auto second =
      told.apart() == nullptr ? std::string() : state::snapshot_of(*told.apart(), digest);
  if (!first || !second || first->size() + second->size() > limits::snapshot_bytes_max) {
    return std::nullopt;
  }
  std::string bytes;
  state::ValueWriter(bytes).number(first->size());
  return bytes.append(*first).append(*second);
}

TapeDerivation::TapeDerivation(const state::Join& join)
    : recorded_(std::make_unique<state::Derivation>(join, options)), told_(join) {
  (void)recorded_->next();  // the join
}

Result<TapeDerivation> TapeDerivation::from(std::string_view checkpoint, const state::Join& join) {
  state::ValueReader reader(checkpoint);
  const std::size_t size = reader.count();
  const std::string_view first = reader.rest().substr(0, size);
  const std::string_view second = reader.rest().substr(first.size());
  auto recorded = state::derivation_from(first, join, options);
  if (!recorded) {
    return fail(recorded.error());
  }
  TapeDerivation derivation(join);
  derivation.recorded_ = *std::move(recorded);
  if (!second.empty()) {
    auto told = state::derivation_from(second, join, options);
    if (!told) {
      return fail(told.error());
    }
    derivation.told_.set_apart(*std::move(told));
  }
  return derivation;
}

void TapeDerivation::push(const port::Frame& frame, std::int64_t wall_ns) {
  told_.push(frame, wall_ns, *recorded_);
  hear(*recorded_, frame, wall_ns);
}

}  // namespace tapedeck::cli
