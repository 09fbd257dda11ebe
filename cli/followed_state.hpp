// The state of the conference that a stream tells of, kept up to its last frame.
#pragma once

#include <cstdint>
#include <memory>

#include "core/port/frame.hpp"
#include "core/state/derivation.hpp"

namespace tapedeck::cli {

/// Not thread-safe.
class FollowedState {
 public:
  /// What was heard so far counts no more: whoever joined is told everything.
  void begin(state::Join join = {});
  /// Nothing has been heard.
  void clear() { derivation_.reset(); }

  /// A connection has been opened. Who was sent away and comes back is told everything anew.
  void connected();

  /// The next frame; begins by itself.
  void hear(const port::Frame& frame);

  /// Null before anything has begun.
  [[nodiscard]] const state::State* state() const {
    return derivation_ ? &derivation_->state() : nullptr;
  }

 private:
  std::unique_ptr<state::Derivation> derivation_;
  std::uint64_t frames_ = 0;
};

}  // namespace tapedeck::cli
