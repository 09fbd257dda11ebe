// The named limits of a replay and its server, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tapedeck::limits {

/// What one play hands over before the other plays, and requests, get their turn; a write to a
/// socket or a pipe is about as large.
inline constexpr std::size_t batch_bytes_max = std::size_t{64} * 1024;

/// What a frame adds to a batch beside its bytes, so that tiny frames do not make an endless one.
inline constexpr std::size_t batch_frame_cost = 64;

/// Handlers of the network that run before what is due gets its turn.
inline constexpr int handlers_at_once_max = 256;

/// A stream that is played for its client alone waits while this much is unsent, and goes on when
/// less than the second is.
inline constexpr std::size_t stream_high_bytes = std::size_t{1024} * 1024;
inline constexpr std::size_t stream_low_bytes = std::size_t{256} * 1024;

/// What a piece of a stream counts beside its bytes: the memory of its place in a queue.
inline constexpr std::size_t stream_piece_cost = 64;

/// Request line and headers. A browser sends under 2 KB; a Last-Event-ID may be 8 KiB long.
inline constexpr std::size_t request_header_bytes_max = std::size_t{16} * 1024;

/// The first read of a request: most are shorter.
inline constexpr std::size_t request_first_read_bytes = std::size_t{4} * 1024;

/// A request body. An SDP offer with many codecs and candidates stays under 64 KiB.
inline constexpr std::size_t request_body_bytes_max = std::size_t{256} * 1024;

/// The body of a request that steers: a mark with its text is the longest.
inline constexpr std::size_t control_body_bytes_max = std::size_t{8} * 1024;

/// The text of a mark: a sentence.
inline constexpr std::size_t mark_bytes_max = 1024;

/// Frames in one step: more are a seek.
inline constexpr std::uint64_t steps_max = 10'000;

/// How often the feed of the status and the line on a terminal are renewed.
inline constexpr std::chrono::milliseconds status_feed_interval{1000};
inline constexpr std::chrono::milliseconds status_line_interval{200};

/// A feed of the status that has not taken so much is not told what has changed meanwhile.
inline constexpr std::size_t feed_bytes_max = std::size_t{64} * 1024;

/// After a connection could not be accepted (no descriptor is left, say) the next try waits.
inline constexpr std::chrono::milliseconds accept_pause{100};

/// How often the server looks for streams that are stuck.
inline constexpr std::chrono::milliseconds stall_check_interval{500};

/// Participants who joined and did not leave; past that the one who did nothing for longest goes.
inline constexpr std::size_t members_max = 10'000;

/// Tokens of one participant that are good: the last ones. A reconnect uses the newest.
inline constexpr std::size_t member_tokens_max = 8;

/// A token that was refreshed stays good so long, for the requests that are under way with it.
inline constexpr std::chrono::seconds token_grace{5};

/// Bytes a second of a slow line: faster than that is not slow.
inline constexpr std::int64_t fault_rate_max = 1'000'000'000;

/// A precise clock sleeps until so long before a time and then spins: timers wake 50 to 100 us late
/// on an idle machine. No other clock spins longer.
inline constexpr std::chrono::microseconds spin_time{100};

/// Most bytes of a write of a split stream, and most bytes that are changed in a frame.
inline constexpr std::int64_t fault_bytes_max = std::int64_t{1024} * 1024;

/// Frames that one is overtaken by, and copies of one: each is held in memory.
inline constexpr std::int64_t fault_frames_max = 1000;

/// What a jump back sends again is held in memory.
inline constexpr std::size_t jump_bytes_max = std::size_t{64} * 1024 * 1024;

}  // namespace tapedeck::limits

namespace tapedeck::replayer {

/// What a server puts up with. The defaults are for service; a test has less time.
struct ServerLimits {
  /// Connections at once; one more is closed at once. Never more than the descriptors allow.
  std::size_t connections_max = 10'000;

  /// From the first byte of a request, or from the connect, to its last byte.
  std::chrono::milliseconds request_time_max = std::chrono::seconds(10);

  /// A connection without a request is closed after this; the client refreshes its token, and
  /// with that uses its connection, every 40 s.
  std::chrono::milliseconds idle_time_max = std::chrono::seconds(75);

  /// An answer must be taken within this.
  std::chrono::milliseconds answer_time_max = std::chrono::seconds(10);

  /// After the last byte from us the client must close within this, or we do.
  std::chrono::milliseconds linger_time_max = std::chrono::seconds(1);

  /// A client of a shared stream that is this far behind is dropped. The bytes are shared, so
  /// that a thousand clients behind by as much cost them once.
  std::size_t stream_bytes_max = std::size_t{16} * 1024 * 1024;

  /// A client for which others wait (a shared stream at unlimited rate, the end of the server)
  /// and that takes no byte for this long is dropped.
  std::chrono::milliseconds stream_stall_max = std::chrono::seconds(10);

  /// A refresh_token that is refused is answered after this: the real client asks again at once.
  std::chrono::milliseconds refused_refresh_delay = std::chrono::seconds(1);

  /// How long the server waits at its end for clients to take what they have not taken.
  std::chrono::milliseconds stop_time_max = std::chrono::seconds(2);
};

}  // namespace tapedeck::replayer
