// tapedeck proxy: between clients and a node, with a tape for each participant that joins.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "cli/command.hpp"
#include "cli/listen_options.hpp"
#include "cli/log.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/record_output.hpp"
#include "cli/record_wishes.hpp"
#include "cli/tape_secrets.hpp"
#include "cli/wall_clock.hpp"
#include "cli/watch.hpp"
#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/join_protocol.hpp"
#include "recorder/proxy_server.hpp"
#include "recorder/response.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::cli {
namespace {

namespace fs = std::filesystem;

Options proxy_options() {
  Options options(
      "proxy", "--to URL [--listen ADDR] -o TAPE|DIR [options]",
      "Stands between clients and a Conferencing Node: a client that is pointed at the address on\n"
      "the first line of stdout, 'listening on http://HOST:PORT', notices nothing. What passes "
      "goes\n"
      "onto tapes: event streams byte for byte, REST requests without tokens and PINs; all else\n"
      "(WebSocket, pages) only passes. A tape is the view of one\n"
      "participant. With -o DIR (a folder, or a name with a slash at its end) each one that joins\n"
      "gets a tape there, ALIAS.tape, ALIAS-2.tape and so on; with -o TAPE the first one does, "
      "and\n"
      "those that follow are only passed on. A tape is closed when its participant has left.\n"
      "Clients speak plain http to the proxy; it speaks to the node what URL says, https where it\n"
      "says nothing. SIGINT or SIGTERM ends it, exit 0, or 4 where a tape lacks something.\n"
      "HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured. Clients never wait for a disk that is "
      "full: where\n"
      "that and the memory of --on-full wait have no room any more a recording ends, and all still "
      "passes.");
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add()("to", text("URL"), "the node, e.g. https://node.example (required)")(
      "listen", text("ADDR"), "serve at HOST:PORT; port 0 picks one (127.0.0.1:8080)")(
      "output,o", text("TAPE|DIR"), "the tape, or the folder for tapes (required)")(
      "overwrite", po::bool_switch(), "replace a TAPE that is there already")(
      "append", po::bool_switch(), "continue a TAPE that is there already")(
      "allow-remote", po::bool_switch(), "let these ADDR be ones that other machines reach");
  add_network_options(options);
  // Waiting for the disk at each commit would delay the streams.
  add_output_options(options, schema::Durability::normal);
  add_secret_options(options);
  add_watch_options(options);
  return options;
}

struct Wishes {
  recorder::ProxyOptions proxy;
  std::string output;
  bool in_folder = false;
  SeriesOptions tapes;
  TapeSecrets secrets = TapeSecrets::replaced;
  WatchOptions watch;
};

Result<void> read_watch(const Values& values, Wishes& wishes) {
  auto watch = watch_options_of(values);
  if (!watch) {
    return fail(watch.error());
  }
  wishes.watch = *std::move(watch);
  return {};
}

Result<void> read_output(const Values& values, Wishes& wishes) {
  const auto output = values.text("output");
  if (!output || output->empty()) {
    return fail_usage("the output, -o TAPE or -o DIR, is missing; see 'tapedeck proxy --help'");
  }
  wishes.output = *output;
  wishes.in_folder = output->ends_with('/') || fs::is_directory(fs::path(*output));
  auto tapes = output_options_of(values, schema::Durability::normal);
  if (!tapes) {
    return fail(tapes.error());
  }
  wishes.tapes = *std::move(tapes);
  const auto secrets = secrets_of(values);
  if (!secrets) {
    return fail(secrets.error());
  }
  wishes.secrets = *secrets;
  if (wishes.in_folder && wishes.tapes.writing.existing != schema::Existing::refuse) {
    return fail_usage("--overwrite and --append go with a tape; in a folder each one is new");
  }
  return {};
}

Result<void> read_addresses(const Values& values, Wishes& wishes) {
  const auto to = values.text("to");
  if (!to) {
    return fail_usage("the node, --to URL, is missing; see 'tapedeck proxy --help'");
  }
  auto node = recorder::parse_node(*to);
  if (!node) {
    return fail_usage("--to: " + node.error().message);
  }
  if (!node->target.empty() || !node->userinfo.empty()) {
    return fail_usage(
        "--to: only where the node is belongs here; paths and passwords come from the client");
  }
  wishes.proxy.node = *std::move(node);
  const auto address = read_listen(values);
  if (!address) {
    return fail(address.error());
  }
  if (*address) {
    wishes.proxy.host = (*address)->host;
    wishes.proxy.port = (*address)->port;
  }
  wishes.proxy.allow_remote = values.get<bool>("allow-remote");
  auto network = network_of(values);
  if (!network) {
    return fail(network.error());
  }
  wishes.proxy.network = *std::move(network);
  return {};
}

/// The tapes of those that join.
class Tapes {
 public:
  /// All must outlive it and its tapes.
  Tapes(const Wishes& wishes, port::Clock& clock, Watch& watch)
      : wishes_(wishes), clock_(clock), watch_(watch) {}

  /// What would fail for every one that joins fails before anybody does.
  [[nodiscard]] Result<void> prepare() const;

  Result<recorder::ProxyTape> open(const recorder::ProxyJoin& join);

 private:
  [[nodiscard]] std::string new_name(const std::string& alias) const;

