// tapedeck replay: a tape to an SSE endpoint that a Pexip client joins, to stdout or to nothing.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <unistd.h>

#include "cli/command.hpp"
#include "cli/listen_options.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "core/base/join_defaults.hpp"
#include "core/base/json_writer.hpp"
#include "core/base/rate.hpp"
#include "core/base/units.hpp"
#include "replayer/deck.hpp"
#include "replayer/fd_sink.hpp"
#include "replayer/looped_source.hpp"
#include "replayer/seamless_source.hpp"
#include "replayer/server.hpp"
#include "replayer/steady_clock.hpp"
#include "replayer/stop_request.hpp"
#include "schema/byte_digest.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::int64_t progress_step_ns = 200 * ns_per_ms;

Options replay_options() {
  Options options(
      "replay", "TAPE [--listen ADDR | --stdout | --null] [options]",
      "Plays a tape in its own time. By default it is served: the first line on stdout is\n"
      "'listening on http://HOST:PORT', /events there is the stream for any SSE client, and a\n"
      "Pexip client joins it as a conference of any alias. When the tape is over a stream stays\n"
      "open, as in a meeting in which nothing happens; SIGINT or SIGTERM ends the server, exit\n"
      "0. A block that a lost connection tore, and a byte order mark after a reconnect, are not\n"
      "served. With --cert it is https. --stdout and --null play every byte, as 'tapedeck cat'\n"
      "gives them, and exit 130 when they are interrupted.");
  options.positional("TAPE");
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add()("listen", text("ADDR"), "serve at HOST:PORT; port 0 picks one (127.0.0.1:8080)")(
      "stdout", "write the bytes of the stream to stdout, each frame when it is due")(
      "null", "play to nothing, and print the count and the digest of the bytes")(
      "speed", text("RATE"), "1, 10, 0.5, ... or max: as fast as it goes (1)")(
      "from", text("T"), "begin at this time of the tape, with the first frame from there on")(
      "until", text("T"), "end before this time of the tape")(
      "max-gap", text("D"), "cut a silence longer than this to it")(
      "loop", text("N"), "play N times, each after the last frame of the one before; 0: for ever")(
      "once", "end when the tape is over; with --listen when the first client has all of it")(
      "timeline", text("private|shared"),
      "private: each stream begins with the tape; shared: all hear the same moment, the first "
      "starts it, and who comes later gets what is due from then on (private)")(
      "self", text("UUID"), "who a client joins as (the one whose view the tape is, if it says)")(
      "allow-remote", "let ADDR be one that other machines reach")(
      "json", "with --null: a JSON object, with times and lateness");
  add_identity_options(options);
  return options;
}

enum class Destination { server, standard_output, nothing };

/// What the command line asks for.
struct Wishes {
  std::string tape;
  Destination destination = Destination::server;
  replayer::Address address;
  bool allow_remote = false;
  std::optional<replayer::ServerIdentity> identity;
  replayer::TimelineOptions timeline;
  std::int64_t until_ns = std::numeric_limits<std::int64_t>::max();
  std::uint64_t passes = 1;
  bool once = false;
  replayer::Sharing sharing = replayer::Sharing::separate;
  std::optional<std::string> self;
  bool json = false;
};

Result<void> read_destination(const Values& values, Wishes& wishes) {
  const bool to_stdout = values.has("stdout");
  const bool to_nothing = values.has("null");
  if (int{to_stdout} + int{to_nothing} + int{values.has("listen")} > 1) {
    return fail_usage("--listen, --stdout and --null exclude one another");
  }
  wishes.destination = to_stdout    ? Destination::standard_output
                       : to_nothing ? Destination::nothing
                                    : Destination::server;
  if (wishes.destination != Destination::server) {
    for (const char* option : {"timeline", "self", "allow-remote", "cert", "key"}) {
      if (values.has(option)) {
        return fail_usage("--" + std::string(option) + " goes with --listen");
      }
    }
  }
  wishes.json = values.has("json");
  if (wishes.json && !to_nothing) {
    return fail_usage("--json goes with --null");
  }
  auto address = read_listen(values);
  auto identity = read_identity(values);
  if (!address || !identity) {
    return fail(!address ? address.error() : identity.error());
  }
  wishes.address = address->value_or(wishes.address);
  wishes.identity = *std::move(identity);
  wishes.allow_remote = values.has("allow-remote");
  wishes.self = values.text("self");
  return {};
}

