// What steering needs of a tape: where a moment lies on it, how things stood there, and its marks.
//
// Times are those of a replay: those of the tape, but that a second pass goes on where the first
// has ended. A `seq` counts on from pass to pass likewise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/frame_source.hpp"

namespace tapedeck::replayer {

/// Where somebody goes on.
struct Position {
  std::uint64_t seq = 0;     ///< of the last frame that they have had
  std::int64_t at_ns = 0;    ///< the recorded time that is played when they do
  bool needs_state = false;  ///< they are to be told how things stand first
  /// With needs_state: they know how things stood after this frame, and are told what has become
  /// of that too. Nothing: they know nothing.
  std::optional<std::uint64_t> known_seq = std::nullopt;
};

/// A remark at a moment of the tape.
struct Mark {
  std::int64_t at_ns = 0;
  std::string text;
};

/// Whether a mark stays.
enum class Kept {
  on_tape,       ///< the tape gets it when it is played no more
  for_this_run,  ///< the tape cannot be written to
};

/// The conference in short.
struct Glance {
  std::size_t participants = 0;  ///< in all rooms
  std::size_t breakouts = 0;
  std::string presenter = {};  ///< who presents in the main room; "": nobody
  bool locked = false;
};

/// Not thread-safe.
class Reel {
 public:
  Reel() = default;
  Reel(const Reel&) = delete;
  Reel& operator=(const Reel&) = delete;
  virtual ~Reel() = default;

  /// Behind the last whole block that was received up to `at_ns`. A time before the beginning of
  /// what is played, or after its end, is taken for that.
  [[nodiscard]] virtual Result<Position> place_at(std::int64_t at_ns) = 0;
  /// Behind the last whole block up to the frame `seq`.
  [[nodiscard]] virtual Result<Position> place_behind(std::uint64_t seq) = 0;
  /// Behind the block before the next one after `seq` that brings this event, at the time of that
  /// event; nothing: none does in this pass, nor in the next one.
  [[nodiscard]] virtual Result<std::optional<Position>> find_event(std::string_view event,
                                                                   std::uint64_t seq) = 0;
  /// What follows on a position.
  [[nodiscard]] virtual Result<std::unique_ptr<port::FrameSource>> reopen(
      const Position& position) = 0;

  /// In the order of their times, which are of the tape.
  [[nodiscard]] virtual const std::vector<Mark>& marks() const = 0;
  [[nodiscard]] virtual Result<Kept> add_mark(Mark mark) = 0;

  /// The state after the frame `seq` as canonical JSON, and in short; no glance where no event of a
  /// conference has come yet.
  [[nodiscard]] virtual Result<std::string> state_json(std::uint64_t seq) = 0;
  [[nodiscard]] virtual Result<std::optional<Glance>> glance(std::uint64_t seq) = 0;

  /// The time on the tape of a time of the replay.
  [[nodiscard]] virtual std::int64_t tape_ns(std::int64_t at_ns) const = 0;
  /// The last moment on the tape that is played.
  [[nodiscard]] virtual std::int64_t end_ns() const = 0;
};

}  // namespace tapedeck::replayer
