// tapedeck state: the conference at a moment of the tape.
#include <algorithm>
#include <string>
#include <utility>

#include <unistd.h>

#include "cli/command.hpp"
#include "cli/conference_tape.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/state_view.hpp"
#include "cli/tape_state.hpp"
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

Result<void> print(const state::Reducer& reducer, bool json) {
  Output out;
  if (json) {
    append_state_json(out.buffer(), reducer);
    out.buffer() += '\n';
  } else {
    out.buffer() = state_view(reducer);
  }
  return out.flush();
}

/// From the nearest checkpoint on, which are of client 20.
Result<ExitCode> print_near(const schema::TapeReader& tape, state::Join join,
                            const schema::FrameRange& range, bool json) {
  auto seq = last_seq_before(tape, range.until_ns);
  if (!seq) {
    return fail(seq.error());
  }
  TapeState state(tape, std::move(join));
  const auto reducer = state.recorded_after(std::min(*seq, range.last_seq));
  if (!reducer) {
    return fail(reducer.error());
  }
  if (auto printed = print(**reducer, json); !printed) {
    return fail(printed.error());
  }
  return conclude_with(**reducer);
}

Result<ExitCode> print_state(const Values& given, state::Client client,
                             const schema::FrameRange& range, bool json) {
  auto conference = ConferenceTape::open(given.get("TAPE"));
  if (!conference) {
    return fail(conference.error());
  }
  state::Join join = join_of(given, conference->tape());
  if (client == state::Client::client_20) {
    return print_near(conference->tape(), std::move(join), range, json);
  }
  const state::ReducerOptions options{.client = client, .signals = false, .only_changes = true};
  if (auto begun = conference->derive(std::move(join), options, range); !begun) {
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
  if (auto printed = print(conference->reducer(), json); !printed) {
    return fail(printed.error());
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
  return print_state(given, *client, *range, *json);
}

}  // namespace tapedeck::cli
