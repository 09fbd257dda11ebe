// A tape that can be looked at while it is recorded: counts what passes to it, notes what happens
// to its connections on the log, and knows what ails it.
//
// It changes nothing of what passes. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/head_count.hpp"
#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "core/port/recording_sink.hpp"

namespace tapedeck::cli {

/// What only grows.
struct TapeCounters {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t committed_frames = 0;
  std::uint64_t commits = 0;
  std::uint64_t gaps = 0;
  std::uint64_t reconnects = 0;  ///< connections but for the first of each tape
  std::uint64_t exchanges = 0;

  TapeCounters& operator+=(const TapeCounters& more);
};

/// What the writer of the tape knows.
struct WriterState {
  std::uint64_t commits = 0;     ///< as TapeWriter::commits
  std::uint64_t held_bytes = 0;  ///< as TapeWriter::held_bytes
};

struct WatchedTapeOptions {
  std::string conference = {};     ///< the alias; "" of a stream alone
  std::int64_t commit_ns_max = 0;  ///< within which a frame is to be committed
  bool is_for_one_stream = true;   ///< without a connection it records nothing, and that ails it
  bool counts_heads = true;        ///< somebody wants to know how many participants there are
};

class WatchedTape final : public port::RecordingSink {
 public:
  /// `look` asks the writer behind `tape`, `mark` has it mark the moment; `clock` must outlive the
  /// tape. `opened` is called when a connection was opened, `gone` when the tape goes.
  struct Ports {
    port::Clock& clock;
    std::function<WriterState()> look;
    std::function<Result<void>(std::string_view)> mark = {};
    std::function<void()> opened = {};
    std::function<void(const WatchedTape&)> gone = {};
  };

  WatchedTape(std::unique_ptr<port::RecordingSink> tape, WatchedTapeOptions options, Ports ports);
  ~WatchedTape() override;

  [[nodiscard]] std::int64_t session_start_ns() const override;
  Result<std::uint32_t> open_connection(const port::ConnectionStart& start) override;
  Result<void> note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                         std::int64_t recv_ns) override;
  Result<void> accept(const port::Frame& frame) override;
  Result<void> close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                port::ConnectionEnd end, const std::string& detail) override;
  Result<void> note_gap(const port::Gap& gap) override;
  Result<void> note_exchange(const port::Exchange& exchange) override;
  Result<void> commit_if_due(std::int64_t now_ns) override;
  Result<void> finish() override;

  /// Marks this moment. False: the tape is closed, so that there is nothing to mark.
  Result<bool> mark(std::string_view text);

  [[nodiscard]] const TapeCounters& counters() const { return counters_; }
  [[nodiscard]] std::uint64_t held_bytes() const { return ports_.look().held_bytes; }
  [[nodiscard]] std::uint64_t open_connections() const { return open_connections_; }
  [[nodiscard]] std::optional<std::uint64_t> participants() const;

  // Ages; nothing where there is none yet:
  /// Of the last frame.
  [[nodiscard]] std::optional<std::int64_t> frame_age_ns() const;
  /// Of the last commit.
  [[nodiscard]] std::optional<std::int64_t> commit_age_ns() const;
  /// Of the oldest frame that is not committed; 0 where all are.
  [[nodiscard]] std::int64_t commit_lag_ns() const;

  /// It goes on committing, or waits for room on the disk and knows it.
  [[nodiscard]] bool keeps_committing() const;
  /// A clause on why what comes is not being recorded as it should; "" where it is.
  [[nodiscard]] std::string ailment() const;

 private:
  /// Passes a call's result on, after a look at what the call has changed.
  template <class T>
  Result<T> passed(Result<T> done);
  [[nodiscard]] std::optional<std::int64_t> age_of(std::optional<std::int64_t> at_ns) const;
  void have_committed(std::uint64_t commits);
  void have_failed(const std::string& message);

  WatchedTapeOptions options_;
  Ports ports_;
  std::unique_ptr<port::RecordingSink> tape_;
  TapeCounters counters_;
  HeadCount heads_;
  std::uint64_t commits_seen_;  ///< of the writer
  std::uint64_t connections_ = 0;
  std::uint64_t open_connections_ = 0;
  bool finished_ = false;
  std::string failure_;

  // On the clock:
  std::optional<std::int64_t> frame_ns_;
  std::optional<std::int64_t> commit_ns_;
  std::optional<std::int64_t> uncommitted_ns_;  ///< the oldest frame that is
  std::int64_t unconnected_ns_;                 ///< since when, where no connection is open
};

}  // namespace tapedeck::cli
