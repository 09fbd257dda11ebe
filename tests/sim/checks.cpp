#include "tests/sim/checks.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "tests/support/sse_reference.hpp"
#include "tests/support/stream_checker.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::test {
namespace {

/// How often a recorder looks whether a commit is due.
constexpr std::int64_t tick_ns = limits::commit_ns_max / 4;

/// The simulated node makes its next event before it is due, and who connects meanwhile gets a
/// roster that has it already; where hardly anybody is there that is some seconds ahead.
constexpr double roster_ahead_s = 3;

void check_frames(const ConnectionLog& log, const std::vector<OwnedFrame>& frames,
                  std::int64_t tape_minus_clock_ns, bool is_cut, Faults& faults) {
  std::vector<std::string> expected = reference_blocks(log.body, limits::frame_bytes_max);
  if (is_cut) {
    expect(frames.size() <= expected.size(), "there are frames that never arrived", faults);
    expected.resize(std::min(expected.size(), frames.size()));
  }
  std::vector<std::string> found;
  std::uint64_t end_offset = 0;
  for (const OwnedFrame& frame : frames) {
    found.push_back(block_text(frame.raw, frame.complete));
    end_offset += frame.raw.size();
    const auto read = std::find_if(log.reads.begin(), log.reads.end(), [&](const auto& candidate) {
      return candidate.end_offset >= end_offset;
    });
    expect(read != log.reads.end() && frame.recv_ns == read->at_ns + tape_minus_clock_ns,
           "frame " + std::to_string(frame.seq) + " has not the time of its last byte", faults);
  }
  expect(found == expected, "the frames are not the blocks of the body", faults);
}

/// `is_cut`: reads may be missing at the end, and the last one may end early.
void check_reads(const ConnectionLog& log, const schema::TapeReader& tape, std::uint32_t id,
                 std::int64_t tape_minus_clock_ns, bool is_cut, Faults& faults) {
  const std::string name = " of connection " + std::to_string(id);
  const auto source = tape.reads(id).value();
  std::size_t count = 0;
  bool has_ended_early = false;
  while (const auto read = source->next().value()) {
    if (count >= log.reads.size() || has_ended_early) {
      expect(false, "there are reads" + name + " that never were", faults);
      return;
    }
    const ConnectionLog::Read& logged = log.reads[count++];
    has_ended_early = is_cut && read->end_offset < logged.end_offset;
    expect((read->end_offset == logged.end_offset || has_ended_early) &&
               read->recv_ns == logged.at_ns + tape_minus_clock_ns,
           "read " + std::to_string(count) + name + " differs", faults);
  }
  expect(is_cut || count == log.reads.size(), "reads" + name + " are missing", faults);
}

/// How late what the recorder does, and when it sees what happened, may be for a slow disk: some
/// commits may come in between.
std::int64_t slack_ns(const Plan& plan) {
  return 4 * plan.slow_disk_ns;
}

/// Exactly where the disk is not slow.
bool is_about(const Plan& plan, std::int64_t found_ns, std::int64_t expected_ns) {
  return std::abs(found_ns - expected_ns) <= slack_ns(plan);
}

/// What a process that died or failed may lose.
void check_loss(const Plan& plan, const ProcessLog& process, std::uint64_t frames_kept,
                Faults& faults) {
  const std::uint64_t accepted = process.accepted_ns.size();
  expect(process.frames_before + frames_kept >= process.committed_seq,
         "what was said to be safe is lost", faults);
  expect(frames_kept <= process.frames_offered, "there are frames that never arrived", faults);
  if (frames_kept >= accepted) {
    return;
  }
  expect(accepted - frames_kept < plan.commit_frames_max,
         "more frames are lost than the bound allows", faults);
  const std::int64_t first_ns = process.accepted_ns[static_cast<std::size_t>(frames_kept)];
  expect(process.end_ns - first_ns <= plan.commit_ns_max + tick_ns + slack_ns(plan),
         "a frame is lost that is older than the bound allows", faults);
}

/// What a reconnect after these bodies sends: WHATWG HTML 9.2.6, the id alone.
class LastEventId {
 public:
  void take_body(std::string_view body) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    if (body.starts_with(mark)) {
      body.remove_prefix(mark.size());
    }
    std::string pending = id_;
    while (true) {
      const std::size_t end = body.find_first_of("\r\n");
      if (end == std::string_view::npos) {
        return;
      }
      const std::string_view line = body.substr(0, end);
      body.remove_prefix(end + (body.substr(end, 2) == "\r\n" ? 2 : 1));
      if (line.empty()) {
        id_ = pending;
      } else if (line.starts_with("id: ") && line.find('\0') == std::string_view::npos) {
        pending = line.substr(4);
      }
    }
  }
  [[nodiscard]] const std::string& text() const { return id_; }

