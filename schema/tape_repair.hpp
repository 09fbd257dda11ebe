// Saves from a damaged tape what can be saved, onto a new one, and tells what was lost.
//
// The damaged tape is only read, and past SQLite: see salvage_tables_private.hpp. The new one holds
// what FORMAT.md says of every tape; where it holds less than was recorded there is a gap that says
// so. It gets its name when it is whole and has been verified.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace tapedeck::schema {

struct RepairOptions {
  bool overwrite = false;  ///< an output that is there already is replaced, if it is a tape
};

/// Frames that were on the tape and are no more; by the numbers that they had.
struct LostFrames {
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::int64_t start_ns = 0;  ///< when the frame before them arrived
  std::int64_t end_ns = 0;    ///< when the one after them arrived
};

struct RepairReport {
  static constexpr std::size_t lost_max = 10'000;
  static constexpr std::size_t sentences_max = 100;

  std::uint64_t frames = 0;  ///< that were saved
  std::uint64_t bytes = 0;   ///< in them
  std::string digest;        ///< of all bodies, see ByteDigest

  std::uint64_t frames_lost = 0;  ///< at least
  std::vector<LostFrames> lost;   ///< the first lost_max
  /// What is lost besides frames, or may be; each a sentence without its period. The first
  /// sentences_max of each kind.
  std::vector<std::string> losses;
  /// What was damaged, and is whole again without a loss.
  std::vector<std::string> mended;
  /// What else there is to know.
  std::vector<std::string> remarks;
  std::uint64_t sentences_omitted = 0;

  [[nodiscard]] bool has_losses() const { return frames_lost != 0 || !losses.empty(); }
};

/// Makes the tape `output` of what can be saved from `tape`. Fails where nothing can be, where
/// `tape` is none or is being recorded, and where it is `output`.
[[nodiscard]] Result<RepairReport> repair_tape(const std::string& tape, const std::string& output,
                                               const RepairOptions& options = {});

}  // namespace tapedeck::schema
