#include "cli/record_progress.hpp"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include "cli/log.hpp"
#include "cli/watch.hpp"
#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

using State = recorder::Progress::State;

constexpr std::int64_t progress_ns = 200 * ns_per_ms;

const char* text_of(State state) {
  switch (state) {
    case State::opening:
      return "connecting";
    case State::open:
      return "connected";
    case State::waiting:
      return "waiting to connect again";
    case State::leaving:
      return "leaving";
    case State::over:
      return "over";
  }
  return "";
}

}  // namespace

bool progress_is_shown() {
  return ::isatty(STDERR_FILENO) == 1 && !log_is_on_stderr();
}

ProgressLine::ProgressLine(std::size_t sessions, const Watch& watch)
    : watch_(watch), is_shown_(progress_is_shown()), progress_(sessions) {}

void ProgressLine::show(std::size_t session, const recorder::Progress& progress) {
  progress_[session] = progress;
  std::int64_t elapsed_ns = 0;
  recorder::Totals totals;
  for (const recorder::Progress& one : progress_) {
    elapsed_ns = std::max(elapsed_ns, one.elapsed_ns);
    totals.frames += one.totals.frames;
    totals.bytes += one.totals.bytes;
  }
  const std::int64_t since_ns = elapsed_ns - shown_ns_;
  if (!is_shown_ || (shown_ && since_ns < progress_ns)) {
    return;
  }
  const std::uint64_t bytes = totals.bytes - shown_bytes_;
  const double rate =
      since_ns > 0 ? static_cast<double>(bytes) * 1e9 / static_cast<double>(since_ns) : 0;
  const Glance glance = watch_.glance();
  const std::string participants =
      glance.participants ? counted(*glance.participants, "participant") + "  " : "";
  const std::string commit =
      glance.commit_age_ns
          ? "last commit " + std::to_string(*glance.commit_age_ns / ns_per_s) + "s ago  "
          : "";
  std::fprintf(stderr, "\r\x1b[K%s  %s frames  %s  %s/s  %s%s%s  %s",
               format_duration(elapsed_ns / ns_per_ms * ns_per_ms).c_str(),
               format_count(totals.frames).c_str(), format_bytes(totals.bytes).c_str(),
               format_bytes(static_cast<std::uint64_t>(rate)).c_str(), participants.c_str(),
               commit.c_str(), counted(glance.gaps, "gap").c_str(), states().c_str());
  std::fflush(stderr);
  shown_ = true;
  shown_ns_ = elapsed_ns;
  shown_bytes_ = totals.bytes;
}

/// "connected" of one, "2 connected, 1 connecting" of several.
std::string ProgressLine::states() const {
  if (progress_.size() == 1) {
    return text_of(progress_.front().state);
  }
  std::string text;
  for (const State state :
       {State::open, State::opening, State::waiting, State::leaving, State::over}) {
    const auto count = std::ranges::count(progress_, state, &recorder::Progress::state);
    if (count > 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + text_of(state);
    }
  }
  return text;
}

void ProgressLine::clear() {
  if (shown_) {
    std::fputs("\r\x1b[K", stderr);
  }
}

}  // namespace tapedeck::cli
