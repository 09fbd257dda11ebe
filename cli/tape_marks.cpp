#include "cli/tape_marks.hpp"

#include <algorithm>
#include <utility>

namespace tapedeck::cli {

std::string path_of_marks(const ReplayWishes& wishes) {
  return wishes.more.empty() ? wishes.tape : "";
}

Result<TapeMarks> TapeMarks::read(const schema::TapeReader& /*tape*/, std::string path) {
  return TapeMarks(std::move(path), {});
}

replayer::Kept TapeMarks::add(replayer::Mark mark) {
  const auto place = std::ranges::upper_bound(marks_, mark.at_ns, {}, &replayer::Mark::at_ns);
  marks_.insert(place, std::move(mark));
  return replayer::Kept::for_this_run;
}

}  // namespace tapedeck::cli
