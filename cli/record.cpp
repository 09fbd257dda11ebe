// tapedeck record: live streams, joined or not, a file or stdin onto tapes.
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "cli/command.hpp"
#include "cli/log.hpp"
#include "cli/output.hpp"
#include "cli/record_output.hpp"
#include "cli/record_progress.hpp"
#include "cli/record_wishes.hpp"
#include "cli/tape_secrets.hpp"
#include "cli/wall_clock.hpp"
#include "cli/watch.hpp"
#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/file_source.hpp"
#include "recorder/http_source.hpp"
#include "recorder/joined_source.hpp"
#include "recorder/scrub.hpp"
#include "recorder/session.hpp"

namespace tapedeck::cli {
namespace {

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
      return summary.detail.empty() ? std::string("stopped by ") + signal_name(signal)
                                    : summary.detail;
    case source_over:
      return "the stream ended: " + summary.detail;
    case refused:
      return "the node has no stream any more: " + summary.detail;
    case gave_up:
      return "the node did not come back: " + summary.detail;
    case dismissed:
      return summary.detail;
  }
  return "";
}

/// One source, its session and its tape.
class OneRecording {
 public:
  OneRecording(recorder::EventLoop& loop, Watch& watch, const RecordWishes& wishes,
               const RecordTask& task, std::function<void(const recorder::Progress&)> on_progress)
      : watch_(watch),
        wishes_(wishes),
        task_(task),
        loop_(loop),
        redactor_(on_tape(wishes.secrets)),
        source_(make_source(loop)),
        session_({.source = *source_,
                  .clock = loop,
                  .open_sink = [this] { return open_tape(); },
                  .wall_now_ns = wall_now_ns,
                  .stop_requested = {},
                  .on_progress = std::move(on_progress),
                  .why_stop = [this] { return tape_ != nullptr ? tape_->why_stop() : ""; },
                  .is_full = [this] { return tape_ != nullptr && tape_->is_full(); }},
                 wishes.session) {
    watch.expect(task.alias, [this] { return how_ended(); });
  }

  [[nodiscard]] recorder::Session& session() { return session_; }

  /// Says what there is on the tape, when the session is over.
  [[nodiscard]] Result<ExitCode> report(int signal) const;

 private:
  [[nodiscard]] std::unique_ptr<recorder::Source> make_source(recorder::EventLoop& loop);
  Result<port::RecordingSink*> open_tape();
  [[nodiscard]] std::optional<std::string> how_ended() const;

  Watch& watch_;
  const RecordWishes& wishes_;
  const RecordTask& task_;
  recorder::EventLoop& loop_;
  recorder::Redactor redactor_;
  recorder::JoinedSource* joined_ = nullptr;  ///< the source, if it joins
  std::unique_ptr<recorder::Source> source_;
  RecordOutput* tape_ = nullptr;  ///< what is watched, once there is one
  std::unique_ptr<port::RecordingSink> watched_;
  std::optional<recorder::ScrubbingSink> scrubbing_;
  recorder::Session session_;
};

std::unique_ptr<recorder::Source> OneRecording::make_source(recorder::EventLoop& loop) {
  if (!wishes_.url) {
    return std::make_unique<recorder::FileSource>(loop, wishes_.source);
  }
  if (task_.alias.empty()) {
    return std::make_unique<recorder::HttpSource>(
        loop, redactor_,
        recorder::HttpOptions{*wishes_.url, wishes_.headers, wall_now_ns, wishes_.network});
  }
  recorder::JoinOptions options{.nodes = wishes_.nodes,
                                .wishes = wishes_.join,
                                .follow = wishes_.follow,
                                .headers = wishes_.headers,
                                .wall_now_ns = wall_now_ns,
                                .network = wishes_.network};
  options.wishes.alias = task_.alias;
  options.wishes.pin = task_.pin;
  auto source = std::make_unique<recorder::JoinedSource>(loop, redactor_, std::move(options));
  joined_ = source.get();
  return source;
}

Result<port::RecordingSink*> OneRecording::open_tape() {
  auto opened = open_output(task_.tape, wishes_.output, wishes_.secrets, loop_);
  if (!opened) {
    return fail(opened.error());
  }
  tape_ = opened->get();
  watched_ = watch_.watched(task_.alias, *std::move(opened), look_at(tape_->series()));
  const std::string self =
      joined_ != nullptr ? joined_->participant_uuid() : wishes_.self.value_or("");
  if (!self.empty()) {
    if (auto noted = tape_->set("self", self); !noted) {
      return fail(noted.error());
    }
  }
  if (joined_ != nullptr && joined_->waiting()) {
    say({.event = "waiting",
         .conference = task_.alias,
         .message = "waiting to be let into '" + task_.alias + "'"});
  }
  if (wishes_.secrets != TapeSecrets::scrubbed) {
    return watched_.get();
  }
  return &scrubbing_.emplace(*watched_, redactor_);
}

