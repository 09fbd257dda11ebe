// The line on a terminal that says how far a recording is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "recorder/session.hpp"

namespace tapedeck::cli {

class Watch;

/// stderr is a terminal, and not the log's.
[[nodiscard]] bool progress_is_shown();

/// One for all sessions of a command. Silent where progress is not shown.
class ProgressLine {
 public:
  /// `watch` must outlive the line.
  ProgressLine(std::size_t sessions, const Watch& watch);

  /// The session of that number has come so far.
  void show(std::size_t session, const recorder::Progress& progress);
  void clear();

 private:
  [[nodiscard]] std::string states() const;

  const Watch& watch_;
  const bool is_shown_;
  std::vector<recorder::Progress> progress_;
  bool shown_ = false;
  std::int64_t shown_ns_ = 0;
  std::uint64_t shown_bytes_ = 0;
};

}  // namespace tapedeck::cli