Result<void> read_times(const Values& values, Wishes& wishes) {
  if (const auto speed = values.text("speed")) {
    const auto rate = Rate::parse(*speed);
    if (!rate) {
      return fail_usage("--speed: " + rate.error().message);
    }
    wishes.timeline.rate = *rate;
  }
  const auto from_ns = values.duration("from");
  const auto until_ns = values.duration("until");
  const auto max_gap_ns = values.duration("max-gap");
  const auto loop = values.whole("loop");
  for (const auto* given : {&from_ns, &until_ns, &max_gap_ns, &loop}) {
    if (!*given) {
      return fail(given->error());
    }
  }
  wishes.timeline.from_ns = from_ns->value_or(0);
  wishes.timeline.max_gap_ns = *max_gap_ns;
  wishes.until_ns = until_ns->value_or(wishes.until_ns);
  wishes.passes = static_cast<std::uint64_t>(loop->value_or(1));
  if (wishes.until_ns <= wishes.timeline.from_ns) {
    return fail_usage("--until must lie after --from, or after 0");
  }
  return {};
}

Result<Wishes> read_wishes(const Values& values) {
  Wishes wishes;
  wishes.tape = values.get("TAPE");
  if (auto read = read_destination(values, wishes); !read) {
    return fail(read.error());
  }
  if (auto read = read_times(values, wishes); !read) {
    return fail(read.error());
  }
  wishes.once = values.has("once");
  if (const auto timeline = values.text("timeline")) {
    if (*timeline != "private" && *timeline != "shared") {
      return fail_usage("--timeline: '" + *timeline + "' is neither private nor shared");
    }
    wishes.sharing =
        *timeline == "shared" ? replayer::Sharing::shared : replayer::Sharing::separate;
  }
  return wishes;
}

/// The frames that are asked for, as often as asked for.
std::unique_ptr<port::FrameSource> open_frames(const schema::TapeReader& tape,
                                               const Wishes& wishes) {
  const auto open_pass = [&tape, from_ns = wishes.timeline.from_ns, until_ns = wishes.until_ns] {
    return tape.frames({.from_ns = from_ns, .until_ns = until_ns});
  };
  return std::make_unique<replayer::LoopedSource>(open_pass, wishes.passes,
                                                  wishes.timeline.from_ns);
}

/// `10.00x`, with so many digits as tell something.
std::string achieved_rate(const replayer::PlayReport& played) {
  char text[32];
  const double rate = static_cast<double>(played.recorded_ns) /
                      static_cast<double>(std::max<std::uint64_t>(played.elapsed_ns, 1));
  std::snprintf(text, sizeof text, rate < 1 ? "%.4fx" : "%.2fx", rate);
  return text;
}

std::string duration_text(std::uint64_t ns) {
  return format_duration(static_cast<std::int64_t>(ns));
}

/// What was played, and how well, as a clause for people.
std::string summary(const replayer::PlayReport& played) {
  std::string text = counted(played.frames, "frame") + ", " + format_bytes(played.bytes);
  if (played.frames == 0) {
    return text;
  }
  text += "; " + duration_text(played.recorded_ns) + " of tape in " +
          duration_text(played.elapsed_ns) + ", " + achieved_rate(played);
  if (const replayer::Lateness& late = played.lateness; late.count() != 0) {
    text += "; late by " + format_duration(late.quantile_ns(500)) + " (p50), " +
            format_duration(late.quantile_ns(990)) + " (p99), " + format_duration(late.max_ns()) +
            " (max)";
  }
  return text;
}

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