 private:
  std::string id_;
};

/// The recorder came back as often as it should, when it should, and said where it had been.
void check_attempts(const Plan& plan, const Recorded& recorded, const ProcessLog& process,
                    Faults& faults) {
  constexpr std::int64_t least_wait_ns = limits::reconnect_wait_ns * 8 / 10;
  std::size_t connection = process.first_connection;
  LastEventId id;
  std::int64_t away_ns = 0;
  std::int64_t asked_ns = 0;
  for (std::size_t at = process.first_attempt; at < process.end_attempt; ++at) {
    const AttemptLog& attempt = recorded.attempts[at];
    expect(attempt.last_event_id == id.text(), "an attempt has another Last-Event-ID", faults);
    if (at > process.first_attempt) {
      const std::int64_t wait_ns = attempt.at_ns - away_ns;
      expect(wait_ns >= std::max(least_wait_ns, asked_ns), "an attempt comes too soon", faults);
      expect(wait_ns <= std::max(limits::reconnect_wait_ns_max, asked_ns) + slack_ns(plan),
             "an attempt comes too late", faults);
    }
    asked_ns = attempt.retry_after_ns;
    away_ns = attempt.answered_ns;
    const bool is_last = at + 1 == process.end_attempt;
    if (attempt.answer == AttemptLog::Answer::opened) {
      away_ns = recorded.connections[connection].closed_ns;
      id.take_body(recorded.connections[connection++].body);
    } else if (attempt.answer == AttemptLog::Answer::none) {
      expect(is_last || std::abs(away_ns - attempt.at_ns - limits::open_ns_max) <= slack_ns(plan),
             "who does not answer is not given up in time", faults);
    } else if (attempt.answer == AttemptLog::Answer::refused_for_ever) {
      expect(is_last, "an attempt follows one that was refused for ever", faults);
    }
  }
}

/// It ended for a reason, and not past one.
void check_ending(const Plan& plan, const Recorded& recorded, const ProcessLog& process,
                  Faults& faults) {
  using Ending = recorder::Summary::Ending;
  const recorder::Summary& summary = *process.summary;
  const std::int64_t lasted_ns = process.end_ns - process.begin_ns;
  const std::uint64_t frames = process.accepted_ns.size();
  bool holds = false;
  switch (summary.ending) {
    case Ending::time_up:
      holds = plan.duration_ns && summary.elapsed_ns >= *plan.duration_ns;
      break;
    case Ending::frames_in:
      holds = plan.frames_max && frames == *plan.frames_max;
      break;
    case Ending::stopped:
      holds = plan.stop_ns && lasted_ns >= *plan.stop_ns;
      break;
    case Ending::refused:
      holds =
          recorded.attempts[process.end_attempt - 1].answer == AttemptLog::Answer::refused_for_ever;
      break;
    case Ending::gave_up: {
      const auto end = recorded.attempts.begin() + static_cast<std::ptrdiff_t>(process.end_attempt);
      const auto tries = static_cast<std::ptrdiff_t>(process.end_attempt - process.first_attempt);
      holds = tries > limits::reconnect_attempts_max &&
              std::none_of(end - limits::reconnect_attempts_max, end, [](const AttemptLog& one) {
                return one.answer == AttemptLog::Answer::opened;
              });
      break;
    }
    case Ending::source_over:
    case Ending::dismissed:
      break;  // no stream here says that it was the last
  }
  expect(holds, "the recording ended without a reason", faults);
  expect(!plan.duration_ns || summary.elapsed_ns <= *plan.duration_ns + slack_ns(plan),
         "it took too long", faults);
  expect(!plan.frames_max || frames <= *plan.frames_max, "more frames than were wanted", faults);
  expect(!plan.stop_ns || lasted_ns <= *plan.stop_ns + tick_ns + slack_ns(plan), "it did not stop",
         faults);
  expect(summary.totals.frames == frames &&
             summary.totals.connections == process.end_connection - process.first_connection,
         "the totals are not what was recorded", faults);
}

