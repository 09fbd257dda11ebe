#include "cli/watch.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "cli/listen_options.hpp"
#include "cli/log.hpp"
#include "cli/table.hpp"
#include "core/base/json_writer.hpp"
#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::int64_t tick_ns_max = 500 * ns_per_ms;
constexpr std::int64_t status_ns = 10 * ns_per_s;
constexpr std::int64_t progress_ns = 60 * ns_per_s;

/// Labels cost whoever collects them: beyond so many conferences of a proxy the rest is one.
constexpr std::size_t conferences_max = 1000;
constexpr const char* all_others = "(others)";

template <class T>
void keep_larger(std::optional<T>& kept, const std::optional<T>& other) {
  kept = std::max(kept, other);  // nothing is less than all
}
template <class T>
void keep_smaller(std::optional<T>& kept, const std::optional<T>& other) {
  kept = kept && other ? std::min(kept, other) : kept ? kept : other;
}
void add_to(std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& more) {
  sum = more ? sum.value_or(0) + *more : sum;
}

std::string joined(const std::vector<std::string>& clauses) {
  std::string all;
  for (const std::string& clause : clauses) {
    all += (all.empty() ? "" : "; ") + clause;
  }
  return all;
}

std::string health_json(const std::vector<std::string>& ailing) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("status", ailing.empty() ? "recording" : "not recording");
  if (!ailing.empty()) {
    json.key("reasons").begin_array();
    for (const std::string& reason : ailing) {
      json.string(reason);
    }
    json.end_array();
  }
  json.end_object();
  return text + '\n';
}

}  // namespace

std::function<WriterState()> look_at(const TapeSeries& tape) {
  return [&tape] { return WriterState{tape.commits(), tape.tape().held_bytes()}; };
}

void add_watch_options(Options& options) {
  options.add()("metrics", po::value<std::string>()->value_name("ADDR"),
                "serve /metrics (Prometheus) and /healthz at HOST:PORT; port 0 picks one")(
      "log", po::value<std::string>()->value_name("FILE|-"),
      "tell what happens as JSON lines in FILE, or with - on stderr in place of the sentences");
}

Result<WatchOptions> watch_options_of(const Values& values) {
  WatchOptions options;
  if (const auto log = values.text("log")) {
    if (auto opened = open_log(*log); !opened) {
      return fail(opened.error());
    }
  }
  const auto address = read_address(values, "metrics");
  if (!address) {
    return fail(address.error());
  }
  if (*address) {
    options.pages = recorder::StatusOptions{.host = (*address)->host,
                                            .port = (*address)->port,
                                            .allow_remote = values.get<bool>("allow-remote")};
  }
  options.counts_heads = options.pages.has_value() || has_log();
  return options;
}

Watch::Watch(recorder::EventLoop& loop, WatchOptions options)
    : loop_(loop),
      options_(std::move(options)),
      alive_told_ns_(loop.now_ns()),
      progress_due_ns_(loop.now_ns() + progress_ns) {
  if (!has_log() && !manager_.listens()) {
    return;  // nobody hears what a tick has to say
  }
  const std::int64_t period_ns =
      std::clamp(manager_.watchdog_ns().value_or(tick_ns_max) / 4, ns_per_ms, tick_ns_max);
  ticker_.emplace(loop, period_ns, [this] { tick(); });
}

Watch::~Watch() {
  stop();
}

Result<std::unique_ptr<Watch>> Watch::begin(recorder::EventLoop& loop, WatchOptions options) {
  std::unique_ptr<Watch> watch(new Watch(loop, std::move(options)));
  if (watch->options_.pages) {
    auto server = recorder::StatusServer::listen(
        loop, *watch->options_.pages,
        [&watch = *watch](std::string_view path) { return watch.page(path); });
    if (!server) {
      return fail(server.error());
    }
    watch->server_ = *std::move(server);
    say({.event = "serving_metrics",
         .message = "metrics are at " + watch->server_->url() + "/metrics"});
  }
  return watch;
}

Watch::Conference& Watch::conference(const std::string& name) {
  const bool fits = conferences_.size() < conferences_max || conferences_.contains(name);
  return conferences_[fits ? name : all_others];
}

void Watch::expect(const std::string& name, HowEnded how_ended) {
  conference(name).how_ended = std::move(how_ended);
}

std::unique_ptr<port::RecordingSink> Watch::watched(const std::string& name,
                                                    std::unique_ptr<port::RecordingSink> tape,
                                                    std::function<WriterState()> look) {
  Conference& of = conference(name);
  auto watched = std::make_unique<WatchedTape>(
      std::move(tape),
      WatchedTapeOptions{.conference = name,
                         .commit_ns_max = options_.commit_ns_max,
                         .is_for_one_stream = static_cast<bool>(of.how_ended),
                         .counts_heads = options_.counts_heads},
      WatchedTape::Ports{.clock = loop_,
                         .look = std::move(look),
                         .opened = [this] { tick(); },
                         .gone =
                             [&of](const WatchedTape& gone) {
                               of.past += gone.counters();
                               std::erase(of.tapes, &gone);
                             }});
  of.tapes.push_back(watched.get());
  return watched;
}

