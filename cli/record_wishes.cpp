#include "cli/record_wishes.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string_view>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/record_progress.hpp"
#include "core/base/limits.hpp"
#include "core/base/percent.hpp"
#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

namespace fs = std::filesystem;

Options record_options() {
  Options options(
      "record", "SOURCE [NODE...] -o TAPE [options]",
      "Records an event stream, byte for byte and with the time of each frame, onto a tape.\n"
      "SOURCE is the URL of a stream, a file, or - (a body piped in, as by 'curl -N'). With --join "
      "it is\na Conferencing Node, whose conferences are joined as an API participant; several of "
      "them get a\ntape each in the folder -o. Further NODEs are joined in turn where one fails.\n"
      "A lost connection is opened again; SIGINT or SIGTERM ends the recording and closes the "
      "tape, a second\none does not wait for the node to let go. HTTPS_PROXY, HTTP_PROXY and "
      "NO_PROXY are honoured.\n"
      "A PIN on the command line can be seen by everybody on this machine; TAPEDECK_PIN and "
      "--pin-file are\nsafer.");
  options.positional("SOURCE");
  options.positionals("NODE");
  const auto text = [] { return po::value<std::string>(); };
  const auto texts = [] { return po::value<std::vector<std::string>>()->composing(); };
  options.add()("output,o", text(), "the tape, or the folder for several (required)")(
      "overwrite", po::bool_switch(), "replace a tape that is there already")(
      "append", po::bool_switch(), "continue a tape that is there already")(
      "for", text(), "stop after this time, e.g. 90s, counted from the opening")(
      "frames", text(), "stop after so many frames")(
      "self", text(), "uuid of the participant whose view the stream is")(
      "join", texts(), "join the conference of this alias; may be repeated")(
      "join-file", text(), "join those in this file: an alias a line, and after a space its PIN")(
      "name", text(), "the name to join with [tapedeck]")(
      "pin", text(), "the PIN of the conference")("pin-file", text(), "a file that holds the PIN")(
      "host", po::bool_switch(), "record only as a host")(
      "guest", po::bool_switch(), "join as a guest without a PIN where that is possible")(
      "extension", text(), "the extension of a conference behind a virtual reception")(
      "call-tag", text(), "a tag for the node's policy server")(
      "no-follow", po::bool_switch(), "stay where we are when the node transfers us")(
      "header,H", texts(),
      "send the header 'Name: value'; may be repeated; not sent to other origins")(
      "retries", text(), "N|forever: attempts in a row to get a lost stream back [8]")(
      "retry-wait", text(),
      "the first wait before an attempt; each one more waits twice as long [100ms, or what the "
      "stream says]")("retry-wait-max", text(), "the longest such wait [30s]")(
      "no-reconnect", po::bool_switch(), "stop when the stream ends")(
      "stall-timeout", text(), "connect again when no byte came for this long")(
      "resolve", texts(),
      "HOST=ADDRESS[,ADDRESS]: what a name stands for, whatever DNS says; may be repeated");
  add_network_options(options);
  add_output_options(options, schema::Durability::full);
  add_ring_option(options);
  add_secret_options(options);
  add_watch_options(options);
  options.add()("allow-remote", po::bool_switch(),
                "let the ADDR of --metrics be one that other machines reach");
  return options;
}

constexpr const char* join_texts[] = {"name", "pin", "pin-file", "extension", "call-tag"};
constexpr const char* join_switches[] = {"host", "guest", "no-follow"};
constexpr const char* url_texts[] = {
    "header", "retries", "retry-wait", "retry-wait-max", "stall-timeout", "resolve",
    "ca",     "cert",    "key"};

bool is_uuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::ranges::equal(text, shape,
                            [](char c, char s) { return s == 'x' ? hex_value(c) >= 0 : c == s; });
}

std::string environment_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  return value != nullptr ? value : "";
}

Result<std::string> read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return fail_io("cannot read '" + path + "'");
  }
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t first = std::min(text.find_first_not_of(space), text.size());
  return text.substr(first, text.find_last_not_of(space) + 1 - first);
}

