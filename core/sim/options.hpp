// What a simulated conference is asked to be.
#pragma once

#include <cstdint>
#include <optional>

namespace tapedeck::sim {

/// A conference of Infinity holds some thousands at most, and each of ours is in memory.
inline constexpr std::uint32_t participants_max = 10'000;
/// More rooms than this at a time, and a host would not find them on a screen.
inline constexpr std::uint32_t breakouts_max = 100;

/// How long a node lets somebody wait for a host.
inline constexpr std::int64_t waiting_max_ns = 120'000'000'000;

struct Options {
  std::uint64_t seed = 1;
  std::uint32_t participants = 12;  ///< people who come and go, the observer aside
  std::uint32_t breakouts = 1;      ///< rooms that are opened together, now and then
  std::int64_t duration_ns = 0;     ///< then the node ends the conference; 0: never
  bool locked = false;              ///< from the beginning to the end
  /// How long a guest from outside waits for a host to let them in; nothing: where it is locked to
  /// the end until they are turned away (`waiting_max_ns`), and else a few seconds.
  std::optional<std::int64_t> admit_after_ns = std::nullopt;
};

}  // namespace tapedeck::sim
