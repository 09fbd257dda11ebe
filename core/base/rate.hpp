// How fast recorded time runs in a replay: a rational, so that scaling is exact on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck {

class Rate {
 public:
  /// Recorded speed.
  constexpr Rate() = default;

  /// As fast as the machine can: every frame is due at once.
  [[nodiscard]] static constexpr Rate unlimited() { return Rate{0, 1}; }

  /// Reads `1`, `10`, `0.5`, `1.1`, `max`; at least 0.000001, at most 1000000.
  [[nodiscard]] static Result<Rate> parse(std::string_view text);

  [[nodiscard]] constexpr bool is_unlimited() const { return num_ == 0; }

  /// The replay time that `recorded_ns` of recorded time take, rounded down; saturates at
  /// the ends of int64. 0 when unlimited.
  [[nodiscard]] std::int64_t scale(std::int64_t recorded_ns) const;

  /// The recorded time that has been played after `replay_ns`: the inverse, rounded down likewise.
  /// Must not be unlimited.
  [[nodiscard]] std::int64_t unscale(std::int64_t replay_ns) const;

  /// As `parse` reads it.
  [[nodiscard]] std::string to_string() const;

  friend constexpr bool operator==(const Rate&, const Rate&) = default;

 private:
  constexpr Rate(std::int64_t num, std::int64_t den) : num_(num), den_(den) {}

  std::int64_t num_ = 1;
  std::int64_t den_ = 1;
};

}  // namespace tapedeck
