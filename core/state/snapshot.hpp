// A derivation as bytes, and back: what it takes to go on from a frame without those before it.
//
// The same derivation gives the same bytes, on every machine. Bytes may come from anywhere: they
// give a derivation that can be gone on with, or one sentence. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/state/derivation.hpp"

namespace tapedeck::state {

/// Of the bytes, and of the rules by which a state is derived: another one where a derivation
/// comes to something else than before. A snapshot of another version is worth nothing.
inline constexpr std::uint32_t snapshot_version = 1;

enum class SnapshotDigest : std::uint8_t {
  as_derived,  ///< in the snapshot where the derivation has one
  left_out,
};

/// The derivation as it is when `next` has returned nothing. No snapshot in the middle of a block,
/// and none that would have more than limits::snapshot_bytes_max.
[[nodiscard]] std::optional<std::string> snapshot_of(
    const Derivation& derivation, SnapshotDigest digest = SnapshotDigest::as_derived);

/// A derivation that goes on from `snapshot` as the one that it is of: with the same join, as far
/// as the state hangs on that (who joined, and the service), and for the same client. With the
/// option `digest` the snapshot must have been taken of one with it.
[[nodiscard]] Result<std::unique_ptr<Derivation>> derivation_from(
    std::string_view snapshot, Join join, const ReducerOptions& options = {});

}  // namespace tapedeck::state
