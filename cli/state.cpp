// tapedeck state: the conference at a moment of the tape.
#include <string>

#include <unistd.h>

#include "cli/command.hpp"
#include "cli/conference_tape.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/state_view.hpp"
#include "core/state/state_json.hpp"

namespace tapedeck::cli {
namespace {

Result<schema::FrameRange> range_of(const Values& given) {
  const auto at_ns = given.duration("at");
  if (!at_ns) {
    return fail(at_ns.error());
  }
  const auto seq = given.whole("seq");
  if (!seq) {
    return fail(seq.error());
  }
  if (*at_ns && *seq) {
    return fail_usage("--at and --seq both choose the moment: give one of them");
  }
  schema::FrameRange range;
  if (*at_ns && **at_ns < range.until_ns) {
    range.until_ns = **at_ns + 1;
  }
  if (*seq) {
    range.last_seq = static_cast<std::uint64_t>(**seq);
  }
  return range;
}

Result<state::Client> client_of(const Values& given) {
  const std::string name = given.text("as").value_or("client-20");
  if (const auto client = state::client_named(name)) {
    return *client;
  }
  return fail_usage("--as: '" + name + "' is none of client-17, client-19, client-20");
}

Result<bool> wants_json(const Values& given) {
  if (given.has("json") && given.has("human")) {
    return fail_usage("--json and --human exclude each other");
  }
  return given.has("json") || (!given.has("human") && isatty(STDOUT_FILENO) == 0);
}

Result<ExitCode> print_state(const Values& given, const state::ReducerOptions& options,
                             const schema::FrameRange& range, bool json) {
  auto conference = ConferenceTape::open(given.get("TAPE"));
  if (!conference) {
    return fail(conference.error());
  }
  if (auto begun = conference->derive(join_of(given, conference->tape()), options, range); !begun) {
    return fail(begun.error());
  }
  while (true) {
    const auto step = conference->next();
    if (!step) {
      return fail(step.error());
    }
    if (!*step) {
      break;
    }
  }
  Output out;
  if (json) {
    append_state_json(out.buffer(), conference->reducer());
    out.buffer() += '\n';
  } else {
    out.buffer() = state_view(conference->reducer());
  }
  if (auto flushed = out.flush(); !flushed) {
    return fail(flushed.error());
  }
  return conference->conclude();
}

}  // namespace

Result<ExitCode> run_state(const Arguments& arguments) {
  Options options("state", "TAPE [options]",
                  "Prints the conference as derived at a moment of the tape, by default its end:\n"
                  "canonical JSON, or tables for people where stdout is a terminal.");
  options.positional("TAPE");
  options.add()("at", po::value<std::string>(), "the moment, as time since the tape began")(
      "seq", po::value<std::string>(), "the moment, as the last frame to take in")(
      "json", "canonical JSON, on a terminal too")("human", "tables, into a file or pipe too")(
      "as", po::value<std::string>(),
      "by the rules of client-17, client-19 or client-20 (default)");
  add_join_options(options);
  const auto parsed = options.parse(arguments);
  if (!parsed) {
    return fail(parsed.error());
  }
  if (!*parsed) {
    return ExitCode::done;
  }
  const Values& given = **parsed;
  const auto range = range_of(given);
  if (!range) {
    return fail(range.error());
  }
  const auto client = client_of(given);
  if (!client) {
    return fail(client.error());
  }
  const auto json = wants_json(given);
  if (!json) {
    return fail(json.error());
  }
  const state::ReducerOptions wanted{.client = *client, .signals = false, .only_changes = true};
  return print_state(given, wanted, *range, *json);
}

}  // namespace tapedeck::cli
