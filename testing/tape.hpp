// A tape in memory, for tests: loaded once, replayed as often as wanted.
//
// Immutable and cheap to copy; copies may be used from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/units.hpp"
#include "core/port/frame.hpp"
#include "core/port/frame_source.hpp"
#include "core/state/join.hpp"

namespace tapedeck::testing {

/// More than this is no tape for a test: schema::TapeReader gives it frame by frame.
inline constexpr std::size_t tape_bytes_max = std::size_t{1} << 30U;

class Tape {
 public:
  /// Loads the tape file at `path`.
  [[nodiscard]] static Result<Tape> load(const std::string& path);

  /// Takes all frames of `source`, which has to end. Its time 0 is taken for Unix time 0.
  [[nodiscard]] static Result<Tape> take(port::FrameSource& source, std::string name,
                                         state::Join join = {});

  /// The bytes of an event stream as a tape: the first block comes at `step_ns`, each other one as
  /// much later.
  [[nodiscard]] static Tape from_stream(std::string_view stream, std::int64_t step_ns = ns_per_s,
                                        state::Join join = {});

  /// What to call it: the path of a tape that was loaded.
  [[nodiscard]] const std::string& name() const;
  /// What the client knew from joining: as the tape tells, with defaults for the rest.
  [[nodiscard]] const state::Join& join() const;
  /// The recorded Unix time of a moment of a connection.
  [[nodiscard]] std::int64_t wall_ns(std::uint32_t connection_id, std::int64_t recv_ns) const;

  /// How many frames it has.
  [[nodiscard]] std::size_t size() const;
  /// The frame at `index`, counted from 0; its bytes live as long as the tape or a copy of it.
  [[nodiscard]] port::Frame frame(std::size_t index) const;

  /// All frames from the beginning. Never fails, and may outlive the tape.
  [[nodiscard]] std::unique_ptr<port::FrameSource> frames() const;

 private:
  struct Contents;
  class Source;

  explicit Tape(std::shared_ptr<const Contents> contents);

  std::shared_ptr<const Contents> contents_;
};

/// For people: the frames before and after the first `played` of the tape, a line each with seq,
/// time and what it says; the last of those played is marked.
[[nodiscard]] std::string nearest_frames(const Tape& tape, std::size_t played);

}  // namespace tapedeck::testing
