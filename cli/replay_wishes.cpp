#include "cli/replay_wishes.hpp"

#include <utility>

#include "cli/listen_options.hpp"
#include "cli/replay_keys.hpp"
#include "core/base/rate.hpp"

namespace tapedeck::cli {

Options replay_options() {
  Options options(
      "replay", "TAPE... [--listen ADDR | --stdout | --null] [options]",
      "Plays a tape in its own time. By default it is served: the first line on stdout is\n"
      "'listening on http://HOST:PORT', /events there is the stream for any SSE client, and a\n"
      "Pexip client joins it as a conference of any alias. When the tape is over a stream stays\n"
      "open, as in a meeting in which nothing happens; SIGINT or SIGTERM ends the server, exit\n"
      "0. A block that a lost connection tore, and a byte order mark after a reconnect, are not\n"
      "served. With --cert it is https. --stdout and --null play every byte, as 'tapedeck cat'\n"
      "gives them, and exit 130 when a signal interrupts them. Several tapes are played as one,\n"
      "merged on one timeline. A folder is served as a node with a conference for each tape in\n"
      "it: its alias is the one on the tape, else the name of the file without .tape;\n"
      "/events/ALIAS is its stream. What is served is steered by HTTP too, at /tapedeck/v1/\n"
      "(docs/openapi.json).\n"
      "Keys, where stdin is a terminal:\n" +
          std::string(keys_help()));
  options.positional("TAPE");
  options.positionals("MORE");
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add()("listen", text("ADDR"), "serve at HOST:PORT; port 0 picks one (127.0.0.1:8080)")(
      "stdout", "write the bytes of the stream to stdout, each frame when it is due")(
      "null", "play to nothing, and print the count and the digest of the bytes")(
      "speed", text("RATE"), "1, 10, 0.5, ... or max: as fast as it goes (1)")(
      "from", text("T"),
      "begin at this time of the tape; a client is first told what a node tells at a join then, "
      "--stdout and --null begin with the first frame from there on")(
      "until", text("T"), "end before this time of the tape")(
      "max-gap", text("D"), "cut a silence longer than this to it")(
      "align", text("clock|start"),
      "several tapes: each when it was by the wall clock, or all as if they had begun at one "
      "moment (clock)")("loop", text("N"),
                        "play N times, each after the last frame of the one before; 0: for ever")(
      "paused", "time stands still at first; SIGUSR1 lets it go on, and stand still again")(
      "precise", "spin before each frame, so that it is on time to a microsecond: takes a core")(
      "once", "end when the tape is over; with --listen when the first client has all of it")(
      "timeline", text("private|shared"),
      "private: each join begins with the tape, and who reconnects goes on where they were; "
      "shared: "
      "all hear the same moment (private)")("start", text("first-client|at-once"),
                                            "with --timeline shared: when its time begins "
                                            "(first-client)")(
      "reconnects", text("seamless|faithful"),
      "seamless: one stream, whatever the recording lost; faithful: the stream ends where its "
      "connection did, and nobody gets another one until the recording has (seamless)")(
      "chunks",
      "write the pieces in which the network brought the stream, each when it was read; with "
      "--listen only as --reconnects faithful, for what is seamless was never read like that")(
      "self", text("UUID"), "who a client joins as (the one whose view the tape is, if it says)")(
      "no-pin", "ask for none, though the recorded client was asked")(
      "react",
      "carry out what clients command (mute, lock, ...): they are told what a node would tell, and "
      "recorded events follow suit")(
      "journal", text("FILE"),
      "write a line of JSON for each request answered, command compared with the recording, stream "
      "opened, frame sent and stream closed")("allow-remote",
                                              "let ADDR be one that other machines reach")(
      "json", "with --null: a JSON object, with times and lateness");
  add_identity_options(options);
  add_pin_options(options);
  add_edit_options(options);
  add_fault_options(options);
  return options;
}

namespace {

Result<void> read_destination(const Values& values, ReplayWishes& wishes) {
  const bool to_stdout = values.has("stdout");
  const bool to_nothing = values.has("null");
  if (int{to_stdout} + int{to_nothing} + int{values.has("listen")} > 1) {
    return fail_usage("--listen, --stdout and --null exclude one another");
  }
  wishes.destination = to_stdout    ? Destination::standard_output
                       : to_nothing ? Destination::nothing
                                    : Destination::server;
  if (wishes.destination != Destination::server) {
    for (const char* option : {"timeline", "start", "reconnects", "self", "allow-remote", "cert",
                               "key", "pin", "guest-pin", "no-pin", "react", "journal"}) {
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
  wishes.no_pin = values.has("no-pin");
  wishes.react = values.has("react");
  wishes.journal = values.text("journal");
  if (wishes.no_pin && values.has("pin")) {
    return fail_usage("--pin and --no-pin exclude one another");
  }
  return read_pins(values, wishes.admission);
}

Result<void> read_times(const Values& values, ReplayWishes& wishes) {
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
  wishes.timeline.paused = values.has("paused");
  wishes.until_ns = until_ns->value_or(wishes.until_ns);
  wishes.passes = static_cast<std::uint64_t>(loop->value_or(1));
  if (wishes.until_ns <= wishes.timeline.from_ns) {
    return fail_usage("--until must lie after --from, or after 0");
  }
  return {};
}

/// Whether an option has the second of its two values; the first is the default.
Result<bool> is_second(const Values& values, const char* option, std::string_view first,
                       std::string_view second) {
  const auto given = values.text(option);
  if (given && *given != first && *given != second) {
    return fail_usage("--" + std::string(option) + ": '" + *given + "' is neither " +
                      std::string(first) + " nor " + std::string(second));
  }
  return given && *given == second;
}

Result<void> read_sharing(const Values& values, ReplayWishes& wishes) {
  const auto shared = is_second(values, "timeline", "private", "shared");
  const auto at_once = is_second(values, "start", "first-client", "at-once");
  const auto faithful = is_second(values, "reconnects", "seamless", "faithful");
  for (const auto* given : {&shared, &at_once, &faithful}) {
    if (!*given) {
      return fail(given->error());
    }
  }
  if (values.has("start") && !*shared) {
    return fail_usage("--start goes with --timeline shared");
  }
  if (*faithful && wishes.passes != 1) {
    return fail_usage("--reconnects faithful plays a tape once: leave --loop out");
  }
  if (wishes.chunks && wishes.destination == Destination::server && !*faithful) {
    return fail_usage("--chunks goes with --reconnects faithful, --stdout or --null");
  }
  wishes.sharing = *shared ? replayer::Sharing::shared : replayer::Sharing::separate;
  wishes.at_once = *at_once;
  wishes.faithful = *faithful;
  return {};
}

}  // namespace

Result<ReplayWishes> read_replay_wishes(const Values& values) {
  ReplayWishes wishes;
  wishes.tape = values.get("TAPE");
  wishes.more = values.texts("MORE");
  if (const auto align = values.text("align")) {
    if (*align != "clock" && *align != "start") {
      return fail_usage("--align: '" + *align + "' is neither clock nor start");
    }
    if (wishes.more.empty()) {
      return fail_usage("--align goes with several tapes");
    }
    wishes.aligned_at_starts = *align == "start";
  }
  if (auto read = read_destination(values, wishes); !read) {
    return fail(read.error());
  }
  if (auto read = read_times(values, wishes); !read) {
    return fail(read.error());
  }
  auto faults = read_fault_wishes(values);
  if (!faults) {
    return fail(faults.error());
  }
  wishes.faults = *std::move(faults);
  auto edits = read_edits(values);
  if (!edits) {
    return fail(edits.error());
  }
  wishes.edits = *std::move(edits);
  wishes.once = values.has("once");
  wishes.precise = values.has("precise");
  wishes.chunks = values.has("chunks");
  if (auto read = read_sharing(values, wishes); !read) {
    return fail(read.error());
  }
  return wishes;
}

}  // namespace tapedeck::cli
