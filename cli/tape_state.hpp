// The conference at any frame of a tape.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/tape_derivation.hpp"
#include "core/base/result.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// The last frame before a moment; 0 where there is none.
[[nodiscard]] Result<std::uint64_t> last_seq_before(const schema::TapeReader& tape,
                                                    std::int64_t until_ns);

/// Derives as far as it is asked to and goes on from there; asked for something earlier, or much
/// later, from the nearest checkpoint that the tape has. Not thread-safe.
class TapeState {
 public:
  /// `tape` must outlive it. `join` is who joined, if it is not the one who is on the tape.
  explicit TapeState(const schema::TapeReader& tape, std::optional<state::Join> join = {})
      : tape_(tape), join_(std::move(join)) {}

  /// The conference as a node tells it after the frame `seq`, until the next call; null where no
  /// event that a client knows has come yet. A client that was sent away and came back on another
  /// connection began anew there.
  [[nodiscard]] Result<const state::State*> state_after(std::uint64_t seq);

  /// What a node tells after the frame `seq` to who joins; nothing where no event that a client
  /// knows has come yet.
  [[nodiscard]] Result<std::vector<std::string>> blocks_after(std::uint64_t seq);

  /// What the one knew who was recorded, after the frame `seq` and by the rules of client 20; until
  /// the next call.
  [[nodiscard]] Result<const state::Reducer*> recorded_after(std::uint64_t seq);

  /// How many frames have been derived for all that was asked.
  [[nodiscard]] std::uint64_t frames_derived() const { return frames_derived_; }

 private:
  Result<void> prepare();
  Result<void> derive(std::uint64_t seq);
  void go_near(std::uint64_t seq);
  [[nodiscard]] bool is_of_tape(const TapeDerivation& derivation, std::uint64_t seq) const;

  const schema::TapeReader& tape_;
  std::optional<state::Join> join_;
  std::vector<schema::Connection> connections_;
  std::optional<TapeDerivation> derivation_;
  std::uint64_t frames_derived_ = 0;
};

}  // namespace tapedeck::cli