/// When what lies `played_ns` into a replay is due. Times end where int64 does.
std::int64_t due_ns(const ReplayPlan& replay, std::int64_t start_ns, std::int64_t played_ns) {
  __extension__ using Wide = __int128;
  constexpr Wide most = std::numeric_limits<std::int64_t>::max();
  const Wide scaled = replay.num == 0 ? 0 : Wide{played_ns} * replay.den / replay.num;
  return static_cast<std::int64_t>(std::min(most, start_ns + scaled));
}

/// A gap that must be on the tape, or may be.
struct ExpectedGap {
  std::uint32_t after_connection = 0;
  std::optional<std::int64_t> start_ns = std::nullopt;  ///< where it is known to the nanosecond
  std::int64_t end_ns = 0;
  bool may_be_lost = false;
};

void check_gaps(const Plan& plan, const std::vector<ExpectedGap>& expected,
                const schema::TapeReader& tape, Faults& faults) {
  const auto gaps = tape.gaps().value();
  std::size_t at = 0;
  for (const ExpectedGap& gap : expected) {
    const bool is_there =
        at < gaps.size() && is_about(plan, gaps[at].end_ns, gap.end_ns) &&
        gaps[at].after_connection == gap.after_connection && gaps[at].start_ns <= gaps[at].end_ns &&
        is_about(plan, gaps[at].start_ns, gap.start_ns.value_or(gaps[at].start_ns));
    at += is_there ? 1 : 0;
    expect(is_there || gap.may_be_lost,
           "the gap after connection " + std::to_string(gap.after_connection) + " is not recorded",
           faults);
  }
  expect(at == gaps.size(), "there are gaps that never were", faults);
}

/// Goes through a tape as the network's log says that it should be.
class TapeCheck {
 public:
  TapeCheck(const Plan& plan, const Recorded& recorded, const schema::TapeReader& tape,
            Faults& faults)
      : plan_(plan),
        recorded_(recorded),
        tape_(tape),
        faults_(faults),
        connections_(tape.connections().value()) {}

  void run() {
    for (const ProcessLog& process : recorded_.processes) {
      if (process.has_tape) {
        check_process(process);
      } else {
        skip_unfinished(process);
      }
    }
    expect(at_ == connections_.size(), "there are connections that never were", faults_);
    expect(seq_ == tape_.summary().frame_count, "there are frames of no connection", faults_);
    expect(sessions_ == tape_.sessions().value().size(), "there are sessions that never were",
           faults_);
    check_gaps(plan_, gaps_, tape_, faults_);
    const schema::ByteReport report = tape_.verify_bytes().value();
    for (const schema::Problem& problem : report.problems) {
      expect(false, problem.rule + ": " + problem.sentence, faults_);
    }
  }

 private:
  /// Where the disk failed while a tape was opened the beginning of the session may be on it: what
  /// was not acknowledged may be there all the same.
  void skip_unfinished(const ProcessLog& process) {
    const auto sessions = tape_.sessions().value();
    const auto with_tape =
        std::count_if(&process, recorded_.processes.data() + recorded_.processes.size(),
                      [](const ProcessLog& one) { return one.has_tape; });
    if (!process.open_ns || sessions.size() - sessions_ <= static_cast<std::size_t>(with_tape)) {
      return;
    }
    const schema::Session& session = sessions[sessions_];
    if (session.wall_ns != sim::epoch_ns + *process.open_ns || session.end_ns) {
      return;
    }
    ++sessions_;
    gaps_.push_back(
        {.after_connection = last_id(), .end_ns = session.start_ns, .may_be_lost = true});
  }

