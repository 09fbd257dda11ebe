// tapedeck replay: a tape to an SSE endpoint that a Pexip client joins, to stdout or to nothing.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "cli/command.hpp"
#include "cli/fault_log.hpp"
#include "cli/merged_tape.hpp"
#include "cli/output.hpp"
#include "cli/replay_frames.hpp"
#include "cli/replay_keys.hpp"
#include "cli/replay_report.hpp"
#include "cli/replay_served.hpp"
#include "cli/replay_wishes.hpp"
#include "cli/tape_marks.hpp"
#include "core/base/units.hpp"
#include "replayer/deck.hpp"
#include "replayer/fd_sink.hpp"
#include "replayer/lone_play.hpp"
#include "replayer/pause_switch.hpp"
#include "replayer/steady_clock.hpp"
#include "replayer/steering.hpp"
#include "replayer/stop_request.hpp"
#include "schema/byte_digest.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

/// Counts and digests what is played to nothing.
class DigestSink final : public replayer::PacedSink {
 public:
  Result<void> accept(const port::Frame& frame) override {
    digest_.add(frame.connection_id, frame.raw);
    return {};
  }
  Result<void> flush() override { return {}; }
  Result<void> finish() override { return {}; }

  [[nodiscard]] std::string digest() const { return digest_.tape(); }

 private:
  schema::ByteDigest digest_;
};

/// How a replay ended.
enum class End { of_tape, by_key, interrupted };

/// Plays to one sink.
Result<End> play(const schema::TapeReader& tape, const ReplayWishes& wishes, replayer::Deck& deck,
                 FaultRun& faults, NewMarks& marks, replayer::StopRequest& stop,
                 replayer::PacedSink& sink) {
  auto own_marks = TapeMarks::read(tape, path_of_marks(wishes), marks);
  if (!own_marks) {
    return fail(own_marks.error());
  }
  const auto frames = ServedFrames::prepare(tape, wishes, *std::move(own_marks));
  if (!frames) {
    return fail(frames.error());
  }
  replayer::PauseSwitch pause;
  pause.catch_signal();
  const bool bytes_on_terminal =
      wishes.destination == Destination::standard_output && ::isatty(STDOUT_FILENO) == 1;
  ReplayConsole terminal(stop, !bytes_on_terminal);
  const replayer::Console console = terminal.console();
  replayer::SteadyClock clock(stop, &pause, console.fd);
  if (wishes.precise) {
    clock.be_precise();
  }
  std::optional<LoggedSink> logged;
  if (faults.log() != nullptr) {
    logged.emplace(sink, *faults.log());
  }
  replayer::LonePlay played(deck, clock, **frames, logged ? *logged : sink, wishes.timeline,
                            [&](std::unique_ptr<port::FrameSource> source) {
                              return faults.plan().apply(std::move(source), 1);
                            });
  if (auto started = played.start(open_frames(tape, wishes)); !started) {
    return fail(started.error());
  }
  replayer::Steering steering(played);
  const auto over = [&] {
    if (pause.take()) {
      (void)steering.toggle_pause(replayer::all_sessions);  // of all it can be done
    }
    if (console.heed) {
      console.heed(steering);
    }
    return stop.requested() || deck.empty();
  };
  TickClock ticks(clock, [&] { console.show(steering); });
  const auto ran = console.show ? deck.run(ticks, over) : deck.run(clock, over);
  if (!ran) {
    return fail(ran.error());
  }
  return deck.empty() ? End::of_tape : terminal.quit() ? End::by_key : End::interrupted;
}

ExitCode exit_code(End end, const replayer::PlayReport& played) {
  const char* const how = end == End::of_tape  ? "played "
                          : end == End::by_key ? "quit after "
                                               : "interrupted after ";
  say(how + summary(played));
  return end == End::interrupted ? ExitCode::interrupted : ExitCode::done;
}

Result<ExitCode> play_to_stdout(const schema::TapeReader& tape, const ReplayWishes& wishes,
                                FaultRun& faults, NewMarks& marks) {
  replayer::StopRequest stop;
  stop.catch_signals();
  using enum replayer::Writes;
  const auto writes = faults.plan().writes_apart() ? each_frame : wishes.chunks ? each_moment : due;
  replayer::FdSink sink(STDOUT_FILENO, "stdout", stop, writes);
  replayer::Deck deck;
  const auto end = play(tape, wishes, deck, faults, marks, stop, sink);
  if (!end) {
    return fail(end.error());
  }
  return exit_code(*end, deck.report());
}

