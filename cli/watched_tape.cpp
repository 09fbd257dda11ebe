#include "cli/watched_tape.hpp"

#include <utility>

#include "cli/log.hpp"
#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

/// A stream that is back within this was not away: the first attempts to connect again are made.
constexpr std::int64_t unconnected_ns_max = 5 * ns_per_s;

/// A commit may take its time on a busy disk; past its bound and this it does not come.
constexpr std::int64_t commit_late_ns = 5 * ns_per_s;

}  // namespace

TapeCounters& TapeCounters::operator+=(const TapeCounters& more) {
  frames += more.frames;
  bytes += more.bytes;
  committed_frames += more.committed_frames;
  commits += more.commits;
  gaps += more.gaps;
  reconnects += more.reconnects;
  exchanges += more.exchanges;
  return *this;
}

WatchedTape::WatchedTape(std::unique_ptr<port::RecordingSink> tape, WatchedTapeOptions options,
                         Ports ports)
    : options_(std::move(options)),
      ports_(std::move(ports)),
      tape_(std::move(tape)),
      commits_seen_(ports_.look().commits),
      unconnected_ns_(ports_.clock.now_ns()) {}

WatchedTape::~WatchedTape() {
  if (ports_.gone) {
    ports_.gone(*this);
  }
}

template <class T>
Result<T> WatchedTape::passed(Result<T> done) {
  if (!done) {
    have_failed(done.error().message);
  } else if (const std::uint64_t commits = ports_.look().commits; commits != commits_seen_) {
    have_committed(commits);
  }
  return done;
}

void WatchedTape::have_committed(std::uint64_t commits) {
  const bool first = counters_.committed_frames == 0 && counters_.frames != 0;
  counters_.commits += commits - std::exchange(commits_seen_, commits);
  counters_.committed_frames = counters_.frames;
  commit_ns_ = ports_.clock.now_ns();
  uncommitted_ns_.reset();
  if (first) {
    note({.event = "committed",
          .conference = options_.conference,
          .message = "the first frames are committed",
          .fields = {{"frames", counters_.frames}}});
  }
}

void WatchedTape::have_failed(const std::string& message) {
  if (std::exchange(failure_, message).empty()) {
    note({.level = Level::error,
          .event = "tape_failed",
          .conference = options_.conference,
          .message = message});
  }
}

std::int64_t WatchedTape::session_start_ns() const {
  return tape_->session_start_ns();
}

Result<std::uint32_t> WatchedTape::open_connection(const port::ConnectionStart& start) {
  auto id = passed(tape_->open_connection(start));
  if (!id) {
    return id;
  }
  const bool again = ++connections_ > 1;
  counters_.reconnects += again ? 1 : 0;
  ++open_connections_;
  if (options_.counts_heads) {
    heads_.connected();
  }
  note({.event = again ? "reconnected" : "connected",
        .conference = options_.conference,
        .message = again ? "the stream is there again" : "the stream is there",
        .fields = {{"connection", std::uint64_t{*id}}, {"http_status", start.http_status}}});
  if (ports_.opened) {
    ports_.opened();
  }
  return id;
}

Result<void> WatchedTape::note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                                    std::int64_t recv_ns) {
  return passed(tape_->note_read(connection_id, end_offset, recv_ns));
}

Result<void> WatchedTape::accept(const port::Frame& frame) {
  auto done = tape_->accept(frame);
  if (done) {
    ++counters_.frames;
    counters_.bytes += frame.raw.size();
    frame_ns_ = ports_.clock.now_ns();
    uncommitted_ns_ = uncommitted_ns_.value_or(*frame_ns_);
    if (options_.counts_heads) {
      heads_.hear(frame);
    }
  }
  return passed(std::move(done));
}

Result<void> WatchedTape::close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                           port::ConnectionEnd end, const std::string& detail) {
  auto done = passed(tape_->close_connection(connection_id, closed_ns, end, detail));
  if (!done) {
    return done;
  }
  if (--open_connections_ == 0) {
    unconnected_ns_ = ports_.clock.now_ns();
  }
  note({.level = end == port::ConnectionEnd::broken ? Level::warn : Level::info,
        .event = "disconnected",
        .conference = options_.conference,
        .message = "the stream is over: " + detail,
        .fields = {{"connection", std::uint64_t{connection_id}},
                   {"end", std::string(name_of(end))}}});
  return done;
}

Result<void> WatchedTape::note_gap(const port::Gap& gap) {
  auto done = passed(tape_->note_gap(gap));
  if (!done) {
    return done;
  }
  ++counters_.gaps;
  note({.level = Level::warn,
        .event = "gap",
        .conference = options_.conference,
        .message = "there was no stream for " + format_duration(gap.end_ns - gap.start_ns) + ": " +
                   gap.reason,
        .fields = {{"after_connection", std::uint64_t{gap.after_connection}},
                   {"start_ns", gap.start_ns},
                   {"end_ns", gap.end_ns}}});
  return done;
}

Result<void> WatchedTape::note_exchange(const port::Exchange& exchange) {
  auto done = passed(tape_->note_exchange(exchange));
  if (done) {
    ++counters_.exchanges;
    if (options_.counts_heads) {
      heads_.hear(exchange);
    }
  }
  return done;
}

Result<void> WatchedTape::commit_if_due(std::int64_t now_ns) {
  return passed(tape_->commit_if_due(now_ns));
}

Result<void> WatchedTape::finish() {
  auto done = passed(tape_->finish());
  if (done) {
    finished_ = true;
    note({.event = "closed",
          .conference = options_.conference,
          .message = "the tape is closed",
          .fields = {
              {"frames", counters_.frames}, {"bytes", counters_.bytes}, {"gaps", counters_.gaps}}});
  }
  return done;
}

Result<bool> WatchedTape::mark(std::string_view text) {
  if (finished_) {
    return false;
  }
  auto done = passed(ports_.mark(text));
  return done ? Result<bool>(true) : fail(done.error());
}

std::optional<std::uint64_t> WatchedTape::participants() const {
  return heads_.participants();
}

std::optional<std::int64_t> WatchedTape::age_of(std::optional<std::int64_t> at_ns) const {
  return at_ns ? std::optional(ports_.clock.now_ns() - *at_ns) : std::nullopt;
}

std::optional<std::int64_t> WatchedTape::frame_age_ns() const {
  return age_of(frame_ns_);
}

std::optional<std::int64_t> WatchedTape::commit_age_ns() const {
  return age_of(commit_ns_);
}

std::int64_t WatchedTape::commit_lag_ns() const {
  return age_of(uncommitted_ns_).value_or(0);
}

bool WatchedTape::keeps_committing() const {
  return held_bytes() != 0 || commit_lag_ns() - options_.commit_ns_max <= commit_late_ns;
}

std::string WatchedTape::ailment() const {
  if (finished_) {
    return "";
  }
  if (!failure_.empty()) {
    return failure_;
  }
  if (const std::uint64_t held = held_bytes(); held != 0) {
    return "the disk is full, and " + format_bytes(held) + " of what came is held in memory";
  }
  if (!keeps_committing()) {
    return "nothing was committed for " + format_duration(commit_lag_ns());
  }
  const std::int64_t unconnected_ns = ports_.clock.now_ns() - unconnected_ns_;
  if (options_.is_for_one_stream && open_connections_ == 0 && unconnected_ns > unconnected_ns_max) {
    return "there is no connection since " + format_duration(unconnected_ns);
  }
  return "";
}

}  // namespace tapedeck::cli