  void check_process(const ProcessLog& process) {
    const std::uint64_t seq_before = seq_;
    expect(process.frames_before == seq_before, "a process began with other frames", faults_);
    const auto sessions = tape_.sessions().value();
    if (sessions_ == sessions.size()) {
      expect(false, "a session is not on the tape", faults_);
      return;
    }
    const schema::Session& session = sessions[sessions_++];
    next_session_ns_ = sessions_ < sessions.size() ? sessions[sessions_].start_ns
                                                   : std::numeric_limits<std::int64_t>::max();
    const std::int64_t wall_late_ns =
        sim::epoch_ns - process.tape_minus_clock_ns - (session.wall_ns - session.start_ns);
    expect(wall_late_ns == 0, "a session has the wrong wall-clock time", faults_);
    if (sessions_ > 1) {
      // A tape goes on as the wall clock does, but past everything on it.
      const std::int64_t late_ns = process.tape_minus_clock_ns - tape_minus_clock_ns_;
      expect(late_ns == 0 || late_ns == 1, "a session does not begin when it did", faults_);
      gaps_.push_back({.after_connection = last_id(), .end_ns = session.start_ns});
    }
    tape_minus_clock_ns_ = process.tape_minus_clock_ns;
    if (process.summary || !process.has_begun_to_finish) {
      expect(session.end_ns.has_value() == process.summary.has_value(),
             "the closed mark of a session is wrong", faults_);
    }
    std::optional<std::size_t> last;
    for (std::size_t logged = process.first_connection; logged < process.end_connection; ++logged) {
      if (is_on_tape(process, logged)) {
        check_connection(process, logged);
        last = logged;
      } else {
        expect(!process.summary, "a connection is not on the tape", faults_);
      }
    }
    if (process.summary) {
      expect(seq_ - seq_before == process.accepted_ns.size(), "a tape has not all frames", faults_);
      check_ending(plan_, recorded_, process, faults_);
    } else {
      check_loss(plan_, process, seq_ - seq_before, faults_);
    }
    if (last) {
      expect_last_gap(process, *last);
    }
  }

  void check_connection(const ProcessLog& process, std::size_t logged) {
    const ConnectionLog& log = recorded_.connections[logged];
    const std::int64_t shift_ns = process.tape_minus_clock_ns;
    if (logged > process.first_connection) {
      gaps_.push_back({.after_connection = last_id(),
                       .start_ns = recorded_.connections[logged - 1].closed_ns + shift_ns,
                       .end_ns = log.opened_ns + shift_ns});
    }
    const schema::Connection& connection = connections_[at_++];
    const std::string name = "connection " + std::to_string(connection.id);
    expect(connection.id == at_, name + " has not the next id", faults_);
    // What a process did last is lost with it: everything from some moment on.
    const bool is_last = logged + 1 == process.end_connection;
    const bool may_be_lost = !process.summary && (is_last || !is_on_tape(process, logged + 1));
    const bool is_cut = may_be_lost || (is_last && plan_.frames_max);

    const auto frames = frames_of(tape_, {.connection_id = connection.id});
    std::string body;
    for (const OwnedFrame& frame : frames) {
      body += frame.raw;
      expect(frame.seq == ++seq_, "seq has a hole", faults_);
      expect(frame.recv_ns >= last_ns_, "time goes back", faults_);
      last_ns_ = frame.recv_ns;
    }
    expect(is_cut ? log.body.starts_with(body) : log.body == body,
           "the bytes of " + name + " are not what arrived", faults_);
    check_frames(log, frames, shift_ns, is_cut, faults_);
    check_reads(log, tape_, connection.id, shift_ns, is_cut, faults_);
    check_start(connection, log, shift_ns);
    expect(connection.end || may_be_lost, name + " has no end", faults_);
    if (connection.end) {
      check_end(connection, log, shift_ns, body.size());
    }
  }

