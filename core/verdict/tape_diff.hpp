// Where two tapes of the same conference differ: frames, fields and state.
//
// The frames of both are reduced to fingerprints and aligned, so that a frame that came or went
// does not make everything after it differ. Memory grows by about 150 bytes a frame, up to
// limits::diff_frames_max frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/frame_source.hpp"
#include "core/verdict/mask.hpp"

namespace tapedeck::verdict {

/// A frame, in short.
struct FrameText {
  std::uint64_t seq = 0;
  std::int64_t t_ns = 0;
  std::uint32_t connection_id = 0;
  std::uint64_t byte_offset = 0;  ///< of its first byte in the body of its connection
  std::string event;              ///< the wire event that it brings; empty if none
  std::string data;               ///< its data, or the bytes of a frame without event, cut short
};

/// A value that differs; as JSON, cut short, or "nothing".
struct DiffValue {
  std::string pointer;
  std::string a;
  std::string b;
};

/// One place where the tapes differ: `frames_a` frames of one stand against `frames_b` of the
/// other.
struct DiffPlace {
  std::optional<FrameText> a;  ///< the first of them, where there is one
  std::optional<FrameText> b;
  std::uint64_t frames_a = 0;
  std::uint64_t frames_b = 0;
  /// Of the payloads of these two, where they are the same event; all of it in one where it is too
  /// much to be compared (limits::diff_payload_bytes_max).
  std::vector<DiffValue> fields;
};

struct DiffReport {
  std::uint64_t frames_a = 0;  ///< that count
  std::uint64_t frames_b = 0;
  std::uint64_t place_count = 0;
  std::vector<DiffPlace> places;  ///< the first limits::diff_places_max
  std::uint64_t only_a = 0;       ///< frames that have no counterpart
  std::uint64_t only_b = 0;
  std::uint64_t changed = 0;            ///< pairs of frames that stand against each other
  std::vector<DiffValue> state;         ///< of the conference after the first place
  std::vector<DiffValue> state_at_end;  ///< of the conference at the end

  [[nodiscard]] bool equal() const { return place_count == 0; }
};

/// An error where a tape cannot be read or has too many frames.
[[nodiscard]] Result<DiffReport> diff_tapes(const port::FrameSourceFactory& a,
                                            const port::FrameSourceFactory& b,
                                            const Ignore& ignore);

}  // namespace tapedeck::verdict
