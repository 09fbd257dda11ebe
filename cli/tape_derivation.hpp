// What is derived of the frames of a tape, and its checkpoints.
//
// The conference as the one knew it who was recorded, and as a node tells it to who joins: the same
// until the one was sent away and came back on another connection, where the second begins anew.
// As client 20 sees both. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/port/frame.hpp"
#include "core/state/derivation.hpp"

namespace tapedeck::cli {

/// What a node tells, where that is no longer what the one knows who was recorded.
class ToldState {
 public:
  explicit ToldState(state::Join join) : join_(std::move(join)) {}

  /// The next frame, which `recorded` has not heard yet.
  void push(const port::Frame& frame, std::int64_t wall_ns, const state::Derivation& recorded);

  /// Null as long as it is the same.
  [[nodiscard]] const state::Derivation* apart() const { return derivation_.get(); }
  void set_apart(std::unique_ptr<state::Derivation> apart) { derivation_ = std::move(apart); }

 private:
  state::Join join_;
  std::unique_ptr<state::Derivation> derivation_;
};

/// The bytes of a checkpoint; nothing in the middle of a block, and where they are too many.
[[nodiscard]] std::optional<std::string> checkpoint_of(const state::Derivation& recorded,
                                                       const ToldState& told);

class TapeDerivation {
 public:
  explicit TapeDerivation(const state::Join& join);
  /// Goes on from a checkpoint of a tape that `join` joined. An error where it is none of such.
  [[nodiscard]] static Result<TapeDerivation> from(std::string_view checkpoint,
                                                   const state::Join& join);

  /// The next frame of the tape; `wall_ns` is the Unix time of it.
  void push(const port::Frame& frame, std::int64_t wall_ns);

  /// As the one knows it who was recorded.
  [[nodiscard]] const state::Derivation& recorded() const { return *recorded_; }
  /// As a node tells it.
  [[nodiscard]] const state::State& told() const {
    return told_.apart() != nullptr ? told_.apart()->state() : recorded_->state();
  }
  /// The last frame that was pushed; 0 before the first.
  [[nodiscard]] std::uint64_t seq() const { return recorded_->place().seq; }

  [[nodiscard]] std::optional<std::string> checkpoint() const {
    return checkpoint_of(*recorded_, told_);
  }

 private:
  std::unique_ptr<state::Derivation> recorded_;
  ToldState told_;
};

}  // namespace tapedeck::cli
