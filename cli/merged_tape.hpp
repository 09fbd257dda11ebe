// Several tapes as one, for a replay of all of them on one timeline.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace tapedeck::cli {

enum class Alignment {
  wall_clock,  ///< each stands where it was by the wall clock; the first to begin is at 0
  starts,      ///< all begin at 0
};

/// A tape in the system's temporary folder, with the connections, reads, frames, gaps and exchanges
/// of several in the order of their times; of two at one moment that of the first tape comes first.
/// Its values (`self`, `alias`, ...) are those of the first tape that has them. It goes away with
/// its owner.
class MergedTape {
 public:
  [[nodiscard]] static Result<std::unique_ptr<MergedTape>> make(
      const std::vector<std::string>& paths, Alignment alignment);
  MergedTape(const MergedTape&) = delete;
  MergedTape& operator=(const MergedTape&) = delete;
  ~MergedTape();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit MergedTape(std::string folder)
      : folder_(std::move(folder)), path_(folder_ + "/merged.tape") {}

  std::string folder_;
  std::string path_;
};

}  // namespace tapedeck::cli
