// tapedeck record: a live stream, a file or stdin onto a tape.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/file_source.hpp"
#include "recorder/http_source.hpp"
#include "recorder/session.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::int64_t progress_ns = 200 * ns_per_ms;

Options record_options() {
  Options options(
      "record", "SOURCE -o TAPE [options]",
      "Records an event stream, byte for byte and with the time of each frame, onto a "
      "tape.\nSOURCE is the URL of a stream, a file, or - (a body piped in, as by "
      "'curl -N').\nA lost connection is opened again; SIGINT or SIGTERM ends the "
      "recording and closes the tape.\nHTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured.");
  options.positional("SOURCE");
  options.add()("output,o", po::value<std::string>(), "the tape (required)")(
      "overwrite", po::bool_switch(), "replace a tape that is there already")(
      "append", po::bool_switch(), "continue a tape that is there already")(
      "for", po::value<std::string>(), "stop after this time, e.g. 90s, counted from the opening")(
      "frames", po::value<std::string>(), "stop after so many frames")(
      "self", po::value<std::string>(), "uuid of the participant whose view the stream is")(
      "header,H", po::value<std::vector<std::string>>()->composing(),
      "send the header 'Name: value'; may be repeated; not sent to other origins")(
      "retries", po::value<std::string>(), "attempts in a row to get a lost stream back [8]")(
      "no-reconnect", po::bool_switch(), "stop when the stream ends")(
      "stall-timeout", po::value<std::string>(), "connect again when no byte came for this long")(
      "ca", po::value<std::string>(),
      "trust the authorities in this PEM file, not those of the system")(
      "insecure", po::bool_switch(), "do not check who answers over https")(
      "cert", po::value<std::string>(), "show the certificate in this PEM file to the node")(
      "key", po::value<std::string>(), "its private key, if it is not in the same file");
  return options;
}

/// What the command line asks for.
struct Wishes {
  std::string source;
  std::string output;
  schema::Existing existing = schema::Existing::refuse;
  std::optional<std::string> self;
  std::optional<recorder::Url> url;  ///< nothing: `source` is a file or "-"
  std::vector<recorder::Header> headers;
  recorder::Network network;
  recorder::SessionOptions session;
};

std::int64_t wall_now_ns() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

bool is_uuid(std::string_view text) {
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::ranges::equal(text, shape,
                            [&](char c, char s) { return s == 'x' ? is_hex(c) : c == s; });
}

Result<void> read_limits(const Values& values, Wishes& wishes) {
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

std::string environment_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  return value != nullptr ? value : "";
}

Result<void> read_network(const Values& values, Wishes& wishes) {
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
  wishes.network.tls = *std::move(tls);
  auto proxies = recorder::ProxySettings::from_environment(environment_variable);
  if (!proxies) {
    return fail(proxies.error());
  }
  wishes.network.proxies = *std::move(proxies);
  if (!verify) {
    say("warning: --insecure: nobody checks who answers; whoever sits on the way can read what is "
        "sent, tokens included, and forge what is recorded");
  }
  return {};
}

Result<void> refuse_for_a_file(const Values& values) {
  for (const char* option : {"header", "retries", "stall-timeout", "ca", "cert", "key"}) {
    if (values.has(option)) {
      return fail_usage("--" + std::string(option) + " goes with a URL, not with a file");
    }
  }
  if (values.get<bool>("insecure")) {
    return fail_usage("--insecure goes with a URL, not with a file");
  }
  return {};
}

Result<void> read_connection(const Values& values, Wishes& wishes) {
  if (!recorder::looks_like_url(wishes.source)) {
    wishes.session.attempts_max = 0;
    return refuse_for_a_file(values);
  }
  auto url = recorder::parse_url(wishes.source);
  if (!url) {
    return fail_usage("cannot record from the URL given: " + url.error().message);
  }
  wishes.url = *std::move(url);
  if (values.has("header")) {
    for (const std::string& text : values.get<std::vector<std::string>>("header")) {
      auto header = recorder::parse_header(text);
      if (!header) {
        return fail_usage("--header: " + header.error().message);
      }
      wishes.headers.push_back(*std::move(header));
    }
  }
  const auto retries = values.whole("retries");
  if (!retries) {
    return fail(retries.error());
  }
  if (*retries && values.get<bool>("no-reconnect")) {
    return fail_usage("--retries and --no-reconnect contradict each other");
  }
  constexpr std::int64_t retries_max = 1'000'000;
  const std::int64_t attempts = values.get<bool>("no-reconnect") ? 0 : retries->value_or(8);
  wishes.session.attempts_max = static_cast<int>(std::min(attempts, retries_max));
  const auto stall_ns = values.duration("stall-timeout");
  if (!stall_ns) {
    return fail(stall_ns.error());
  }
  if (*stall_ns == 0) {
    return fail_usage("--stall-timeout: no stream brings a byte all the time; give it a second");
  }
  wishes.session.stall_ns = *stall_ns;
  return read_network(values, wishes);
}

Result<Wishes> read_wishes(const Values& values) {
  Wishes wishes;
  wishes.source = values.get("SOURCE");
  const auto output = values.text("output");
  if (!output) {
    return fail_usage("the output, -o TAPE, is missing; see 'tapedeck record --help'");
  }
  wishes.output = *output;
  const bool overwrite = values.get<bool>("overwrite");
  const bool append = values.get<bool>("append");
  if (overwrite && append) {
    return fail_usage("--overwrite and --append contradict each other");
  }
  wishes.existing = overwrite ? schema::Existing::overwrite
                    : append  ? schema::Existing::append
                              : schema::Existing::refuse;
  wishes.self = values.text("self");
  if (wishes.self && !is_uuid(*wishes.self)) {
    return fail_usage("--self: '" + *wishes.self + "' is not a uuid");
  }
  if (auto read = read_limits(values, wishes); !read) {
    return fail(read.error());
  }
  if (auto read = read_connection(values, wishes); !read) {
    return fail(read.error());
  }
  wishes.session.seed = std::random_device{}();
  return wishes;
}