/// For the watch: that the node has no stream any more is no end that was wished for.
std::optional<std::string> OneRecording::how_ended() const {
  using enum recorder::Summary::Ending;
  if (!session_.over()) {
    return std::nullopt;
  }
  const auto& summary = session_.result();
  if (!summary) {
    return summary.error().message;
  }
  const bool too_early = summary->ending == refused || summary->ending == gave_up;
  return too_early ? why_ended(*summary, 0) : "";
}

Result<ExitCode> OneRecording::report(int signal) const {
  const auto& summary = session_.result();
  if (!summary) {
    if (tape_ != nullptr && tape_->data_was_lost()) {
      say({.level = Level::error,
           .event = "frames_lost",
           .conference = task_.alias,
           .message = summary.error().message});
      return ExitCode::lost;
    }
    return fail(summary.error());
  }
  if (summary->totals.connections == 0) {
    say(std::string("stopped by ") + signal_name(signal) +
        " before the stream had opened; nothing was recorded");
    return ExitCode::interrupted;
  }
  const recorder::Totals& totals = summary->totals;
  say({.event = "recorded",
       .conference = task_.alias,
       .message = "recorded " + counted(totals.frames, "frame") + ", " +
                  format_bytes(totals.bytes) + ", in " + format_duration(summary->elapsed_ns) +
                  " over " + counted(totals.connections, "connection") + " with " +
                  counted(totals.gaps, "gap") + " onto " + tape_->names() + "; " +
                  why_ended(*summary, signal),
       .fields = {{"frames", totals.frames},
                  {"bytes", totals.bytes},
                  {"connections", std::uint64_t{totals.connections}},
                  {"gaps", std::uint64_t{totals.gaps}},
                  {"elapsed_ns", summary->elapsed_ns}}});
  if (summary->ending == recorder::Summary::Ending::stopped && !summary->detail.empty()) {
    return ExitCode::input_output;  // it was the disk that ended it
  }
  if (!wishes_.url && summary->last_end == port::ConnectionEnd::broken) {
    return fail_io("'" + wishes_.source + "' was not read to its end: " + summary->detail);
  }
  // The node's own words for a guest that nobody let in.
  constexpr const char* not_let_in =
      "Timeout waiting for conference host to join or permit access to locked conference";
  if (joined_ != nullptr && joined_->waiting() && joined_->dismissal() == not_let_in) {
    return fail_io("nobody let us into '" + task_.alias +
                   "'; join with the host's PIN, or ask a host to unlock the conference");
  }
  return ExitCode::done;
}

/// The report of all: a failure of one is said, and does not keep the others from being told.
Result<ExitCode> report_all(const std::vector<std::unique_ptr<OneRecording>>& recordings,
                            int signal) {
  if (recordings.size() == 1) {
    return recordings.front()->report(signal);
  }
  ExitCode worst = ExitCode::done;
  for (const auto& recording : recordings) {
    const auto code = recording->report(signal);
    if (!code) {
      say({.level = Level::error, .event = "failed", .message = code.error().message});
      worst = ExitCode::input_output;
    } else if (worst == ExitCode::done) {
      worst = *code;
    }
  }
  return worst;
}

Result<ExitCode> record(const RecordWishes& wishes) {
  recorder::EventLoop loop;
  if (auto caught = loop.catch_signals(); !caught) {
    return fail(caught.error());
  }
  if (!wishes.folder.empty()) {
    std::error_code error;
    std::filesystem::create_directories(wishes.folder, error);
    if (error) {
      return fail_io("cannot make the folder '" + wishes.folder + "': " + error.message());
    }
  }
  const auto watch = Watch::begin(loop, wishes.watch);
  if (!watch) {
    return fail(watch.error());
  }
  ProgressLine line(wishes.tasks.size(), **watch);
  std::vector<std::unique_ptr<OneRecording>> recordings;
  std::vector<recorder::Session*> sessions;
  for (const RecordTask& task : wishes.tasks) {
    const auto show = [&line, number = recordings.size()](const recorder::Progress& now) {
      line.show(number, now);
    };
    recordings.push_back(std::make_unique<OneRecording>(loop, **watch, wishes, task, show));
    sessions.push_back(&recordings.back()->session());
  }
  recorder::run_side_by_side(sessions, loop);
  line.clear();
  return report_all(recordings, loop.stop_signal());
}

}  // namespace

Result<ExitCode> run_record(const Arguments& arguments) {
  const auto wishes = read_record_wishes(arguments);
  if (!wishes) {
    return fail(wishes.error());
  }
  return *wishes ? record(**wishes) : ExitCode::done;
}

}  // namespace tapedeck::cli
