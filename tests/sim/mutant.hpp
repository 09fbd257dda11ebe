// Planted bugs: each stands at one border between parts of the simulated world, so that the product
// has none of it. A run with one must fail; that it does is what the checks are worth.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace tapedeck::test {

enum class Mutant : std::uint8_t {
  none,
  early_acknowledgement,  ///< a frame counts as safe when it was accepted
  lost_on_reconnect,      ///< the first block after a reconnect is dropped
  rate_in_digest,         ///< events are reduced at the time of the replay
  queue_without_bound,    ///< nobody who is behind is dropped
  torn_tail_off_by_one,   ///< a body that is cut off loses its last byte
};

inline constexpr std::array<std::pair<std::string_view, Mutant>, 5> mutants{
    {{"early-acknowledgement", Mutant::early_acknowledgement},
     {"lost-on-reconnect", Mutant::lost_on_reconnect},
     {"rate-in-digest", Mutant::rate_in_digest},
     {"queue-without-bound", Mutant::queue_without_bound},
     {"torn-tail-off-by-one", Mutant::torn_tail_off_by_one}}};

[[nodiscard]] inline std::optional<Mutant> find_mutant(std::string_view name) {
  for (const auto& [known, mutant] : mutants) {
    if (known == name) {
      return mutant;
    }
  }
  return std::nullopt;
}

}  // namespace tapedeck::test
