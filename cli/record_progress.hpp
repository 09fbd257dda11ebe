// The line on a terminal that says how far a recording is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "recorder/session.hpp"

namespace tapedeck::cli {

/// One for all sessions of a command. Silent where stderr is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(std::size_t sessions);

  /// The session of that number has come so far.
  void show(std::size_t session, const recorder::Progress& progress);
  void clear();

 private:
  [[nodiscard]] std::string states() const;

  const bool on_terminal_;
  std::vector<recorder::Progress> progress_;
  bool shown_ = false;
  std::int64_t shown_ns_ = 0;
  std::uint64_t shown_bytes_ = 0;
};

}  // namespace tapedeck::cli