/// Lets a line on a terminal tell how far the replay is, in silences too: waits in small steps.
class ProgressClock final : public port::Clock {
 public:
  ProgressClock(port::Clock& clock, const replayer::PlayReport& played, std::int64_t total_ns)
      : clock_(clock), played_(played), total_ns_(total_ns), shown_ns_(clock.now_ns()) {}
  ProgressClock(const ProgressClock&) = delete;
  ProgressClock& operator=(const ProgressClock&) = delete;
  ~ProgressClock() override {
    if (shown_) {
      std::fputs("\r\x1b[K", stderr);
    }
  }

  [[nodiscard]] std::int64_t now_ns() override { return clock_.now_ns(); }

  port::Wait wait_until(std::int64_t due_ns) override {
    while (true) {
      const std::int64_t step_ns = std::min(due_ns, shown_ns_ + progress_step_ns);
      const port::Wait wait = clock_.wait_until(step_ns);
      if (clock_.now_ns() >= shown_ns_ + progress_step_ns) {
        show();
      }
      if (wait == port::Wait::woken || step_ns == due_ns) {
        return wait;
      }
    }
  }

 private:
  void show() {
    shown_ = true;
    shown_ns_ = clock_.now_ns();
    std::fprintf(stderr, "\r\x1b[K%s / %s, %s, late %s", duration_text(played_.recorded_ns).c_str(),
                 format_duration(total_ns_).c_str(), achieved_rate(played_).c_str(),
                 format_duration(played_.lateness.quantile_ns(500)).c_str());
    std::fflush(stderr);
  }

  port::Clock& clock_;
  const replayer::PlayReport& played_;
  std::int64_t total_ns_;
  std::int64_t shown_ns_;
  bool shown_ = false;
};

/// Plays to one sink to the end; false when interrupted.
Result<bool> play(const schema::TapeReader& tape, const Wishes& wishes, replayer::Deck& deck,
                  replayer::StopRequest& stop, replayer::PacedSink& sink) {
  replayer::SteadyClock clock(stop);
  const replayer::Timeline timeline(wishes.timeline, clock.now_ns());
  const auto started = deck.start(open_frames(tape, wishes), timeline, sink);
  if (!started) {
    return fail(started.error());
  }
  const auto over = [&] { return stop.requested() || deck.empty(); };
  const bool bytes_on_terminal =
      wishes.destination == Destination::standard_output && ::isatty(STDOUT_FILENO) == 1;
  Result<void> played;
  if (::isatty(STDERR_FILENO) == 1 && !bytes_on_terminal) {
    const std::int64_t end_ns = std::min(tape.summary().last_ns, wishes.until_ns);
    ProgressClock shown(clock, deck.report(), end_ns - wishes.timeline.from_ns);
    played = deck.run(shown, over);
  } else {
    played = deck.run(clock, over);
  }
  if (!played) {
    return fail(played.error());
  }
  return deck.empty();
}

ExitCode exit_code(bool to_the_end, const replayer::PlayReport& played) {
  say((to_the_end ? "played " : "interrupted after ") + summary(played));
  return to_the_end ? ExitCode::done : ExitCode::interrupted;
}

Result<ExitCode> play_to_stdout(const schema::TapeReader& tape, const Wishes& wishes) {
  replayer::StopRequest stop;
  stop.catch_signals();
  replayer::FdSink sink(STDOUT_FILENO, "stdout", stop);
  replayer::Deck deck;
  const auto to_the_end = play(tape, wishes, deck, stop, sink);
  if (!to_the_end) {
    return fail(to_the_end.error());
  }
  return exit_code(*to_the_end, deck.report());
}