void Watch::add(std::function<void(MetricsText&)> metrics, std::function<std::string()> ailment) {
  more_metrics_ = std::move(metrics);
  more_ailment_ = std::move(ailment);
}

std::string Watch::ailment_of(const Conference& conference) {
  if (const auto ended = conference.how_ended ? conference.how_ended() : std::nullopt) {
    return ended->empty() ? "" : "the recording has ended: " + *ended;
  }
  if (conference.tapes.empty()) {
    return conference.how_ended ? "the stream was not there yet" : "";
  }
  for (const WatchedTape* tape : conference.tapes) {
    if (std::string why = tape->ailment(); !why.empty()) {
      return why;
    }
  }
  return "";
}

std::vector<std::string> Watch::ailments() const {
  std::vector<std::string> all;
  for (const auto& [name, conference] : conferences_) {
    if (std::string why = ailment_of(conference); !why.empty()) {
      if (!name.empty()) {
        why.insert(0, "'" + name + "': ");
      }
      all.push_back(std::move(why));
    }
  }
  if (const std::string why = more_ailment_ ? more_ailment_() : ""; !why.empty()) {
    all.push_back(why);
  }
  return all;
}

Watch::View Watch::view_of(const std::string& name, const Conference& conference) {
  View view;
  view.name = name;
  view.counters = conference.past;
  view.tapes = conference.tapes.size();
  view.records = ailment_of(conference).empty() ? 1 : 0;
  for (const WatchedTape* tape : conference.tapes) {
    const TapeCounters& counters = tape->counters();
    view.counters += counters;
    view.uncommitted_frames += counters.frames - counters.committed_frames;
    view.held_bytes += tape->held_bytes();
    view.open_connections += tape->open_connections();
    view.commit_lag_ns = std::max(view.commit_lag_ns, tape->commit_lag_ns());
    keep_smaller(view.frame_age_ns, tape->frame_age_ns());
    keep_larger(view.commit_age_ns, tape->commit_age_ns());
    // Those that joined one conference see the same people.
    keep_larger(view.participants, tape->participants());
  }
  return view;
}

std::vector<Watch::View> Watch::views() const {
  std::vector<View> all;
  all.reserve(conferences_.size());
  for (const auto& [name, conference] : conferences_) {
    all.push_back(view_of(name, conference));
  }
  return all;
}

Glance Watch::glance() const {
  Glance all;
  for (const View& view : views()) {
    all.gaps += view.counters.gaps;
    keep_larger(all.commit_age_ns, view.commit_age_ns);
    add_to(all.participants, view.participants);
  }
  return all;
}

std::string Watch::metrics() const {
  using enum MetricsText::Type;
  MetricsText text;
  const std::vector<View> all = views();
  const auto count = [&](const char* name, std::uint64_t TapeCounters::*member, const char* help) {
    text.family(name, counter, help);
    for (const View& view : all) {
      text.sample(view.name, view.counters.*member);
    }
  };
  const auto show = [&](const char* name, auto member, const char* help) {
    text.family(name, gauge, help);
    for (const View& view : all) {
      if (const std::optional value = view.*member) {
        std::string_view(name).ends_with("_seconds")
            ? text.sample_seconds(view.name, static_cast<std::int64_t>(*value))
            : text.sample(view.name, static_cast<std::uint64_t>(*value));
      }
    }
  };
  count("tapedeck_frames_total", &TapeCounters::frames, "Frames taken from the streams.");
  count("tapedeck_bytes_total", &TapeCounters::bytes, "Bytes of these frames.");
  count("tapedeck_committed_frames_total", &TapeCounters::committed_frames,
        "Frames that are committed to the tapes.");
  count("tapedeck_commits_total", &TapeCounters::commits, "Commits to the tapes.");
  count("tapedeck_gaps_total", &TapeCounters::gaps, "Times without a stream, noted on the tapes.");
  count("tapedeck_reconnects_total", &TapeCounters::reconnects,
        "Streams opened again after the first one of a tape.");
  count("tapedeck_exchanges_total", &TapeCounters::exchanges, "REST requests noted on the tapes.");
  show("tapedeck_recording", &View::records,
       "1 where what comes is being recorded, 0 where it is not; /healthz says why.");
  show("tapedeck_tapes", &View::tapes, "Tapes that are being recorded.");
  show("tapedeck_open_connections", &View::open_connections, "Streams that are open.");
  show("tapedeck_commit_lag_seconds", &View::commit_lag_ns,
       "Age of the oldest frame that is not committed; 0 where all are.");
  show("tapedeck_uncommitted_frames", &View::uncommitted_frames, "Frames that are not committed.");
  show("tapedeck_held_bytes", &View::held_bytes, "Held in memory because the disk is full.");
  show("tapedeck_last_frame_age_seconds", &View::frame_age_ns, "Age of the last frame.");
  show("tapedeck_participants", &View::participants,
       "Participants of the conference in all its rooms, where the stream tells of any.");
  std::error_code error;
  if (const auto disk = std::filesystem::space(options_.folder, error); !error) {
    text.family("tapedeck_disk_free_bytes", gauge, "Free on the disk that the tapes are on.");
    text.sample("", std::uint64_t{disk.available});
  }
  if (more_metrics_) {
    more_metrics_(text);
  }
  return text.text();
}

