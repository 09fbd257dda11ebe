#include "cli/simulate_listen.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/journal_file.hpp"
#include "cli/listen_options.hpp"
#include "cli/output.hpp"
#include "cli/simulated_node.hpp"
#include "core/base/rate.hpp"
#include "core/base/units.hpp"
#include "replayer/server.hpp"

namespace tapedeck::cli {
namespace {

/// A server outlasts its conference by this, so that the last event reaches every client.
constexpr std::int64_t farewell_ns = 250 * ns_per_ms;

/// A day: a client counts in seconds, and its timers in milliseconds of 31 bits.
constexpr std::int64_t token_life_max_ns = 86'400 * ns_per_s;

using Aliases = std::vector<std::string>;

constexpr const char* node_options[] = {"cert",
                                        "key",
                                        "speed",
                                        "alias",
                                        "pin",
                                        "guest-pin",
                                        "extension",
                                        "idp",
                                        "locked",
                                        "admit-after",
                                        "unavailable",
                                        "token-expires",
                                        "disconnect-every",
                                        "stall-every",
                                        "stall-for",
                                        "ask-refresh-every",
                                        "transfer-every",
                                        "journal"};

Result<void> read_admission(const Values& values, NodeOptions& node) {
  replayer::Admission& admission = node.admission;
  if (values.has("alias")) {
    admission.aliases = values.get<Aliases>("alias");
  }
  admission.extension = values.text("extension").value_or("");
  admission.single_sign_on = values.has("idp");
  admission.unavailable = values.has("unavailable");
  if (auto read = read_pins(values, admission); !read) {
    return read;
  }
  node.conference.locked = values.has("locked");
  const auto admit_after_ns = values.duration("admit-after");
  if (!admit_after_ns) {
    return fail(admit_after_ns.error());
  }
  node.conference.admit_after_ns = *admit_after_ns;
  if (*admit_after_ns && !node.conference.locked) {
    return fail_usage("--admit-after goes with --locked");
  }
  return {};
}

Result<void> read_token_life(const Values& values, NodeOptions& node) {
  const auto life_ns = values.duration("token-expires");
  if (!life_ns) {
    return fail(life_ns.error());
  }
  if (*life_ns) {
    if (**life_ns < ns_per_s || **life_ns % ns_per_s != 0 || **life_ns > token_life_max_ns) {
      return fail_usage("--token-expires: a client is told whole seconds, from 1s to 24h");
    }
    node.token_life = std::chrono::seconds(**life_ns / ns_per_s);
  }
  return {};
}

/// Half as long to half as long again.
replayer::Between about(std::int64_t time_ns) {
  return {.least = time_ns / 2, .most = time_ns / 2 + time_ns};
}

Result<void> read_faults(const Values& values, NodeOptions& node) {
  const auto disconnect = values.duration("disconnect-every");
  const auto stall = values.duration("stall-every");
  const auto stalled = values.duration("stall-for");
  const auto transfer = values.duration("transfer-every");
  const auto ask_refresh = values.duration("ask-refresh-every");
  for (const auto* given : {&disconnect, &stall, &stalled, &transfer, &ask_refresh}) {
    if (!*given) {
      return fail(given->error());
    }
  }
  for (const auto& [option, every] :
       {std::pair{"disconnect-every", &disconnect}, std::pair{"transfer-every", &transfer},
        std::pair{"ask-refresh-every", &ask_refresh}}) {
    if (**every && ***every == 0) {
      return fail_usage("--" + std::string(option) + ": it takes some time");
    }
  }
  if (*disconnect) {
    // About that long after it began; every other stream in the middle of a frame.
    node.faults.push_back({.kind = replayer::FaultKind::drop,
                           .numbers = {{replayer::FaultKey::t, about(**disconnect)},
                                       {replayer::FaultKey::torn,
                                        {.least = replayer::certain_millionths / 2,
                                         .most = replayer::certain_millionths / 2}}}});
  }
  node.transfer_every_ns = *transfer;
  node.conference.ask_refresh_every_ns = ask_refresh->value_or(0);
  if (node.transfer_every_ns && node.admission.aliases.size() < 2) {
    return fail_usage("--transfer-every needs where to go: give two --alias or more");
  }
  if (stall->has_value() != stalled->has_value()) {
    return fail_usage("--stall-every and --stall-for go together");
  }
  if (*stall) {
    if (**stall <= **stalled) {
      return fail_usage("--stall-every must be longer than --stall-for");
    }
    node.faults.push_back({.kind = replayer::FaultKind::stall,
                           .numbers = {{replayer::FaultKey::every, {**stall, **stall}},
                                       {replayer::FaultKey::lasts, {**stalled, **stalled}}}});
  }
  return {};
}

Result<Rate> read_speed(const Values& values) {
  const auto speed = values.text("speed");
  auto rate = Rate::parse(speed.value_or("1"));
  if (!rate) {
    return fail_usage("--speed: " + rate.error().message);
  }
  if (rate->is_unlimited()) {
    return fail_usage("--speed: who joins a conference needs it to have a time; write a number");
  }
  return rate;
}

Result<NodeOptions> read_node(const sim::Options& conference, const Values& values) {
  NodeOptions node{.conference = conference};
  for (const auto& read :
       {read_admission(values, node), read_token_life(values, node), read_faults(values, node)}) {
    if (!read) {
      return fail(read.error());
    }
  }
  return node;
}

Result<ExitCode> run(replayer::Server& server, replayer::StopRequest& stop, JournalFile* journal) {
  if (auto announced = announce(server.url()); !announced) {
    return fail(announced.error());
  }
  const auto ran = server.run(stop);
  const auto written = journal != nullptr ? journal->finish() : Result<void>{};
  const replayer::ServerReport report = server.report();
  if (!ran || !written) {
    return fail(!ran ? ran.error() : written.error());
  }
  if (report.failure) {
    return fail(*report.failure);
  }
  say("the conference is over: " + format_count(report.streams) + " streams served, " +
      format_count(report.joins) + " clients joined");
  return ExitCode::done;
}

}  // namespace

void add_node_options(Options& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  add_identity_options(options);
  add_pin_options(options);
  options.add()("speed", text("RATE"),
                "with --listen: how fast its time goes, in which all DURATIONs count but that of "
                "--token-expires (1)")(
      "alias", po::value<Aliases>()->value_name("NAME"),
      "a conference that there is; repeat it for more, each its own (one that has any alias)")(
      "extension", text("EXT"), "ask for the extension of the conference")(
      "idp", "ask for a login with an identity provider; nobody gets in")(
      "locked", "the conference is locked: guests wait, and are turned away after 2m")(
      "admit-after", text("D"), "with --locked: a host lets guests in after this")(
      "unavailable", "the node is in maintenance and takes nobody")(
      "token-expires", text("D"), "the life of a token that is not refreshed (120s)")(
      "ask-refresh-every", text("D"), "tell clients again and again to refresh their token")(
      "transfer-every", text("D"), "send each client to the next --alias after about this")(
      "disconnect-every", text("D"),
      "break each stream off after about this, half of them in the middle of a frame")(
      "stall-every", text("D"), "hold all frames back each time this has passed ...")(
      "stall-for", text("D"), "... for so long")(
      "journal", text("FILE"),
      "write a line of JSON for each request answered, stream opened, frame sent and stream "
      "closed; --overwrite replaces FILE");
}

Result<void> refuse_node_options(const Values& values) {
  const auto* const given =
      std::ranges::find_if(node_options, [&](const char* option) { return values.has(option); });
  if (given != std::end(node_options)) {
    return fail_usage("--" + std::string(*given) + " goes with --listen");
  }
  return {};
}

Result<ExitCode> serve_conference(const sim::Options& conference, const Values& values) {
  auto address = read_listen(values);
  auto identity = read_identity(values);
  const auto rate = read_speed(values);
  const auto options = read_node(conference, values);
  if (!address || !identity || !rate || !options) {
    return fail(!address    ? address.error()
                : !identity ? identity.error()
                : !rate     ? rate.error()
                            : options.error());
  }
  std::unique_ptr<JournalFile> journal;
  if (const auto path = values.text("journal")) {
    auto created = JournalFile::create(*path, values.has("overwrite"));
    if (!created) {
      return fail(created.error());
    }
    journal = *std::move(created);
  }
  replayer::StopRequest stop;
  stop.catch_signals();
  SimulatedNode node(*options);
  replayer::ServerOptions serving = node.serving();
  serving.address = **address;
  serving.identity = *std::move(identity);
  serving.timeline.rate = *rate;
  serving.log = [](std::string_view sentence) { say(sentence); };
  if (journal) {
    serving.journal = [&](const replayer::JournalEntry& entry) { journal->note(entry); };
  }
  if (conference.duration_ns != 0) {
    serving.for_ns = rate->scale(conference.duration_ns) + farewell_ns;
  }
  const auto server = replayer::Server::listen(std::move(serving), node.programme());
  if (!server) {
    return fail(server.error());
  }
  return run(**server, stop, journal.get());
}

}  // namespace tapedeck::cli