Result<ExitCode> play_to_nothing(const schema::TapeReader& tape, const ReplayWishes& wishes,
                                 FaultRun& faults, NewMarks& marks) {
  replayer::StopRequest stop;
  stop.catch_signals();
  DigestSink sink;
  replayer::Deck deck;
  const auto end = play(tape, wishes, deck, faults, marks, stop, sink);
  if (!end) {
    return fail(end.error());
  }
  const replayer::PlayReport& played = deck.report();
  Output output;
  if (wishes.json) {
    append_json(output.buffer(), played, sink.digest());
  } else {
    output.buffer() = "frames " + std::to_string(played.frames) + "\nbytes  " +
                      std::to_string(played.bytes) + "\ndigest " + sink.digest() + '\n';
  }
  if (auto flushed = output.flush(); !flushed) {
    return fail(flushed.error());
  }
  return exit_code(*end, played);
}

Result<ExitCode> play_to_destination(const schema::TapeReader& tape, const ReplayWishes& wishes,
                                     FaultRun& faults, NewMarks& marks) {
  switch (wishes.destination) {
    case Destination::server:
      return serve_tape(tape, wishes, faults, marks);
    case Destination::standard_output:
      return play_to_stdout(tape, wishes, faults, marks);
    case Destination::nothing:
      return play_to_nothing(tape, wishes, faults, marks);
  }
  return ExitCode::done;
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

/// The first of the tapes that is a folder.
std::optional<std::string> first_folder(const ReplayWishes& wishes) {
  if (is_folder(wishes.tape)) {
    return wishes.tape;
  }
  const auto found = std::ranges::find_if(wishes.more, is_folder);
  return found == wishes.more.end() ? std::nullopt : std::optional(*found);
}

/// The tape that is played; where several are, they are in `merged`, which must outlive it.
Result<std::unique_ptr<schema::TapeReader>> open_tape(const ReplayWishes& wishes,
                                                      std::unique_ptr<MergedTape>& merged) {
  std::string path = wishes.tape;
  if (!wishes.more.empty()) {
    std::vector<std::string> paths{wishes.tape};
    paths.insert(paths.end(), wishes.more.begin(), wishes.more.end());
    auto made = MergedTape::make(
        paths, wishes.aligned_at_starts ? Alignment::starts : Alignment::wall_clock);
    if (!made) {
      return fail(made.error());
    }
    merged = *std::move(made);
    path = merged->path();
  }
  auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return tape;
  }
  const std::int64_t last_ns = (*tape)->summary().last_ns;
  if (wishes.timeline.from_ns > last_ns) {
    return fail_usage("--from: the tape ends at " + format_duration(last_ns));
  }
  return tape;
}

}  // namespace

Result<ExitCode> run_replay(const Arguments& arguments) {
  const auto values = replay_options().parse(arguments);
  if (!values) {
    return fail(values.error());
  }
  if (!*values) {
    return ExitCode::done;
  }
  const auto wishes = read_replay_wishes(**values);
  if (!wishes) {
    return fail(wishes.error());
  }
  std::unique_ptr<MergedTape> merged;
  std::unique_ptr<schema::TapeReader> tape;
  const auto folder = first_folder(*wishes);
  if (folder && (wishes->destination != Destination::server || !wishes->more.empty())) {
    return fail_io("'" + *folder + "' is a folder, which goes with --listen and alone");
  }
  if (!folder) {
    auto opened = open_tape(*wishes, merged);
    if (!opened) {
      return fail(opened.error());
    }
    tape = *std::move(opened);
  }
  const auto faults = FaultRun::begin(wishes->faults, wishes->tape);
  if (!faults) {
    return fail(faults.error());
  }
  NewMarks marks;
  auto played = folder ? serve_folder(wishes->tape, *wishes, **faults, marks)
                       : play_to_destination(*tape, *wishes, **faults, marks);
  say_what_was_not_edited(wishes->edits.get());
  const auto finished = (*faults)->finish();
  if (played && !finished) {
    return fail(finished.error());
  }
  tape.reset();
  return marks.write() || !played ? played : Result<ExitCode>(ExitCode::lost);
}

}  // namespace tapedeck::cli