/// Refused: what cannot stand in a header.
Result<std::string> checked_pin(std::string_view text, const std::string& where) {
  const std::string_view pin = trimmed(text);
  const bool printable = std::ranges::all_of(pin, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (pin.empty() || !printable) {
    return fail_usage("the PIN in " + where + " is empty or holds a character that no PIN has");
  }
  return std::string(pin);
}

/// "" where none is given.
Result<std::string> read_pin(const Values& values) {
  if (values.has("pin") && values.has("pin-file")) {
    return fail_usage("--pin and --pin-file contradict each other");
  }
  if (const auto pin = values.text("pin")) {
    return checked_pin(*pin, "--pin");
  }
  if (const auto path = values.text("pin-file")) {
    const auto text = read_text_file(*path);
    return text ? checked_pin(*text, "'" + *path + "'") : text;
  }
  const std::string pin = environment_variable("TAPEDECK_PIN");
  return pin.empty() ? Result<std::string>("") : checked_pin(pin, "TAPEDECK_PIN");
}

/// An alias a line, and after white space its PIN; `#` begins a comment.
Result<std::vector<RecordTask>> read_join_file(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) {
    return fail(text.error());
  }
  std::vector<RecordTask> tasks;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const std::size_t space = std::min(line.find_first_of(" \t"), line.size());
    RecordTask task{.tape = {}, .alias = std::string(line.substr(0, space))};
    if (space < line.size()) {
      auto pin = checked_pin(line.substr(space), "'" + path + "'");
      if (!pin) {
        return fail(pin.error());
      }
      task.pin = *std::move(pin);
    }
    tasks.push_back(std::move(task));
  }
  if (tasks.empty()) {
    return fail_usage("'" + path + "' names no conference to join");
  }
  return tasks;
}

/// Gives each task its tape: `output`, or a file in that folder.
Result<void> name_tapes(const std::string& output, bool in_folder, RecordWishes& wishes) {
  if (!in_folder) {
    wishes.tasks.front().tape = output;
    return {};
  }
  wishes.folder = output;
  std::set<std::string> names;
  for (RecordTask& task : wishes.tasks) {
    task.tape = (fs::path(output) / (file_stem_of(task.alias) + ".tape")).string();
    if (!names.insert(task.tape).second) {
      return fail_usage("two conferences would be recorded onto '" + task.tape +
                        "'; join each of them once");
    }
  }
  return {};
}

Result<void> read_tasks(const Values& values, const std::string& output, RecordWishes& wishes) {
  if (values.has("join-file")) {
    auto tasks = read_join_file(values.get("join-file"));
    if (!tasks) {
      return fail(tasks.error());
    }
    wishes.tasks = *std::move(tasks);
  }
  for (const std::string& alias : values.texts("join")) {
    wishes.tasks.push_back({.tape = {}, .alias = alias});
  }
  const bool joins = !wishes.tasks.empty();
  if (!joins) {
    wishes.tasks.push_back({.tape = output});
    return {};
  }
  if (std::ranges::any_of(wishes.tasks,
                          [](const RecordTask& task) { return task.alias.empty(); })) {
    return fail_usage("--join: an alias is not empty");
  }
  auto pin = read_pin(values);
  if (!pin) {
    return fail(pin.error());
  }
  for (RecordTask& task : wishes.tasks) {
    task.pin = task.pin.empty() ? *pin : task.pin;
  }
  const bool in_folder = wishes.tasks.size() > 1 || values.has("join-file") ||
                         output.ends_with('/') || fs::is_directory(fs::path(output));
  return name_tapes(output, in_folder, wishes);
}

/// SOURCE and each NODE.
Result<void> read_nodes(const Values& values, RecordWishes& wishes) {
  std::vector<std::string> texts = values.texts("NODE");
  texts.insert(texts.begin(), wishes.source);
  for (const std::string& text : texts) {
    auto node = recorder::parse_node(text);
    if (!node) {
      return fail_usage("cannot join at the node given: " + node.error().message);
    }
    wishes.nodes.push_back(*std::move(node));
  }
  wishes.url = wishes.nodes.front();
  return {};
}

Result<void> read_join(const Values& values, RecordWishes& wishes) {
  if (wishes.tasks.front().alias.empty()) {
    if (values.has("NODE")) {
      return fail_usage("one SOURCE is recorded at a time; several nodes go with --join");
    }
    for (const char* option : join_texts) {
      if (values.has(option)) {
        return fail_usage("--" + std::string(option) + " goes with --join");
      }
    }
    for (const char* option : join_switches) {
      if (values.get<bool>(option)) {
        return fail_usage("--" + std::string(option) + " goes with --join");
      }
    }
    return {};
  }
  if (values.has("self")) {
    return fail_usage("--self: who joins is told by the node");
  }
  const bool host = values.get<bool>("host");
  const bool guest = values.get<bool>("guest");
  if (host && guest) {
    return fail_usage("--host and --guest contradict each other");
  }
  wishes.join = {.alias = {},
                 .display_name = values.text("name").value_or("tapedeck"),
                 .pin = {},
                 .role = host    ? recorder::WantedRole::host
                         : guest ? recorder::WantedRole::guest
                                 : recorder::WantedRole::any,
                 .extension = values.text("extension").value_or(""),
                 .call_tag = values.text("call-tag").value_or("")};
  wishes.follow = !values.get<bool>("no-follow");
  return read_nodes(values, wishes);
}

