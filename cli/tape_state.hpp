// The conference at any frame of a tape, as a node would tell it to a client that joins there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/followed_state.hpp"
#include "core/base/result.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// Derives as far as it is asked to and goes on from there: asked in the order of `seq`, it reads
/// the tape once. Not thread-safe.
class TapeState {
 public:
  /// `tape` must outlive it.
  explicit TapeState(const schema::TapeReader& tape) : tape_(tape) {}

  /// The state after the frame `seq`, until the next call; null where no event that a client knows
  /// has come yet.
  [[nodiscard]] Result<const state::State*> state_after(std::uint64_t seq);

  /// What a node tells after the frame `seq`; nothing where no event that a client knows has come
  /// yet. A client that was sent away and came back on another connection began anew there.
  [[nodiscard]] Result<std::vector<std::string>> blocks_after(std::uint64_t seq);

 private:
  void push(const port::Frame& frame);

  const schema::TapeReader& tape_;
  FollowedState followed_;
  std::uint64_t seq_ = 0;            ///< the last frame derived
  std::uint32_t connection_id_ = 0;  ///< of that frame
};

}  // namespace tapedeck::cli