/// The line on a terminal that says how far the recording is.
class ProgressLine {
 public:
  void show(const recorder::Progress& progress) {
    const std::int64_t since_ns = progress.elapsed_ns - shown_ns_;
    if (!on_terminal_ || (shown_ && since_ns < progress_ns)) {
      return;
    }
    const std::uint64_t bytes = progress.totals.bytes - shown_bytes_;
    const double rate =
        since_ns > 0 ? static_cast<double>(bytes) * 1e9 / static_cast<double>(since_ns) : 0;
    std::fprintf(stderr, "\r\x1b[K%s  %s frames  %s  %s/s  %s",
                 format_duration(progress.elapsed_ns / ns_per_ms * ns_per_ms).c_str(),
                 format_count(progress.totals.frames).c_str(),
                 format_bytes(progress.totals.bytes).c_str(),
                 format_bytes(static_cast<std::uint64_t>(rate)).c_str(), text_of(progress.state));
    std::fflush(stderr);
    shown_ = true;
    shown_ns_ = progress.elapsed_ns;
    shown_bytes_ = progress.totals.bytes;
  }

  void clear() {
    if (shown_) {
      std::fputs("\r\x1b[K", stderr);
    }
  }

 private:
  static const char* text_of(recorder::Progress::State state) {
    switch (state) {
      case recorder::Progress::State::opening:
        return "connecting";
      case recorder::Progress::State::open:
        return "connected";
      case recorder::Progress::State::waiting:
        return "waiting to connect again";
    }
    return "";
  }

  const bool on_terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  std::int64_t shown_ns_ = 0;
  std::uint64_t shown_bytes_ = 0;
};

std::string counted(std::uint64_t count, const std::string& word) {
  return format_count(count) + " " + word + (count == 1 ? "" : "s");
}

const char* signal_name(int signal) {
  return signal == SIGINT ? "SIGINT" : signal == SIGTERM ? "SIGTERM" : "SIGHUP";
}

std::string why_ended(const recorder::Summary& summary, int signal) {
  using enum recorder::Summary::Ending;
  switch (summary.ending) {
    case time_up:
      return "the time is up";
    case frames_in:
      return "the frames asked for are in";
    case stopped:
      return std::string("stopped by ") + signal_name(signal);
    case source_over:
      return "the stream ended: " + summary.detail;
    case refused:
      return "the node has no stream any more: " + summary.detail;
    case gave_up:
      return "the node did not come back: " + summary.detail;
  }
  return "";
}

Result<ExitCode> report(const Wishes& wishes, const recorder::Summary& summary, int signal) {
  if (summary.totals.connections == 0) {
    say(std::string("stopped by ") + signal_name(signal) +
        " before the stream had opened; nothing was recorded");
    return ExitCode::interrupted;
  }
  say("recorded " + counted(summary.totals.frames, "frame") + ", " +
      format_bytes(summary.totals.bytes) + ", in " + format_duration(summary.elapsed_ns) +
      " over " + counted(summary.totals.connections, "connection") + " with " +
      counted(summary.totals.gaps, "gap") + " onto '" + wishes.output + "'; " +
      why_ended(summary, signal));
  const bool unreadable = !wishes.url && summary.last_end == port::ConnectionEnd::broken;
  if (unreadable) {
    return fail_io("'" + wishes.source + "' was not read to its end: " + summary.detail);
  }
  return ExitCode::done;
}

Result<ExitCode> record(const Wishes& wishes) {
  recorder::EventLoop loop;
  if (auto caught = loop.catch_signals(); !caught) {
    return fail(caught.error());
  }
  recorder::Redactor redactor;
  std::unique_ptr<recorder::Source> source;
  if (wishes.url) {
    source = std::make_unique<recorder::HttpSource>(
        loop, redactor,
        recorder::HttpOptions{*wishes.url, wishes.headers, wall_now_ns, wishes.network});
  } else {
    source = std::make_unique<recorder::FileSource>(loop, wishes.source);
  }
  std::unique_ptr<schema::TapeWriter> tape;
  const auto open_tape = [&]() -> Result<port::RecordingSink*> {
    auto opened = schema::TapeWriter::open(
        wishes.output, {.existing = wishes.existing, .wall_now_ns = wall_now_ns()});
    if (!opened) {
      return fail(opened.error());
    }
    tape = *std::move(opened);
    if (wishes.self) {
      if (auto noted = tape->set("self", *wishes.self); !noted) {
        return fail(noted.error());
      }
    }
    return tape.get();
  };
  ProgressLine line;
  recorder::Session session({.source = *source,
                             .clock = loop,
                             .open_sink = open_tape,
                             .wall_now_ns = wall_now_ns,
                             .stop_requested = [&loop] { return loop.stop_requested(); },
                             .on_progress = [&line](const auto& now) { line.show(now); }},
                            wishes.session);
  const auto summary = session.run();
  line.clear();
  if (!summary) {
    return fail(summary.error());
  }
  return report(wishes, *summary, loop.stop_signal());
}

}  // namespace

Result<ExitCode> run_record(const Arguments& arguments) {
  const auto values = record_options().parse(arguments);
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
  return record(*wishes);
}

}  // namespace tapedeck::cli