Result<void> read_limits(const Values& values, RecordWishes& wishes) {
  const auto duration_ns = values.duration("for");
  if (!duration_ns) {
    return fail(duration_ns.error());
  }
  wishes.session.duration_ns = *duration_ns;
  const auto frames = values.whole("frames", 1);
  if (!frames) {
    return fail(frames.error());
  }
  if (*frames) {
    wishes.session.frames_max = static_cast<std::uint64_t>(**frames);
  }
  return {};
}

Result<void> read_network(const Values& values, RecordWishes& wishes) {
  auto network = network_of(values);
  if (!network) {
    return fail(network.error());
  }
  wishes.network = *std::move(network);
  for (const std::string& text : values.texts("resolve")) {
    if (auto entered = wishes.network.enter(text); !entered) {
      return fail_usage("--resolve: " + entered.error().message);
    }
  }
  return {};
}

Result<void> read_headers(const Values& values, RecordWishes& wishes) {
  for (const std::string& text : values.texts("header")) {
    auto header = recorder::parse_header(text);
    if (!header) {
      return fail_usage("--header: " + header.error().message);
    }
    wishes.headers.push_back(*std::move(header));
  }
  return {};
}

/// --retries, --retry-wait and --retry-wait-max.
Result<void> read_retries(const Values& values, recorder::ReconnectOptions& reconnects) {
  for (const char* option : {"retries", "retry-wait", "retry-wait-max"}) {
    if (values.has(option) && values.get<bool>("no-reconnect")) {
      return fail_usage("--" + std::string(option) + " and --no-reconnect contradict each other");
    }
  }
  const auto given = values.text("retries");
  constexpr std::int64_t retries_max = 1'000'000;
  if (given == "forever") {
    reconnects.attempts_max = std::nullopt;
  } else if (const auto retries = values.whole("retries"); !retries) {
    return fail(retries.error());
  } else if (*retries) {
    reconnects.attempts_max = static_cast<int>(std::min(**retries, retries_max));
  }
  if (values.get<bool>("no-reconnect")) {
    reconnects.attempts_max = 0;
  }
  const auto first_ns = values.duration("retry-wait");
  const auto longest_ns = values.duration("retry-wait-max");
  if (!first_ns || !longest_ns) {
    return fail(first_ns ? longest_ns.error() : first_ns.error());
  }
  reconnects.first_wait_ns = *first_ns;
  reconnects.longest_wait_ns =
      longest_ns->value_or(std::max(first_ns->value_or(0), reconnects.longest_wait_ns));
  if (first_ns->value_or(limits::reconnect_wait_ns) < limits::server_wait_ns_min) {
    return fail_usage("--retry-wait: a node that is in trouble needs " +
                      format_duration(limits::server_wait_ns_min) + " at least between attempts");
  }
  if (reconnects.longest_wait_ns < first_ns->value_or(limits::reconnect_wait_ns)) {
    return fail_usage("--retry-wait-max is less than the first wait");
  }
  return {};
}

Result<void> read_reconnects(const Values& values, RecordWishes& wishes) {
  if (auto read = read_retries(values, wishes.session.reconnects); !read) {
    return read;
  }
  const auto stall_ns = values.duration("stall-timeout");
  if (!stall_ns) {
    return fail(stall_ns.error());
  }
  if (*stall_ns == 0) {
    return fail_usage("--stall-timeout: no stream brings a byte all the time; give it a second");
  }
  wishes.session.stall_ns = *stall_ns;
  wishes.session.reconnects.seed = std::random_device{}();
  return {};
}

Result<void> refuse_for_a_file(const Values& values) {
  for (const char* option : url_texts) {
    if (values.has(option)) {
      return fail_usage("--" + std::string(option) + " goes with a URL, not with a file");
    }
  }
  if (values.get<bool>("insecure")) {
    return fail_usage("--insecure goes with a URL, not with a file");
  }
  return {};
}

Result<void> read_connection(const Values& values, RecordWishes& wishes) {
  if (!wishes.url && !recorder::looks_like_url(wishes.source)) {
    wishes.session.reconnects.attempts_max = 0;
    return refuse_for_a_file(values);
  }
  if (!wishes.url) {
    auto url = recorder::parse_url(wishes.source);
    if (!url) {
      return fail_usage("cannot record from the URL given: " + url.error().message);
    }
    wishes.url = *std::move(url);
  }
  for (const auto read : {read_headers, read_reconnects, read_network}) {
    if (auto done = read(values, wishes); !done) {
      return done;
    }
  }
  return {};
}

