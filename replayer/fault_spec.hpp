// The grammar of --fault: what can go wrong on the way to a client, in one line each.
//
//     fault = kind [ ":" key "=" value *( "," key "=" value ) ]
//
// docs/FAULTS.md has every kind and key with its meaning. Pure; no clock, no socket, no chance.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::replayer {

enum class FaultKind : std::uint8_t {
  omit,
  duplicate,
  reorder,
  corrupt,
  jump,
  stall,
  drop,
  slow,
  split,
  status,
  expire,
};

enum class FaultKey : std::uint8_t {
  // which frames
  stream,  ///< only the n-th stream, from 1
  event,   ///< only frames of this event
  frame,   ///< the n-th of these, from 1
  t,       ///< the first of these from this time on; or a moment
  p,       ///< each of these with this chance, in millionths
  // what happens to them
  torn,
  every,
  lasts,  ///< `for`
  rate,
  size,
  bytes,
  window,
  times,
  by,
  after,
  join,
  code,
  call,
  n,
};

/// A number, or the bounds between which the seed draws one. Times are nanoseconds, chances
/// millionths.
struct Between {
  std::int64_t least = 0;
  std::int64_t most = 0;

  friend bool operator==(const Between&, const Between&) = default;
};

inline constexpr std::int64_t certain_millionths = 1'000'000;

/// One fault as it was asked for.
struct Fault {
  FaultKind kind = FaultKind::omit;
  std::map<FaultKey, Between> numbers = {};
  std::map<FaultKey, std::string> names = {};

  [[nodiscard]] std::optional<Between> number(FaultKey key) const;
  /// For a key whose value is never drawn.
  [[nodiscard]] std::optional<std::int64_t> exact(FaultKey key) const;
  /// "" where there is none.
  [[nodiscard]] std::string_view name(FaultKey key) const;
};

/// A kind as --help and the documentation show it.
struct FaultSyntax {
  FaultKind kind;
  std::string_view name;
  std::string_view keys;     ///< apart by commas; those that must be there first
  std::size_t required;      ///< how many must be there
  std::string_view meaning;  ///< a clause
  std::string_view example;
};

/// One row for each FaultKind, in its order.
[[nodiscard]] std::span<const FaultSyntax> fault_syntax();

/// Reads one fault. A failure names the column and what may stand there.
[[nodiscard]] Result<Fault> parse_fault(std::string_view text);

/// As parse_fault reads it.
[[nodiscard]] std::string to_string(const Fault& fault);

}  // namespace tapedeck::replayer
