// The checkpoints of a tape, held against what is derived of its frames.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/tape_derivation.hpp"
#include "core/base/result.hpp"
#include "core/port/frame.hpp"
#include "core/verdict/findings.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// Those of the version that this program writes: others are not looked at. Not thread-safe.
class CheckpointCheck {
 public:
  /// `tape` must outlive it.
  [[nodiscard]] static Result<CheckpointCheck> begin(const schema::TapeReader& tape,
                                                     const state::Join& join);

  /// The next frame, which `recorded` has not heard yet: a derivation for client 20, as `join`.
  void before(const port::Frame& frame, std::int64_t wall_ns, const state::Derivation& recorded);
  /// The same frame when it has.
  Result<void> after(const port::Frame& frame, const state::Derivation& recorded,
                     verdict::Findings& findings);

 private:
  CheckpointCheck(const schema::TapeReader& tape, state::Join join)
      : tape_(&tape), join_(std::move(join)), told_(join_) {}

  [[nodiscard]] std::optional<std::string> what_is_wrong(const std::optional<std::string>& derived,
                                                         const std::string& found) const;

  const schema::TapeReader* tape_;
  state::Join join_;  ///< who is on the tape, as whom checkpoints are
  ToldState told_;
  std::optional<TapeDerivation> own_;  ///< where the verdict is about somebody else
  std::optional<schema::Checkpoint> next_;
};

}  // namespace tapedeck::cli
