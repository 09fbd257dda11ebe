// What a replay sent, with all its faults, as a recording: the tape that --fault-log writes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/port/recording_sink.hpp"
#include "core/sse/frame_splitter.hpp"
#include "replayer/journal.hpp"
#include "replayer/paced_sink.hpp"

namespace tapedeck::cli {

/// Each stream is a connection of the recording and each piece that was sent a read; the frames are
/// those that a client makes of the bytes. Times never go back. After a failure of the sink it does
/// nothing more, and finish() tells.
class FaultLog {
 public:
  /// `sink` must outlive it. `source` is what was played; `wall_start_ns` is its time 0, Unix time.
  FaultLog(port::RecordingSink& sink, std::string source, std::int64_t wall_start_ns);

  void note(const replayer::JournalEntry& entry, std::int64_t now_ns);

  /// Nothing follows. The sink is not finished.
  [[nodiscard]] Result<void> finish() const { return written_; }

 private:
  struct Stream {
    std::uint32_t connection_id = 0;
    sse::FrameSplitter splitter;
    std::uint64_t sent_bytes = 0;
  };

  Result<void> open(std::uint64_t stream, std::int64_t now_ns);
  Result<void> accept(const Stream& stream, const sse::Block& block, std::int64_t now_ns);
  Result<void> send(Stream& stream, std::string_view raw, std::int64_t now_ns);
  Result<void> close(std::uint64_t stream, const replayer::StreamClosed& closed,
                     std::int64_t now_ns);
  Result<void> answer(const replayer::RequestAnswered& answered, std::int64_t now_ns);
  Result<void> write(const replayer::JournalEntry& entry, std::int64_t now_ns);

  port::RecordingSink& sink_;
  std::string source_;
  std::int64_t wall_start_ns_;
  std::map<std::uint64_t, Stream> streams_;  ///< those that are open
  std::optional<port::Gap> gap_;             ///< since a connection broke off and none was left
  std::int64_t last_ns_ = 0;
  Result<void> written_;
};

/// Hands frames on, and to a log as what was sent on one stream, at the time that they carry. The
/// stream ends with the source, or with the sink where that was not played to its end.
class LoggedSink final : public replayer::PacedSink {
 public:
  /// Both must outlive it.
  LoggedSink(replayer::PacedSink& sink, FaultLog& log);
  LoggedSink(const LoggedSink&) = delete;
  LoggedSink& operator=(const LoggedSink&) = delete;
  ~LoggedSink() override;

  Result<void> accept(const port::Frame& frame) override;
  Result<void> flush() override { return sink_.flush(); }
  Result<void> finish() override;

 private:
  void note(decltype(replayer::JournalEntry::what) what);

  replayer::PacedSink& sink_;
  FaultLog& log_;
  std::int64_t now_ns_ = 0;
  bool broken_ = false;
  bool open_ = true;
};

}  // namespace tapedeck::cli
