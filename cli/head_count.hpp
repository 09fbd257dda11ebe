// How many participants a stream tells of, while it is recorded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/port/recording_sink.hpp"
#include "core/state/derivation.hpp"

namespace tapedeck::cli {

/// Not thread-safe.
class HeadCount {
 public:
  void connected();
  void hear(const port::Frame& frame);
  void hear(const port::Exchange& exchange);

  /// In all rooms; nothing as long as the stream has told of nobody: it may be of another kind.
  [[nodiscard]] std::optional<std::uint64_t> participants() const;

 private:
  void begin(state::Join join = {});

  std::unique_ptr<state::Derivation> derivation_;
  std::uint64_t frames_ = 0;
};

}  // namespace tapedeck::cli