std::optional<recorder::StatusPage> Watch::page(std::string_view path) const {
  if (path == "/metrics") {
    return recorder::StatusPage{.content_type = std::string(MetricsText::content_type),
                                .body = metrics()};
  }
  if (path == "/healthz") {
    const auto ailing = ailments();
    return recorder::StatusPage{.status = ailing.empty() ? 200U : 503U,
                                .content_type = "application/json",
                                .body = health_json(ailing)};
  }
  return std::nullopt;
}

/// Each recording has begun, or never will.
bool Watch::ready() const {
  return std::ranges::all_of(conferences_, [](const auto& entry) {
    const Conference& conference = entry.second;
    return !conference.tapes.empty() || !conference.how_ended || conference.how_ended();
  });
}

void Watch::tick() {
  const std::int64_t now_ns = loop_.now_ns();
  if (loop_.stop_signal() != 0) {
    stop();
  }
  const auto ailing = ailments();
  tell_manager(ailing, now_ns);
  note_health(ailing);
  note_progress(now_ns);
}

void Watch::tell_manager(const std::vector<std::string>& ailing, std::int64_t now_ns) {
  if (!manager_.listens()) {
    return;
  }
  const bool begins = !told_ready_ && ready();
  if (begins) {
    told_ready_ = true;
    manager_.tell("READY=1");
  }
  if (begins || now_ns - status_told_ns_ >= status_ns) {
    status_told_ns_ = now_ns;
    View sum;
    for (const View& view : views()) {
      sum.counters += view.counters;
      sum.open_connections += view.open_connections;
    }
    manager_.tell("STATUS=" +
                  printable(ailing.empty()
                                ? "recording " + counted(sum.open_connections, "stream") + "; " +
                                      counted(sum.counters.frames, "frame") + ", " +
                                      counted(sum.counters.gaps, "gap")
                                : "not recording: " + joined(ailing)));
  }
  if (!manager_.watchdog_ns() || now_ns - alive_told_ns_ < *manager_.watchdog_ns() / 2) {
    return;
  }
  const bool commits = std::ranges::all_of(conferences_, [](const auto& entry) {
    return std::ranges::all_of(entry.second.tapes, &WatchedTape::keeps_committing);
  });
  if (commits) {
    alive_told_ns_ = now_ns;
    manager_.tell("WATCHDOG=1");
  }
}

void Watch::stop() {
  if (!std::exchange(told_stopping_, true)) {
    manager_.tell("STOPPING=1");
  }
}

void Watch::note_health(const std::vector<std::string>& ailing) {
  if (ailing_ == !ailing.empty() || !ready()) {
    return;
  }
  ailing_ = !ailing.empty();
  note({.level = ailing_ ? Level::warn : Level::info,
        .event = ailing_ ? "not_recording" : "recording_again",
        .message = ailing_ ? joined(ailing) : "what comes is being recorded again"});
}

void Watch::note_progress(std::int64_t now_ns) {
  if (!has_log() || now_ns < progress_due_ns_) {
    return;
  }
  progress_due_ns_ = now_ns + progress_ns;
  for (const View& view : views()) {
    if (view.tapes == 0) {
      continue;
    }
    Happening progress{.event = "progress",
                       .conference = view.name,
                       .message = counted(view.counters.frames, "frame") + ", " +
                                  format_bytes(view.counters.bytes) + ", " +
                                  counted(view.counters.gaps, "gap"),
                       .fields = {{"frames", view.counters.frames},
                                  {"bytes", view.counters.bytes},
                                  {"committed_frames", view.counters.committed_frames},
                                  {"commit_lag_ns", view.commit_lag_ns},
                                  {"held_bytes", view.held_bytes},
                                  {"gaps", view.counters.gaps},
                                  {"reconnects", view.counters.reconnects},
                                  {"open_connections", view.open_connections}}};
    if (view.participants) {
      progress.fields.push_back({"participants", *view.participants});
    }
    if (view.frame_age_ns) {
      progress.fields.push_back({"last_frame_age_ns", *view.frame_age_ns});
    }
    note(progress);
  }
}

}  // namespace tapedeck::cli
