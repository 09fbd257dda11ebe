// A recording from its first connection to its end: a source opened, read, and opened again.
//
// The loop is plain code under a Clock: the recorder's event loop pumps sockets and signals while
// it waits, a virtual clock makes hours pass in a test. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "core/port/recording_sink.hpp"
#include "recorder/reconnect_policy.hpp"
#include "recorder/recording.hpp"
#include "recorder/source.hpp"

namespace tapedeck::recorder {

struct SessionOptions {
  std::optional<std::int64_t> duration_ns =
      std::nullopt;  ///< record this long, counted from the first opening
  std::optional<std::uint64_t> frames_max = std::nullopt;  ///< record so many frames
  std::optional<std::int64_t> stall_ns =
      std::nullopt;  ///< a connection without a byte for so long is broken
  int attempts_max = limits::reconnect_attempts_max;  ///< see ReconnectPolicy; 0: one connection
  std::uint64_t seed = 0;                             ///< of the jitter between attempts
};

struct Progress {
  enum class State { opening, open, waiting };
  State state = State::opening;
  std::int64_t elapsed_ns = 0;  ///< since the first opening
  Totals totals;
};

struct Summary {
  enum class Ending {
    time_up,      ///< SessionOptions::duration_ns
    frames_in,    ///< SessionOptions::frames_max
    stopped,      ///< a stop was asked for; nothing was recorded if no connection was open by then
    source_over,  ///< the only connection ended, and no other was wanted
    refused,      ///< the node has no stream for us any more
    gave_up,      ///< the node did not come back within the attempts
  };
  Ending ending = Ending::stopped;
  std::int64_t elapsed_ns = 0;  ///< since the first opening
  Totals totals;
  port::ConnectionEnd last_end = port::ConnectionEnd::stopped;  ///< of the last connection
  std::string detail;  ///< a clause on why it ended; "" where the ending says it all
};

/// What a session works on; all of it must outlive the session.
struct SessionPorts {
  Source& source;
  port::Clock& clock;
  /// Called once, when the source has opened for the first time: a source that is not there leaves
  /// no tape behind.
  std::function<Result<port::RecordingSink*>()> open_sink;
  std::function<std::int64_t()> wall_now_ns;  ///< Unix time
  std::function<bool()> stop_requested;
  std::function<void(const Progress&)> on_progress;  ///< some times a second; may be empty
};

class Session {
 public:
  Session(SessionPorts ports, const SessionOptions& options);

  /// Records until something ends it, then finishes the sink. Fails when the first connection
  /// cannot be opened, and when the sink fails: that ends the recording at once.
  [[nodiscard]] Result<Summary> run();

 private:
  using State = Progress::State;
  using Ending = Summary::Ending;

  void open_source();
  void open_source_later(std::int64_t retry_after_ns);
  [[nodiscard]] SourceEvent wait();
  [[nodiscard]] std::int64_t next_due_ns() const;

  Result<void> handle(const Nothing& nothing);
  Result<void> handle(const Opened& opened);
  Result<void> handle(const Refused& refused);
  Result<void> handle(const Arrived& arrived);
  Result<void> handle(const Ended& ended);
  Result<void> tick();

  void end(Ending ending, std::string detail);
  [[nodiscard]] std::string gap_reason() const;
  Result<Summary> finish();

  SessionPorts ports_;
  SessionOptions options_;
  ReconnectPolicy policy_;
  std::optional<Recording> recording_;  ///< from the first opening on

  State state_ = State::opening;
  std::optional<Ending> ending_;
  std::string ending_detail_;
  std::int64_t opened_first_ns_ = 0;  ///< like all times here on the session's clock
  std::int64_t state_due_ns_ = 0;     ///< opening: given up then; waiting: opened again then
  std::int64_t over_due_ns_;          ///< options_.duration_ns has passed then
  std::int64_t opened_ns_ = 0;
  std::int64_t last_read_ns_ = 0;
  std::int64_t next_tick_ns_ = 0;
  port::ConnectionEnd last_end_ = port::ConnectionEnd::stopped;
  std::string ended_detail_;  ///< of the last connection
  std::string last_refusal_;  ///< of the last attempt since
};

}  // namespace tapedeck::recorder