  void check_start(const schema::Connection& connection, const ConnectionLog& log,
                   std::int64_t shift_ns) {
    const port::ConnectionStart& start = connection.start;
    expect(is_about(plan_, start.opened_ns, log.opened_ns + shift_ns) &&
               is_about(plan_, start.wall_ns, sim::epoch_ns + log.opened_ns) &&
               start.source == source_url && start.http_status == 200 &&
               start.headers == response_headers && start.last_event_id == log.last_event_id,
           "connection " + std::to_string(connection.id) + " does not begin as it did", faults_);
  }

  void check_end(const schema::Connection& connection, const ConnectionLog& log,
                 std::int64_t shift_ns, std::size_t bytes) {
    expect(!plan_.stall_ns || silent_ns(log) <= *plan_.stall_ns + slack_ns(plan_),
           "a dead connection is kept", faults_);
    const port::ConnectionEnd end = log.end.value_or(has_ended(log) ? port::ConnectionEnd::broken
                                                                    : port::ConnectionEnd::stopped);
    expect(is_about(plan_, connection.end->closed_ns, log.closed_ns + shift_ns) &&
               connection.end->end == end && connection.end->bytes == bytes,
           "the end of connection " + std::to_string(connection.id) + " is not as it was", faults_);
  }

  /// The time after a process's last connection on the tape, `logged`: up to the next connection
  /// where that one is lost, or up to the end.
  void expect_last_gap(const ProcessLog& process, std::size_t logged) {
    const std::int64_t shift_ns = process.tape_minus_clock_ns;
    const ConnectionLog& last = recorded_.connections[logged];
    const bool is_last = logged + 1 == process.end_connection;
    const bool frames_are_in =
        process.summary && process.summary->ending == recorder::Summary::Ending::frames_in;
    const bool was_waiting = !is_last || has_ended(last);
    if (was_waiting && !frames_are_in) {
      const std::int64_t end_ns =
          is_last ? process.end_ns : recorded_.connections[logged + 1].opened_ns;
      gaps_.push_back({.after_connection = last_id(),
                       .start_ns = last.closed_ns + shift_ns,
                       .end_ns = end_ns + shift_ns,
                       .may_be_lost = !process.summary});
    }
  }

  /// Before the recorder wanted it to.
  [[nodiscard]] bool has_ended(const ConnectionLog& log) const {
    return log.end || (plan_.stall_ns && silent_ns(log) >= *plan_.stall_ns);
  }

  [[nodiscard]] static std::int64_t silent_ns(const ConnectionLog& log) {
    return log.closed_ns - (log.reads.empty() ? log.opened_ns : log.reads.back().at_ns);
  }

  /// Whether the next connection of the tape is this one of the log.
  [[nodiscard]] bool is_on_tape(const ProcessLog& process, std::size_t logged) const {
    return at_ < connections_.size() && connections_[at_].start.opened_ns < next_session_ns_ &&
           is_about(plan_, connections_[at_].start.opened_ns,
                    recorded_.connections[logged].opened_ns + process.tape_minus_clock_ns);
  }

  [[nodiscard]] std::uint32_t last_id() const { return static_cast<std::uint32_t>(at_); }

  const Plan& plan_;
  const Recorded& recorded_;
  const schema::TapeReader& tape_;
  Faults& faults_;
  const std::vector<schema::Connection> connections_;
  std::size_t at_ = 0;                    ///< of the next of connections_
  std::size_t sessions_ = 0;              ///< so many are done
  std::uint64_t seq_ = 0;                 ///< of the last frame
  std::int64_t last_ns_ = 0;              ///< of the last frame
  std::int64_t tape_minus_clock_ns_ = 0;  ///< of the last session
  std::int64_t next_session_ns_ = 0;      ///< when the one after it begins
  std::vector<ExpectedGap> gaps_;
};

}  // namespace

void check_processes(const Plan& plan, const Recorded& recorded, Faults& faults) {
  for (const ProcessLog& process : recorded.processes) {
    expect(!process.left_a_file, "a tape that could not be made is left behind", faults);
    check_attempts(plan, recorded, process, faults);
  }
}

