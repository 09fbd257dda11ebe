// Putting checkpoints on a tape.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/result.hpp"

namespace tapedeck::cli {

struct Indexed {
  std::uint64_t checkpoints = 0;  ///< that are there now
  std::uint64_t added = 0;        ///< of them, this time
  std::uint64_t bytes = 0;        ///< in all of them
};

/// Adds the checkpoints that are missing to the tape at `path`, which nobody records or reads; all,
/// where those that are there are none that this program can use. In one go or after each of
/// several recordings, the same tape gets the same checkpoints. `progress` is told how much of it
/// is done, from 0 to 1, now and then; it may be empty.
[[nodiscard]] Result<Indexed> index_tape(const std::string& path,
                                         const std::function<void(double)>& progress);

/// Removes all checkpoints; how many there were.
[[nodiscard]] Result<std::uint64_t> drop_index(const std::string& path);

}  // namespace tapedeck::cli