  const Wishes& wishes_;
  port::Clock& clock_;
  Watch& watch_;
  bool taken_ = false;  ///< the only tape
};

Result<void> Tapes::prepare() const {
  std::error_code error;
  if (wishes_.in_folder) {
    fs::create_directories(wishes_.output, error);
    if (error) {
      return fail_io("cannot make the folder '" + wishes_.output + "': " + error.message());
    }
    return {};
  }
  if (wishes_.tapes.writing.existing == schema::Existing::refuse &&
      TapeSeries::is_there(wishes_.output, wishes_.tapes)) {
    return fail_io("'" + wishes_.output +
                   "' is there already; add --overwrite to replace it, or --append to continue it");
  }
  const fs::path folder = fs::path(wishes_.output).parent_path();
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    return fail_io("there is no folder '" + folder.string() + "' for the tape");
  }
  return {};
}

std::string Tapes::new_name(const std::string& alias) const {
  const std::string stem = (fs::path(wishes_.output) / file_stem_of(alias)).string();
  std::string name = stem + ".tape";
  for (int number = 2; TapeSeries::is_there(name, wishes_.tapes); ++number) {
    name = stem + "-" + std::to_string(number) + ".tape";
  }
  return name;
}

Result<recorder::ProxyTape> Tapes::open(const recorder::ProxyJoin& join) {
  const std::string who =
      "'" + recorder::printable(join.alias) + "'" +
      (join.participant_uuid.empty() ? "" : " as " + recorder::printable(join.participant_uuid));
  if (!wishes_.in_folder && taken_) {
    say({.level = Level::warn,
         .event = "unrecorded",
         .conference = join.alias,
         .message = "passing on " + who + " unrecorded: '" + wishes_.output +
                    "' is the tape of the one that joined first; -o DIR gives each one a tape"});
    return recorder::ProxyTape{};
  }
  taken_ = true;
  const std::string path = wishes_.in_folder ? new_name(join.alias) : wishes_.output;
  auto tape = open_output(path, wishes_.tapes, wishes_.secrets, clock_);
  if (!tape) {
    return fail(tape.error());
  }
  if (!join.participant_uuid.empty()) {
    if (auto noted = (*tape)->set("self", join.participant_uuid); !noted) {
      return fail(noted.error());
    }
  }
  say({.event = "recording",
       .conference = join.alias,
       .message = "recording " + who + " onto " + (*tape)->names()});
  RecordOutput* const output = tape->get();
  return recorder::ProxyTape{.sink = watch_.watched(join.alias, *std::move(tape)),
                             .why_stop = [output] { return output->why_stop(); }};
}

WatchOptions watch_options(const Wishes& wishes) {
  WatchOptions options = wishes.watch;
  options.folder =
      wishes.in_folder ? wishes.output : fs::path(wishes.output).parent_path().string();
  options.folder = options.folder.empty() ? "." : options.folder;
  options.commit_ns_max = wishes.tapes.writing.commit_ns_max;
  return options;
}

/// What is to be seen of the server beside its tapes.
void watch_too(Watch& watch, const recorder::ProxyServer& server) {
  watch.add(
      [&server](MetricsText& text) {
        text.family("tapedeck_proxy_connections_total", MetricsText::Type::counter,
                    "Connections of clients to the proxy.");
        text.sample("", server.connections());
        text.family("tapedeck_proxy_open_connections", MetricsText::Type::gauge,
                    "Of these, those that are open.");
        text.sample("", std::uint64_t{server.open_connections()});
      },
      [&server] {
        return server.unreachable().empty() ? ""
                                            : "the node cannot be reached: " + server.unreachable();
      });
}

Result<ExitCode> serve(const Wishes& wishes) {
  recorder::EventLoop loop;
  if (auto caught = loop.catch_signals(); !caught) {
    return fail(caught.error());
  }
  const auto watch = Watch::begin(loop, watch_options(wishes));
  if (!watch) {
    return fail(watch.error());
  }
  Tapes tapes(wishes, loop, **watch);
  if (auto prepared = tapes.prepare(); !prepared) {
    return fail(prepared.error());
  }
  const auto server = recorder::ProxyServer::listen(
      loop, wishes.proxy,
      {.clock = loop,
       .wall_now_ns = wall_now_ns,
       .open_tape = [&](const recorder::ProxyJoin& join) { return tapes.open(join); },
       .log =
           [](const std::string& sentence) {
             say({.level = Level::warn, .event = "notice", .message = sentence});
           },
       .on_tape = on_tape(wishes.secrets),
       .scrub = wishes.secrets == TapeSecrets::scrubbed});
  if (!server) {
    return fail(server.error());
  }
  watch_too(**watch, **server);
  if (auto announced = announce((*server)->url()); !announced) {
    return fail(announced.error());
  }
  (*server)->run();
  const recorder::ProxyTotals& totals = (*server)->totals();
  say("passed on " + counted((*server)->connections(), "connection") + "; recorded " +
      counted(totals.recorded.frames, "frame") + ", " + format_bytes(totals.recorded.bytes) +
      ", over " + counted(totals.recorded.connections, "stream") + " with " +
      counted(totals.recorded.gaps, "gap") + " and " + counted(totals.exchanges, "exchange") +
      " onto " + counted(totals.tapes, "tape"));
  if (totals.unfinished != 0) {
    say("not everything that was to be recorded is on a tape; see above");
    return ExitCode::lost;
  }
  return ExitCode::done;
}

}  // namespace

Result<ExitCode> run_proxy(const Arguments& arguments) {
  const auto values = proxy_options().parse(arguments);
  if (!values) {
    return fail(values.error());
  }
  if (!*values) {
    return ExitCode::done;
  }
  Wishes wishes;
  for (const auto read : {read_watch, read_output, read_addresses}) {
    if (auto done = read(**values, wishes); !done) {
      return fail(done.error());
    }
  }
  return serve(wishes);
}

}  // namespace tapedeck::cli