void check_tape(const Plan& plan, const Recorded& recorded, const schema::TapeReader& tape,
                Faults& faults) {
  TapeCheck(plan, recorded, tape, faults).run();
}

std::optional<Roster> check_stream(const Recorded& recorded, const schema::TapeReader& tape,
                                   Faults& faults) {
  std::optional<Roster> roster;
  const auto connections = tape.connections().value();
  for (const schema::Connection& connection : connections) {
    StreamChecker checker(recorded.self, roster_ahead_s);
    // The conference began before the tape.
    const std::int64_t age_ns =
        connection.start.wall_ns - sim::epoch_ns - connection.start.opened_ns;
    for (const OwnedFrame& frame : frames_of(tape, {.connection_id = connection.id})) {
      if (frame.complete) {
        checker.take(frame.raw, frame.recv_ns + age_ns);
      }
    }
    faults.insert(faults.end(), checker.faults().begin(), checker.faults().end());
    roster.reset();
    if (checker.counts().contains("participant_sync_end")) {
      roster.emplace();
      const auto rosters = checker.rosters();
      for (const auto& [uuid, payload] : rosters.at("")) {
        roster->insert(uuid);
      }
    }
  }
  return roster;
}

void check_replay(const schema::TapeReader& tape, const ReplayPlan& plan, std::int64_t start_ns,
                  const Replayed& replayed, const Replayed& first, Faults& faults) {
  const replayer::TimelineOptions& options = plan.options;
  const std::string at = "at " + options.rate.to_string() + ": ";
  const auto frames = frames_of(tape);
  expect(replayed.deliveries.size() == frames.size(), at + "not every frame was played", faults);
  std::string bytes;
  std::int64_t played_ns = 0;
  std::int64_t before_ns = 0;
  for (std::size_t i = 0; i < std::min(frames.size(), replayed.deliveries.size()); ++i) {
    const Delivery& delivery = replayed.deliveries[i];
    bytes += frames[i].raw;
    expect(delivery.seq == frames[i].seq && delivery.connection_id == frames[i].connection_id &&
               delivery.recv_ns == frames[i].recv_ns,
           at + "a frame is not as it is on the tape", faults);
    const std::int64_t gap_ns = frames[i].recv_ns - before_ns;
    before_ns = frames[i].recv_ns;
    played_ns += options.max_gap_ns ? std::min(gap_ns, *options.max_gap_ns) : gap_ns;
    expect(delivery.at_ns == due_ns(plan, start_ns, played_ns),
           at + "frame " + std::to_string(delivery.seq) + " did not come when it was due", faults);
  }
  expect(replayed.bytes == bytes, at + "the bytes are not those of the tape", faults);
  expect(replayed.state_digest == first.state_digest, at + "the digest differs", faults);
  expect(replayed.roster == first.roster, at + "the roster differs", faults);
}

Digest digest_of(const schema::TapeReader& tape) {
  Digest digest;
  for (const schema::Session& session : tape.sessions().value()) {
    digest.add(session.start_ns);
    digest.add(session.end_ns.value_or(-1));
  }
  for (const schema::Connection& connection : tape.connections().value()) {
    digest.add(connection.start.opened_ns);
    digest.add(connection.start.last_event_id);
    digest.add(connection.end ? connection.end->closed_ns : -1);
    const auto reads = tape.reads(connection.id).value();
    while (const auto read = reads->next().value()) {
      digest.add(read->end_offset);
      digest.add(read->recv_ns);
    }
  }
  for (const port::Gap& gap : tape.gaps().value()) {
    digest.add(gap.start_ns);
    digest.add(gap.end_ns);
  }
  for (const OwnedFrame& frame : frames_of(tape)) {
    digest.add(frame.seq);
    digest.add(std::uint64_t{frame.connection_id});
    digest.add(frame.recv_ns);
    digest.add(frame.raw);
  }
  return digest;
}

}  // namespace tapedeck::test
