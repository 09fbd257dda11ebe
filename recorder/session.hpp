// A recording from its first connection to its end: a source opened, read, and opened again.
//
// The loop is plain code under a Clock: the recorder's event loop pumps sockets and signals while
// it waits, a virtual clock makes hours pass in a test. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

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
  std::int64_t tick_ns =
      limits::commit_ns_max / 4;     ///< how often the sink hears of the time where no frame comes
  ReconnectOptions reconnects = {};  ///< attempts_max 0: one connection
};

struct Progress {
  enum class State {
    opening,
    open,
    waiting,  ///< to open again
    leaving,  ///< what there was to record is on the tape
    over,
  };
  State state = State::opening;
  std::int64_t elapsed_ns = 0;  ///< since the first opening
  Totals totals;
};

struct Summary {
  enum class Ending {
    time_up,    ///< SessionOptions::duration_ns
    frames_in,  ///< SessionOptions::frames_max
    stopped,  ///< a stop was asked for, by the sink if there is a `detail`; nothing was recorded if
              ///< no connection was open by then
    source_over,  ///< the only connection ended, and no other was wanted
    refused,      ///< the node has no stream for us any more
    gave_up,      ///< the node did not come back within the attempts
    dismissed,    ///< the node has said goodbye
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
  std::function<std::int64_t()> wall_now_ns;         ///< Unix time
  std::function<bool()> stop_requested;              ///< for `run`
  std::function<void(const Progress&)> on_progress;  ///< some times a second; may be empty
  /// A clause on why the sink wants the recording to end, "" as long as it does not; may be empty.
  std::function<std::string()> why_stop = {};
  /// The sink takes no more of the stream for now; may be empty.
  std::function<bool()> is_full = {};
};

class Session {
 public:
  Session(SessionPorts ports, const SessionOptions& options);

  /// Records until something ends it, then finishes the sink. Fails when the first connection
  /// cannot be opened, and when the sink fails: that ends the recording at once.
  [[nodiscard]] Result<Summary> run();

  // The same in steps, for several sessions on one loop:

  /// Begins to connect.
  void start();
  /// Waits for the next thing to happen until `until_ns` or until something is due, whichever comes
  /// first, and does what it asks for. False: nothing happened.
  bool step(std::int64_t until_ns);
  /// Ends the recording; asked again, without waiting for the node to let go.
  void stop();
  [[nodiscard]] bool over() const { return state_ == State::over; }
  /// When `step` is to be called though nothing happened.
  [[nodiscard]] std::int64_t next_due_ns() const;
  /// What `run` gives, when it is over.
  [[nodiscard]] const Result<Summary>& result() const { return result_; }

 private:
  using State = Progress::State;
  using Ending = Summary::Ending;

  void open_source();
  Result<void> open_source_later(std::int64_t retry_after_ns);
  Result<void> handle(const Nothing& nothing);
  Result<void> handle(const Opened& opened);
  Result<void> handle(const Refused& refused);
  Result<void> handle(const Arrived& arrived);
  Result<void> handle(const Ended& ended);
  Result<void> handle(const Exchanged& exchanged);
  Result<void> handle(const Left& left);
  Result<void> begin_recording();
  Result<void> tick();

  /// Nothing more is recorded; the source takes leave.
  Result<void> end(Ending ending, std::string detail);
  Result<void> close_recording(Ending ending);
  void end_with(Error error);
  void leave();
  void finish();
  [[nodiscard]] std::string gap_reason() const;

  SessionPorts ports_;
  SessionOptions options_;
  ReconnectPolicy policy_;
  std::optional<Recording> recording_;  ///< from the first opening on

  std::vector<port::Exchange> early_exchanges_;  ///< from before there was a recording

  State state_ = State::opening;
  Result<Summary> result_ = Summary{};
  std::int64_t opened_first_ns_ = 0;  ///< like all times here on the session's clock
  std::int64_t state_due_ns_ = 0;     ///< opening, leaving: given up; waiting: opened again
  std::int64_t over_due_ns_;          ///< options_.duration_ns has passed then
  std::int64_t opened_ns_ = 0;
  std::int64_t last_read_ns_ = 0;
  std::int64_t next_tick_ns_ = 0;
  port::ConnectionEnd last_end_ = port::ConnectionEnd::stopped;
  std::string ended_detail_;  ///< of the last connection
  std::string last_refusal_;  ///< of the last attempt since
};

class EventLoop;

/// Runs sessions whose sources and clock are on `loop` side by side until all are over. A signal
/// that asks to stop stops them all.
void run_side_by_side(const std::vector<Session*>& sessions, EventLoop& loop);

}  // namespace tapedeck::recorder