void append_json(std::string& out, const replayer::PlayReport& played, const std::string& digest) {
  JsonWriter json(out);
  json.begin_object()
      .member("frames", played.frames)
      .member("bytes", played.bytes)
      .member("digest", digest)
      .member("recorded_ns", played.recorded_ns)
      .member("elapsed_ns", played.elapsed_ns)
      .key("lateness_ns");
  if (played.lateness.count() == 0) {
    json.null();
  } else {
    json.begin_object()
        .member("p50", played.lateness.quantile_ns(500))
        .member("p99", played.lateness.quantile_ns(990))
        .member("max", played.lateness.max_ns())
        .end_object();
  }
  json.end_object();
  out += '\n';
}

Result<ExitCode> play_to_nothing(const schema::TapeReader& tape, const Wishes& wishes) {
  replayer::StopRequest stop;
  stop.catch_signals();
  DigestSink sink;
  replayer::Deck deck;
  const auto to_the_end = play(tape, wishes, deck, stop, sink);
  if (!to_the_end) {
    return fail(to_the_end.error());
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
  return exit_code(*to_the_end, played);
}

void say_what_was_served(const replayer::ServerReport& report, const replayer::LeftOut& left_out) {
  say("served " + counted(report.streams, "stream") + ", " + counted(report.joins, "join") + ", " +
      counted(report.streams_dropped, "client") + " dropped; " + summary(report.played));
  if (left_out.torn_blocks + left_out.byte_order_marks != 0) {
    say("left out of the streams what only reconnects explain: " +
        counted(left_out.torn_blocks, "torn block") + " and " +
        counted(left_out.byte_order_marks, "byte order mark"));
  }
  if (report.connections_refused != 0) {
    say("closed " + counted(report.connections_refused, "connection") +
        " at once, for too many were open");
  }
}

Result<ExitCode> serve(const schema::TapeReader& tape, const Wishes& wishes) {
  replayer::StopRequest stop;
  stop.catch_signals();
  replayer::LeftOut left_out;
  const std::string self =
      wishes.self.value_or(tape.value("self").value_or(std::string(default_participant_uuid)));
  replayer::Programme programme;
  programme.open_stream = [&](const replayer::JoinInfo&) {
    return Result<std::unique_ptr<port::FrameSource>>(
        std::make_unique<replayer::SeamlessSource>(open_frames(tape, wishes), left_out));
  };
  const auto server = replayer::Server::listen(
      {.address = wishes.address,
       .allow_remote = wishes.allow_remote,
       .identity = wishes.identity,
       .sharing = wishes.sharing,
       .timeline = wishes.timeline,
       .once = wishes.once,
       .participant_uuid = [&](auto) -> const std::string& { return self; },
       .log = say},
      std::move(programme));
  if (!server) {
    return fail(server.error());
  }
  if (auto announced = announce((*server)->url()); !announced) {
    return fail(announced.error());
  }
  if (auto ran = (*server)->run(stop); !ran) {
    return fail(ran.error());
  }
  const replayer::ServerReport report = (*server)->report();
  say_what_was_served(report, left_out);
  if (report.failure) {
    return fail(*report.failure);
  }
  return ExitCode::done;
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
  const auto wishes = read_wishes(**values);
  if (!wishes) {
    return fail(wishes.error());
  }
  const auto tape = schema::TapeReader::open(wishes->tape);
  if (!tape) {
    return fail(tape.error());
  }
  const std::int64_t last_ns = (*tape)->summary().last_ns;
  if (wishes->timeline.from_ns > last_ns) {
    return fail_usage("--from: the tape ends at " + format_duration(last_ns));
  }
  switch (wishes->destination) {
    case Destination::server:
      return serve(**tape, *wishes);
    case Destination::standard_output:
      return play_to_stdout(**tape, *wishes);
    case Destination::nothing:
      return play_to_nothing(**tape, *wishes);
  }
  return ExitCode::done;
}

}  // namespace tapedeck::cli
