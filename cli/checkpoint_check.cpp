#include "cli/checkpoint_check.hpp"

#include <utility>

#include "cli/conference_tape.hpp"
#include "core/state/snapshot.hpp"

namespace tapedeck::cli {

Result<CheckpointCheck> CheckpointCheck::begin(const schema::TapeReader& tape,
                                               const state::Join& join) {
  auto next = tape.checkpoint_from(1, state::snapshot_version);
  if (!next && next.error().kind != ErrorKind::damaged) {
    return fail(next.error());
  }
  CheckpointCheck check(tape, next && *next ? recorded_join(tape) : join);
  if (next) {  // a row that is damaged is named by who reads the bytes
    check.next_ = *std::move(next);
  }
  if (check.join_.self != join.self || check.join_.service_type != join.service_type) {
    check.own_.emplace(check.join_);
  }
  return check;
}

void CheckpointCheck::before(const port::Frame& frame, std::int64_t wall_ns,
                             const state::Derivation& recorded) {
  if (!next_) {
    return;
  }
  if (own_) {
    own_->push(frame, wall_ns);
  } else {
    told_.push(frame, wall_ns, recorded);
  }
}

Result<void> CheckpointCheck::after(const port::Frame& frame, const state::Derivation& recorded,
                                    verdict::Findings& findings) {
  if (!next_ || next_->seq > frame.seq) {
    return {};
  }
  if (next_->seq == frame.seq) {
    const auto derived = own_ ? own_->checkpoint() : checkpoint_of(recorded, told_);
    if (const auto wrong = what_is_wrong(derived, next_->state)) {
      findings.add(verdict::Rule::wrong_checkpoint, {frame.seq, frame.recv_ns, {}, {}},
                   "the state after this frame", *wrong);
    }
  }
  auto next = tape_->checkpoint_from(frame.seq + 1, state::snapshot_version);
  if (!next && next.error().kind != ErrorKind::damaged) {
    return fail(next.error());
  }
  next_ = next ? *std::move(next) : std::nullopt;
  return {};
}

std::optional<std::string> CheckpointCheck::what_is_wrong(const std::optional<std::string>& derived,
                                                          const std::string& found) const {
  if (derived == found) {
    return std::nullopt;
  }
  if (!derived) {
    return "a checkpoint in the middle of a block";
  }
  const auto read = TapeDerivation::from(found, join_);
  return read ? "another state" : read.error().message;
}

}  // namespace tapedeck::cli
