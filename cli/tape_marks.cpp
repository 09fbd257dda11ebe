#include "cli/tape_marks.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include <unistd.h>

#include "cli/output.hpp"
#include "core/base/units.hpp"
#include "schema/tape_marks.hpp"

namespace tapedeck::cli {
namespace {

/// As far as can be told before: a change makes files beside the tape.
bool can_be_changed(const schema::TapeReader& tape, const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return !path.empty() && !tape.summary().recording && ::access(path.c_str(), W_OK) == 0 &&
         ::access(folder.empty() ? "." : folder.c_str(), W_OK) == 0;
}

std::string what_became(const std::string& path, const std::string& at,
                        const Result<std::int64_t>& id) {
  return id ? "marked " + at + " of '" + path + "' as mark " + std::to_string(*id)
            : "the mark at " + at + " was lost: " + id.error().message + "; 'tapedeck mark " +
                  path + " --at " + at + " TEXT' sets it";
}

}  // namespace

std::string path_of_marks(const ReplayWishes& wishes) {
  return wishes.more.empty() ? wishes.tape : "";
}

bool NewMarks::write() {
  bool all = true;
  for (const auto& [path, mark] : std::exchange(marks_, {})) {
    const auto id = schema::add_mark(path, mark.at_ns, mark.text);
    say(what_became(path, format_duration(mark.at_ns), id));
    all = all && id.has_value();
  }
  return all;
}

Result<TapeMarks> TapeMarks::read(const schema::TapeReader& tape, std::string path,
                                  NewMarks& fresh) {
  const auto on_tape = tape.marks();
  if (!on_tape) {
    return fail(on_tape.error());
  }
  std::vector<replayer::Mark> marks;
  for (const schema::Mark& mark : *on_tape) {
    marks.push_back({.at_ns = mark.at_ns, .text = mark.text});
  }
  std::ranges::stable_sort(marks, {}, &replayer::Mark::at_ns);
  return TapeMarks(can_be_changed(tape, path) ? std::move(path) : "", std::move(marks), fresh);
}

replayer::Kept TapeMarks::add(replayer::Mark mark) {
  const auto place = std::ranges::upper_bound(marks_, mark.at_ns, {}, &replayer::Mark::at_ns);
  marks_.insert(place, mark);
  if (path_.empty()) {
    return replayer::Kept::for_this_run;
  }
  fresh_->add(path_, std::move(mark));
  return replayer::Kept::on_tape;
}

}  // namespace tapedeck::cli
