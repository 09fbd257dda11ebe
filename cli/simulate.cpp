// tapedeck simulate: a seeded conference, live on a port, onto a tape or to stdout.
#include <cstdio>
#include <optional>
#include <string>

#include <unistd.h>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/simulate_listen.hpp"
#include "core/base/units.hpp"
#include "core/sim/sim_source.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::int64_t default_duration_ns = 60 * ns_per_s;
constexpr std::uint64_t frames_per_progress = 2000;

/// A line on stderr that is written over and over, on a terminal only.
class Progress {
 public:
  explicit Progress(std::int64_t total_ns) : total_ns_(total_ns), shows_(::isatty(2) == 1) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (shows_ && frames_ >= frames_per_progress) {
      std::fputs("\r\x1b[K", stderr);
    }
  }

  void note(const port::Frame& frame) {
    if (++frames_ % frames_per_progress == 0 && shows_) {
      std::fprintf(stderr, "\r\x1b[K%s / %s, %s frames", format_duration(frame.recv_ns).c_str(),
                   format_duration(total_ns_).c_str(), format_count(frames_).c_str());
    }
  }

  [[nodiscard]] std::uint64_t frames() const { return frames_; }

 private:
  std::int64_t total_ns_;
  bool shows_;
  std::uint64_t frames_ = 0;
};

/// How the conference is named on its tape.
std::string source_name(const sim::Options& options) {
  return "simulate --participants " + std::to_string(options.participants) + " --seed " +
         std::to_string(options.seed) + " --breakouts " + std::to_string(options.breakouts);
}

Result<std::uint64_t> write_frames(sim::SimSource& source, schema::TapeWriter& writer,
                                   const sim::Options& options) {
  Progress progress(options.duration_ns);
  port::ConnectionStart start;
  start.wall_ns = sim::epoch_ns;
  start.source = source_name(options);
  const auto connection = writer.open_connection(start);
  if (!connection) {
    return fail(connection.error());
  }
  std::uint64_t offset = 0;
  std::int64_t last_ns = 0;
  while (true) {
    auto next = source.next();
    if (!next) {
      return fail(next.error());
    }
    if (!*next) {
      break;
    }
    port::Frame frame = **next;
    frame.connection_id = *connection;
    offset += frame.raw.size();
    last_ns = frame.recv_ns;
    if (auto noted = writer.note_read(*connection, offset, frame.recv_ns); !noted) {
      return fail(noted.error());
    }
    if (auto accepted = writer.accept(frame); !accepted) {
      return fail(accepted.error());
    }
    progress.note(frame);
  }
  if (auto closed = writer.close_connection(*connection, last_ns, port::ConnectionEnd::finished,
                                            "the conference ended");
      !closed) {
    return fail(closed.error());
  }
  return progress.frames();
}

Result<ExitCode> write_tape(const sim::Options& options, const std::string& path, bool overwrite) {
  schema::TapeWriterOptions writing;
  writing.existing = overwrite ? schema::Existing::overwrite : schema::Existing::refuse;
  writing.can_append = false;
  writing.durability = schema::Durability::normal;  // what is lost can be made again
  writing.wall_now_ns = sim::epoch_ns;
  const auto writer = schema::TapeWriter::open(path, writing);
  if (!writer) {
    return fail(writer.error());
  }
  sim::SimSource source(options);
  if (auto set = (*writer)->set("self", source.self()); !set) {
    return fail(set.error());
  }
  const auto frames = write_frames(source, **writer, options);
  const auto finished = (*writer)->finish();
  if (!frames || !finished) {
    return fail(!frames ? frames.error() : finished.error());
  }
  say("wrote " + format_count(*frames) + " frames, " + format_duration(options.duration_ns) +
      " of a conference, to " + path);
  return ExitCode::done;
}