Result<void> read_watch(const Values& values, RecordWishes& wishes) {
  auto watch = watch_options_of(values);
  if (!watch) {
    return fail(watch.error());
  }
  wishes.watch = *std::move(watch);
  if (values.get<bool>("allow-remote") && !wishes.watch.pages) {
    return fail_usage("--allow-remote goes with --metrics");
  }
  return {};
}

/// What is only known when all else is.
void complete_watch(const std::string& output, RecordWishes& wishes) {
  WatchOptions& watch = wishes.watch;
  watch.folder = wishes.folder.empty() ? fs::path(output).parent_path().string() : wishes.folder;
  watch.folder = watch.folder.empty() ? "." : watch.folder;
  watch.commit_ns_max = wishes.output.writing.commit_ns_max;
  // A file may come faster than a roster is worked out, and is none to be watched.
  watch.counts_heads = wishes.url && (watch.counts_heads || progress_is_shown());
}

Result<std::string> read_output(const Values& values, RecordWishes& wishes) {
  const auto output = values.text("output");
  if (!output) {
    return fail_usage("the output, -o TAPE, is missing; see 'tapedeck record --help'");
  }
  auto output_options = output_options_of(values, schema::Durability::full);
  if (!output_options) {
    return fail(output_options.error());
  }
  wishes.output = *std::move(output_options);
  const auto secrets = secrets_of(values);
  if (!secrets) {
    return fail(secrets.error());
  }
  wishes.secrets = *secrets;
  wishes.session.tick_ns =
      std::clamp(wishes.output.writing.commit_ns_max / 4, ns_per_ms, wishes.session.tick_ns);
  wishes.self = values.text("self");
  if (wishes.self && !is_uuid(*wishes.self)) {
    return fail_usage("--self: '" + *wishes.self + "' is not a uuid");
  }
  return *output;
}

}  // namespace

std::string file_stem_of(std::string_view alias) {
  std::string name(alias);
  std::ranges::replace_if(
      name,
      [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return !letter && !(c >= '0' && c <= '9') &&
               std::string_view("._@+-").find(c) == std::string_view::npos;
      },
      '_');
  return name.starts_with('.') ? "_" + name : name;
}

void add_network_options(Options& options) {
  const auto file = [] { return po::value<std::string>()->value_name("FILE"); };
  options.add()("ca", file(), "trust the authorities in this PEM file, not those of the system")(
      "insecure", po::bool_switch(), "do not check who answers over https")(
      "cert", file(), "show the certificate in this PEM file to the node")(
      "key", file(), "its private key, if it is not in the same file");
}

Result<recorder::Network> network_of(const Values& values) {
  const bool verify = !values.get<bool>("insecure");
  if (!verify && values.has("ca")) {
    return fail_usage("--ca and --insecure contradict each other");
  }
  if (values.has("key") && !values.has("cert")) {
    return fail_usage("--key goes with --cert");
  }
  auto tls = recorder::TlsContext::make({.ca_file = values.text("ca").value_or(""),
                                         .verify = verify,
                                         .cert_file = values.text("cert").value_or(""),
                                         .key_file = values.text("key").value_or("")});
  if (!tls) {
    return fail(tls.error());
  }
  auto proxies = recorder::ProxySettings::from_environment(environment_variable);
  if (!proxies) {
    return fail(proxies.error());
  }
  if (!verify) {
    say("warning: --insecure: nobody checks who answers; whoever sits on the way can read what is "
        "sent, tokens and PINs included, and forge what is recorded");
  }
  return recorder::Network{*std::move(tls), *std::move(proxies)};
}

Result<std::optional<RecordWishes>> read_record_wishes(const Arguments& arguments) {
  const auto parsed = record_options().parse(arguments);
  if (!parsed) {
    return fail(parsed.error());
  }
  if (!*parsed) {
    return std::optional<RecordWishes>();
  }
  const Values& values = **parsed;
  RecordWishes wishes;
  if (auto watched = read_watch(values, wishes); !watched) {
    return fail(watched.error());
  }
  wishes.source = values.get("SOURCE");
  const auto output = read_output(values, wishes);
  if (!output) {
    return fail(output.error());
  }
  if (auto read = read_tasks(values, *output, wishes); !read) {
    return fail(read.error());
  }
  for (const auto read : {read_join, read_limits, read_connection}) {
    if (auto done = read(values, wishes); !done) {
      return fail(done.error());
    }
  }
  complete_watch(*output, wishes);
  return std::optional(std::move(wishes));
}

}  // namespace tapedeck::cli
