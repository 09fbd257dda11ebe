// The marks of a tape, in the order of their times, and those that are set while it is played.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/replay_wishes.hpp"
#include "core/base/result.hpp"
#include "replayer/reel.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// The file that marks of a replay are set on; "" where several tapes are played as one.
[[nodiscard]] std::string path_of_marks(const ReplayWishes& wishes);

/// Marks that tapes get when nobody plays them any more: a tape that is read does not change. Not
/// thread-safe.
class NewMarks {
 public:
  void add(const std::string& path, replayer::Mark mark) {
    marks_.emplace_back(path, std::move(mark));
  }

  /// When all readers of these tapes are gone. Says what is where; false: a mark is on no tape, and
  /// it was said how to set it.
  [[nodiscard]] bool write();

 private:
  std::vector<std::pair<std::string, replayer::Mark>> marks_;
};

/// Not thread-safe.
class TapeMarks {
 public:
  /// None, and those that are set stay for this run.
  TapeMarks() = default;

  /// Those on the tape, whose path is `path`; "": it gets no further ones. `fresh` must outlive
  /// this.
  [[nodiscard]] static Result<TapeMarks> read(const schema::TapeReader& tape, std::string path,
                                              NewMarks& fresh);

  [[nodiscard]] const std::vector<replayer::Mark>& all() const { return marks_; }

  replayer::Kept add(replayer::Mark mark);

 private:
  TapeMarks(std::string path, std::vector<replayer::Mark> marks, NewMarks& fresh)
      : path_(std::move(path)), marks_(std::move(marks)), fresh_(&fresh) {}

  std::string path_;
  std::vector<replayer::Mark> marks_;
  NewMarks* fresh_ = nullptr;
};

}  // namespace tapedeck::cli