Result<ExitCode> write_stdout(const sim::Options& options) {
  sim::SimSource source(options);
  Output output;
  while (true) {
    const auto frame = source.next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      break;
    }
    if (auto written = output.write((*frame)->raw); !written) {
      return fail(written.error());
    }
  }
  if (auto flushed = output.flush(); !flushed) {
    return fail(flushed.error());
  }
  return ExitCode::done;
}

/// Reads a whole number up to `max` into `number`, where the option was given.
template <class Number>
Result<void> read_whole(const Values& values, const char* name, std::uint64_t max, Number& number) {
  const auto given = values.whole(name);
  if (!given) {
    return fail(given.error());
  }
  if (!*given) {
    return {};
  }
  const auto value = static_cast<std::uint64_t>(**given);
  if (value > max) {
    return fail_usage("--" + std::string(name) + ": " + std::to_string(value) +
                      " is too many; the most is " + std::to_string(max));
  }
  number = static_cast<Number>(value);
  return {};
}

Result<sim::Options> read_options(const Values& values) {
  sim::Options options;
  for (const auto& read :
       {read_whole(values, "participants", sim::participants_max, options.participants),
        read_whole(values, "breakouts", sim::breakouts_max, options.breakouts),
        read_whole(values, "seed", INT64_MAX, options.seed)}) {
    if (!read) {
      return fail(read.error());
    }
  }
  const auto duration = values.duration("for");
  if (!duration) {
    return fail(duration.error());
  }
  options.duration_ns = duration->value_or(values.has("listen") ? 0 : default_duration_ns);
  if (*duration && **duration == 0) {
    return fail_usage("--for: a conference lasts longer than 0");
  }
  return options;
}

}  // namespace

Result<ExitCode> run_simulate(const Arguments& arguments) {
  Options options(
      "simulate", "(--listen ADDR | -o TAPE | --stdout) [options]",
      "Plays a conference that is made up from a seed: people join, speak, chat, raise\n"
      "hands, present, are moved to breakout rooms and leave. The same options give the\n"
      "same bytes; the conference's clock always starts at 2026-01-05T09:00:00Z.");
  options.add()("participants", po::value<std::string>()->value_name("N"),
                "people who come and go (12)")("seed", po::value<std::string>()->value_name("S"),
                                               "another seed, another conference (1)")(
      "breakouts", po::value<std::string>()->value_name("N"),
      "breakout rooms that are opened now and then (1)")(
      "for", po::value<std::string>()->value_name("DURATION"),
      "end the conference after this (60s; with --listen never)")(
      "listen", po::value<std::string>()->value_name("ADDR"),
      "serve it at HOST:PORT in its own time, joinable by a client; port 0 picks one")(
      "output,o", po::value<std::string>()->value_name("TAPE"), "write it to a tape, at once")(
      "overwrite", "replace TAPE or FILE if it exists")("stdout",
                                                        "write its event stream, at once");
  add_node_options(options);
  const auto parsed = options.parse(arguments);
  if (!parsed) {
    return fail(parsed.error());
  }
  if (!*parsed) {
    return ExitCode::done;
  }
  const Values& values = **parsed;
  const auto output = values.text("output");
  const bool listens = values.has("listen");
  if (int{output.has_value()} + int{listens} + int{values.has("stdout")} != 1) {
    return fail_usage("say where the conference goes: one of --listen ADDR, -o TAPE and --stdout");
  }
  if (!listens) {
    if (auto refused = refuse_node_options(values); !refused) {
      return fail(refused.error());
    }
  }
  if (values.has("overwrite") && !output && !values.has("journal")) {
    return fail_usage("--overwrite goes with -o TAPE, or with --journal FILE");
  }
  const auto conference = read_options(values);
  if (!conference) {
    return fail(conference.error());
  }
  if (output) {
    return write_tape(*conference, *output, values.has("overwrite"));
  }
  if (listens) {
    return serve_conference(*conference, values);
  }
  return write_stdout(*conference);
}

}  // namespace tapedeck::cli
