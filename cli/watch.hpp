// Watching a recording from outside: metrics and health over HTTP, the log, the service manager.
//
// It looks when it is asked or when its time has come, from the recorder's own event loop, and
// never waits. Names of conferences are told; tokens, PINs and URLs are not known here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/metrics_text.hpp"
#include "cli/options.hpp"
#include "cli/record_output.hpp"
#include "cli/service_manager.hpp"
#include "cli/watched_tape.hpp"
#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "recorder/status_server.hpp"
#include "recorder/ticker.hpp"

namespace tapedeck::recorder {
class EventLoop;
}

namespace tapedeck::cli {

struct WatchOptions {
  std::optional<recorder::StatusOptions> pages = std::nullopt;  ///< served there
  std::string folder = ".";                                     ///< whose disk the tapes are on
  std::int64_t commit_ns_max = limits::commit_ns_max;
  bool counts_heads = false;  ///< of those in the conferences
};

/// Adds --metrics and --log.
void add_watch_options(Options& options);

/// What they say, and --allow-remote. Opens the log, so that all that is said later stands there.
[[nodiscard]] Result<WatchOptions> watch_options_of(const Values& values);

/// For a line of progress.
struct Glance {
  std::optional<std::uint64_t> participants;  ///< of all conferences together
  std::optional<std::int64_t> commit_age_ns;  ///< of the oldest among their last commits
  std::uint64_t gaps = 0;
};

/// Not thread-safe.
class Watch {
 public:
  /// `loop` must outlive the watch.
  [[nodiscard]] static Result<std::unique_ptr<Watch>> begin(recorder::EventLoop& loop,
                                                            WatchOptions options);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  /// All tapes must be gone.
  ~Watch();

  /// Nothing: the recording goes on, or has not begun yet. "": it has ended as it should; else a
  /// clause on why it ended.
  using HowEnded = std::function<std::optional<std::string>()>;

  /// A recording of one stream is to begin; without it, and without its connection, all is not
  /// well.
  void expect(const std::string& conference, HowEnded how_ended);

  /// `tape`, watched. What is given back must go before the watch does.
  [[nodiscard]] std::unique_ptr<port::RecordingSink> watched(const std::string& conference,
                                                             std::unique_ptr<RecordOutput> tape);

  /// Marks this moment on all tapes that are being recorded, and gives their number; see
  /// schema/tape_marks.hpp for what the text may be.
  Result<std::size_t> mark(std::string_view text);

  /// More to be seen: families of metrics, and a clause on what ails the process, "" if nothing.
  void add(std::function<void(MetricsText&)> metrics, std::function<std::string()> ailment);

  [[nodiscard]] Glance glance() const;
  /// The body of /metrics.
  [[nodiscard]] std::string metrics() const;
  /// What keeps the process from recording what it should; none: it records.
  [[nodiscard]] std::vector<std::string> ailments() const;

 private:
  struct Conference {
    TapeCounters past;  ///< of tapes that are gone
    std::vector<WatchedTape*> tapes;
    HowEnded how_ended;  ///< where it is expected
  };
  /// A conference as it is now.
  struct View {
    std::string name;
    TapeCounters counters;
    std::uint64_t tapes = 0;
    std::uint64_t uncommitted_frames = 0;
    std::uint64_t held_bytes = 0;
    std::uint64_t open_connections = 0;
    std::uint64_t records = 0;  ///< 1: nothing ails it
    std::int64_t commit_lag_ns = 0;
    std::optional<std::int64_t> frame_age_ns;
    std::optional<std::int64_t> commit_age_ns;
    std::optional<std::uint64_t> participants;
  };

  Watch(recorder::EventLoop& loop, WatchOptions options);
  Conference& conference(const std::string& name);
  [[nodiscard]] std::optional<recorder::StatusPage> page(std::string_view path) const;
  [[nodiscard]] recorder::StatusPage post_mark(std::string text);
  [[nodiscard]] static std::string ailment_of(const Conference& conference);
  [[nodiscard]] static View view_of(const std::string& name, const Conference& conference);
  [[nodiscard]] std::vector<View> views() const;
  [[nodiscard]] bool ready() const;
  void tick();
  void tell_manager(const std::vector<std::string>& ailing, std::int64_t now_ns);
  void stop();
  void note_health(const std::vector<std::string>& ailing);
  void note_progress(std::int64_t now_ns);

  recorder::EventLoop& loop_;
  WatchOptions options_;
  std::map<std::string, Conference> conferences_;
  std::function<void(MetricsText&)> more_metrics_;
  std::function<std::string()> more_ailment_;
  ServiceManager manager_;
  std::unique_ptr<recorder::StatusServer> server_;
  std::optional<recorder::Ticker> ticker_;

  bool told_ready_ = false;
  bool told_stopping_ = false;
  bool ailing_ = false;             ///< on the log
  std::int64_t alive_told_ns_ = 0;  ///< on the loop's clock, as the others here
  std::int64_t status_told_ns_ = 0;
  std::int64_t progress_due_ns_;
};

}  // namespace tapedeck::cli
