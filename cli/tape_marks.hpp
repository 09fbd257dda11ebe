// The marks of a tape, in the order of their times, and those that are set while it is played.
#pragma once

#include <string>
#include <vector>

#include "cli/replay_wishes.hpp"
#include "core/base/result.hpp"
#include "replayer/reel.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// The file that marks of a replay are set on; "" where several tapes are played as one.
[[nodiscard]] std::string path_of_marks(const ReplayWishes& wishes);

/// Not thread-safe.
class TapeMarks {
 public:
  /// Those on the tape.
  [[nodiscard]] static Result<TapeMarks> read(const schema::TapeReader& tape, std::string path);

  [[nodiscard]] const std::vector<replayer::Mark>& all() const { return marks_; }

  /// On the tape, unless it cannot be written to.
  replayer::Kept add(replayer::Mark mark);

 private:
  TapeMarks(std::string path, std::vector<replayer::Mark> marks)
      : path_(std::move(path)), marks_(std::move(marks)) {}

  std::string path_;
  std::vector<replayer::Mark> marks_;
};

}  // namespace tapedeck::cli
