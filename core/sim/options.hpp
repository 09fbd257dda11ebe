// What a simulated conference is asked to be.
#pragma once

#include <cstdint>

namespace tapedeck::sim {

/// A conference of Infinity holds some thousands at most, and each of ours is in memory.
inline constexpr std::uint32_t participants_max = 10'000;
/// More rooms than this at a time, and a host would not find them on a screen.
inline constexpr std::uint32_t breakouts_max = 100;

struct Options {
  std::uint64_t seed = 1;
  std::uint32_t participants = 12;  ///< people who come and go, the observer aside
  std::uint32_t breakouts = 1;      ///< rooms that are opened together, now and then
  std::int64_t duration_ns = 0;     ///< then the node ends the conference; 0: never
};

}  // namespace tapedeck::sim
