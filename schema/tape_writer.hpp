// Records onto a tape: the RecordingSink that ends in a file.
//
// What is accepted is committed within the bounds of the options, and is then safe against the
// death of the process and, with Durability::full, of the machine. A TapeWriter that is destroyed
// without `finish` leaves the tape as such a death would: what is committed stays, the rest is
// dropped, and the closed mark is missing; so call `finish` on every path, after an error of the
// stream too. After a failure of its own it takes no more (each call gives the same error), and
// what was committed stays. Not thread-safe. While it lives others may read the tape, but not
// record onto it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/port/recording_sink.hpp"

namespace tapedeck::schema {

/// What becomes of an output that is there already.
enum class Existing {
  refuse,
  overwrite,  ///< it is replaced, if it is a tape or empty; anything else is refused
  append,     ///< it is continued by a new session; where there is nothing, it begins
};

enum class Durability {
  normal,  ///< a commit outlives the process; the last ones may be lost with the power
  full,    ///< a commit outlives the power: each one waits for the disk
};

/// What a full disk does to a recording.
enum class OnFull {
  stop,  ///< it fails: the tape keeps what was committed, and says that the rest is missing
  hold,  ///< what comes is held in memory until there is room: see TapeWriter::held_bytes
};

struct TapeWriterOptions {
  Existing existing = Existing::refuse;
  bool can_append = true;  ///< the command has --append, and a message may offer it
  Durability durability = Durability::full;
  OnFull on_full = OnFull::stop;
  std::uint64_t free_bytes_min = 0;  ///< a disk with less room is full: see TapeWriter::lacks_room
  std::int64_t wall_now_ns = 0;      ///< Unix time of the moment of opening
  std::size_t commit_frames_max = limits::commit_frames_max;
  std::int64_t commit_ns_max = limits::commit_ns_max;
};

class TapeWriter final : public port::RecordingSink {
 public:
  /// Makes, replaces or continues the tape at `path` and begins a session on it. Where this fails,
  /// no new file is left behind.
  [[nodiscard]] static Result<std::unique_ptr<TapeWriter>> open(const std::string& path,
                                                                const TapeWriterOptions& options);
  ~TapeWriter() override;

  /// 0 on a new tape. On one that is continued, as long after the last session's beginning as the
  /// wall clock says, but at least past everything on it.
  [[nodiscard]] std::int64_t session_start_ns() const override;

  Result<std::uint32_t> open_connection(const port::ConnectionStart& start) override;

  /// Comes before the frames that the read completes, or a connection has no reads at all.
  Result<void> note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                         std::int64_t recv_ns) override;

  /// `recv_ns` never goes back along `seq`: where connections overlap and a frame is handed over
  /// after one that arrived later, it gets that one's time. Its reads keep the exact one.
  Result<void> accept(const port::Frame& frame) override;

  /// Aborts when frames and reads of the connection do not add up to the same body.
  Result<void> close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                port::ConnectionEnd end, const std::string& detail) override;
  Result<void> note_gap(const port::Gap& gap) override;
  Result<void> note_exchange(const port::Exchange& exchange) override;

  /// A mark of somebody's at a moment of the session; see tape_marks.hpp for what its text may be.
  Result<void> note_mark(std::int64_t at_ns, std::int64_t wall_ns, std::string_view text);

  Result<void> commit_if_due(std::int64_t now_ns) override;

  /// Commits now.
  Result<void> commit();

  /// Remembers a value of the whole tape, e.g. `self`, the recorder's participant uuid. Replaces
  /// the one there was.
  Result<void> set(const std::string& key, const std::string& value);

  /// Commits, sets the closed mark and merges everything into one file (the side files stay as
  /// long as someone reads the tape). Nothing may follow; a second call does nothing.
  Result<void> finish() override;

  /// The last frame that is committed, 0 if none is.
  [[nodiscard]] std::uint64_t committed_seq() const;

  /// Commits so far. Where a call succeeds and this has grown, all that was handed in is committed.
  [[nodiscard]] std::uint64_t commits() const;

  /// With OnFull::hold, what waits in memory for room on the disk; 0 while there is room. Nothing
  /// bounds it but the caller, who takes no more when it is enough. It is tried again about every
  /// second (`commit_if_due`) and by `finish`, which fails when there is still no room.
  [[nodiscard]] std::size_t held_bytes() const;

  /// At the last commit less than TapeWriterOptions::free_bytes_min was free. With OnFull::stop it
  /// is the caller who stops: while there is some room left, the recording can end as it should.
  [[nodiscard]] bool lacks_room() const;

  /// After a failure: frames that were handed in and are not on the tape.
  [[nodiscard]] std::uint64_t frames_lost() const;

 private:
  struct Impl;
  explicit TapeWriter(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tapedeck::schema
