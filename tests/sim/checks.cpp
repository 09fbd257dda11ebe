#include "tests/sim/checks.hpp"

#include <algorithm>
#include <set>
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

void expect(bool holds, const std::string& what, Faults& faults) {
  if (!holds && faults.size() < 20) {
    faults.push_back(what);
  }
}

/// The process that a connection of the network's log belongs to.
const ProcessLog& process_of(const Recorded& recorded, std::size_t connection) {
  const ProcessLog* found = &recorded.processes.front();
  for (const ProcessLog& process : recorded.processes) {
    if (process.first_connection <= connection) {
      found = &process;
    }
  }
  return *found;
}

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

void check_death(const Plan& plan, const ProcessLog& process, std::uint64_t frames_kept,
                 Faults& faults) {
  expect(frames_kept >= process.committed_seq, "what was said to be safe is lost", faults);
  expect(frames_kept <= process.frames_accepted, "there are frames that never arrived", faults);
  const std::uint64_t lost =
      process.frames_accepted - std::min(frames_kept, process.frames_accepted);
  expect(lost < plan.commit_frames_max, "more frames are lost than the bound allows", faults);
  if (lost > 0) {
    const std::int64_t first_ns = process.accepted_ns[static_cast<std::size_t>(frames_kept)];
    expect(process.end_ns - first_ns <= plan.commit_ns_max + tick_ns,
           "a frame is lost that is older than the bound allows", faults);
  }
}

void check_gaps(const schema::TapeReader& tape, const std::vector<schema::Connection>& connections,
                Faults& faults) {
  const auto gaps = tape.gaps().value();
  const auto sessions = tape.sessions().value();
  for (std::size_t at = 1; at < connections.size(); ++at) {
    const schema::Connection& before = connections[at - 1];
    const std::int64_t opened_ns = connections[at].start.opened_ns;
    const bool is_first_of_session =
        std::any_of(sessions.begin(), sessions.end(), [&](const schema::Session& session) {
          return before.start.opened_ns < session.start_ns && session.start_ns <= opened_ns;
        });
    if (is_first_of_session) {
      continue;  // nobody was there to see what lay between two sessions
    }
    const auto gap = std::find_if(gaps.begin(), gaps.end(), [&](const port::Gap& candidate) {
      return candidate.after_connection == before.id;
    });
    expect(gap != gaps.end() && before.end && gap->start_ns == before.end->closed_ns &&
               gap->end_ns == opened_ns,
           "the gap after connection " + std::to_string(before.id) + " is not recorded", faults);
  }
}

}  // namespace

void check_tape(const Plan& plan, const Recorded& recorded, const schema::TapeReader& tape,
                Faults& faults) {
  const ProcessLog& last = recorded.processes.back();
  expect(tape.summary().closed == !last.has_died, "the closed mark is wrong", faults);
  std::uint64_t frames_kept = tape.summary().frame_count;
  if (recorded.processes.size() > 1) {
    frames_kept = last.frames_before;
    expect(tape.summary().frame_count == last.frames_before + last.frames_accepted,
           "a closed tape has not all frames", faults);
  }
  if (recorded.processes.front().has_died) {
    check_death(plan, recorded.processes.front(), frames_kept, faults);
  }

  const auto connections = tape.connections().value();
  std::uint64_t seq = 0;
  std::int64_t last_ns = 0;
  std::size_t at = 0;
  for (std::size_t logged = 0; logged < recorded.connections.size(); ++logged) {
    const ConnectionLog& log = recorded.connections[logged];
    const ProcessLog& process = process_of(recorded, logged);
    const std::int64_t shift_ns = process.tape_minus_clock_ns;
    const auto is_on_tape = [&](std::size_t candidate) {
      return at < connections.size() && candidate < recorded.connections.size() &&
             connections[at].start.opened_ns ==
                 recorded.connections[candidate].opened_ns +
                     process_of(recorded, candidate).tape_minus_clock_ns;
    };
    if (!is_on_tape(logged)) {
      expect(process.has_died, "a connection is not on the tape", faults);
      continue;
    }
    const schema::Connection& connection = connections[at++];
    const std::string name = "connection " + std::to_string(connection.id);
    // What a process did last is lost with it: everything from some moment on.
    const bool is_last = logged + 1 == recorded.connections.size();
    const bool next_is_of_process = !is_last && &process_of(recorded, logged + 1) == &process;
    const bool may_be_lost = process.has_died && !(next_is_of_process && is_on_tape(logged + 1));
    const bool is_cut = may_be_lost || (plan.frames_max && !next_is_of_process);

    const auto frames = frames_of(tape, {.connection_id = connection.id});
    std::string body;
    for (const OwnedFrame& frame : frames) {
      body += frame.raw;
      expect(frame.seq == ++seq, "seq has a hole", faults);
      expect(frame.recv_ns >= last_ns, "time goes back", faults);
      last_ns = frame.recv_ns;
    }
    expect(is_cut ? log.body.starts_with(body) : log.body == body,
           "the bytes of " + name + " are not what arrived", faults);
    check_frames(log, frames, shift_ns, is_cut, faults);
    check_reads(log, tape, connection.id, shift_ns, is_cut, faults);
    expect(connection.end || may_be_lost, name + " has no end", faults);
    if (connection.end) {
      expect(connection.end->closed_ns == log.closed_ns + shift_ns &&
                 connection.end->end == log.end && connection.end->bytes == body.size(),
             "the end of " + name + " is not as it was", faults);
    }
  }
  expect(at == connections.size(), "there are connections that never were", faults);
  expect(seq == tape.summary().frame_count, "there are frames of no connection", faults);
  if (plan.frames_max) {
    expect(last.frames_accepted <= *plan.frames_max, "more frames than were wanted", faults);
  }
  check_gaps(tape, connections, faults);
}

void check_stream(const Recorded& recorded, const schema::TapeReader& tape, Faults& faults) {
  const auto connections = tape.connections().value();
  for (const schema::Connection& connection : connections) {
    StreamChecker checker(recorded.self, 1);
    for (const OwnedFrame& frame : frames_of(tape, {.connection_id = connection.id})) {
      if (frame.complete) {
        checker.take(frame.raw, frame.recv_ns);
      }
    }
    faults.insert(faults.end(), checker.faults().begin(), checker.faults().end());
  }
}

void check_replay(const schema::TapeReader& tape, const replayer::TimelineOptions& options,
                  std::int64_t start_ns, const Replayed& replayed, const Replayed& first,
                  Faults& faults) {
  const std::string at = "at " + options.rate.to_string() + ": ";
  const auto frames = frames_of(tape);
  expect(replayed.deliveries.size() == frames.size(), at + "not every frame was played", faults);
  std::string bytes;
  std::int64_t played_ns = 0;
  std::int64_t before_ns = 0;
  for (std::size_t i = 0; i < std::min(frames.size(), replayed.deliveries.size()); ++i) {
    const Delivery& delivery = replayed.deliveries[i];
    bytes += frames[i].raw;
    expect(delivery.seq == frames[i].seq, at + "the order is not that of the tape", faults);
    const std::int64_t gap_ns = frames[i].recv_ns - before_ns;
    before_ns = frames[i].recv_ns;
    played_ns += options.max_gap_ns ? std::min(gap_ns, *options.max_gap_ns) : gap_ns;
    expect(delivery.at_ns == start_ns + options.rate.scale(played_ns),
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
