// The port of a recording: frames, and beside them what happened to the connections they came on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/port/frame_sink.hpp"

namespace tapedeck::port {

/// A connection at the moment its response headers are in. No field holds a secret: tokens are
/// replaced before they get here.
struct ConnectionStart {
  std::int64_t opened_ns = 0;    ///< monotonic since the tape began
  std::int64_t wall_ns = 0;      ///< the same moment, Unix time
  std::string source;            ///< URL, file name or "-"
  std::int64_t http_status = 0;  ///< 0 where there is no HTTP
  std::string headers;        ///< response header lines as received, LF-separated; "" without HTTP
  std::string last_event_id;  ///< sent with the request; "" if none
};

enum class ConnectionEnd {
  finished,  ///< the body ended as HTTP says it should, or the file did
  broken,    ///< reset, cut short, timed out
  stopped,   ///< we ended it
};

/// As a tape, a log and a message have it.
[[nodiscard]] constexpr std::string_view name_of(ConnectionEnd end) {
  switch (end) {
    case ConnectionEnd::finished:
      return "finished";
    case ConnectionEnd::broken:
      return "broken";
    case ConnectionEnd::stopped:
      return "stopped";
  }
  return {};
}

/// A time without a connection between two connections, or after the last one.
struct Gap {
  std::uint32_t after_connection = 0;  ///< 0: before the first
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::string reason;
};

/// One REST request and its response, without secrets.
struct Exchange {
  std::int64_t request_ns = 0;
  std::int64_t response_ns = 0;
  std::string method;
  std::string target;
  std::string request_headers;
  std::string request_body;
  std::int64_t status = 0;
  std::string response_headers;
  std::string response_body;
};

/// `accept` ignores the `seq` of a frame and assigns the next one.
class RecordingSink : public FrameSink {
 public:
  /// Where this session's time starts: the clock of the recorder counts from here (0 on a new
  /// tape, past the last frame on one that is continued).
  [[nodiscard]] virtual std::int64_t session_start_ns() const = 0;

  /// Gives the id that the connection's frames, reads and close carry.
  virtual Result<std::uint32_t> open_connection(const ConnectionStart& start) = 0;

  /// A read of the body ended at `end_offset` bytes from its start, at `recv_ns`.
  virtual Result<void> note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                                 std::int64_t recv_ns) = 0;

  virtual Result<void> close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                        ConnectionEnd end, const std::string& detail) = 0;
  virtual Result<void> note_gap(const Gap& gap) = 0;
  virtual Result<void> note_exchange(const Exchange& exchange) = 0;

  /// Commits what is older than the bound (limits::commit_ns_max); call it when time has passed
  /// without a frame.
  virtual Result<void> commit_if_due(std::int64_t now_ns) = 0;
};

}  // namespace tapedeck::port
