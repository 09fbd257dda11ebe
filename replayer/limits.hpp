// The named limits of a replay and its server, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace tapedeck::limits {

/// What one play hands over before the other plays, and requests, get their turn; a write to a
/// socket or a pipe is about as large.
inline constexpr std::size_t batch_bytes_max = std::size_t{64} * 1024;

/// What a frame adds to a batch beside its bytes, so that tiny frames do not make an endless one.
inline constexpr std::size_t batch_frame_cost = 64;

/// A stream that is played for its client alone waits while this much is unsent, and goes on when
/// less than the second is.
inline constexpr std::size_t stream_high_bytes = std::size_t{1024} * 1024;
inline constexpr std::size_t stream_low_bytes = std::size_t{256} * 1024;

/// A client of a shared stream that is this far behind is dropped. The bytes are shared, so that a
/// thousand clients behind by as much cost them once.
inline constexpr std::size_t stream_bytes_max = std::size_t{16} * 1024 * 1024;

/// What a piece of a stream counts beside its bytes: the memory of its place in a queue.
inline constexpr std::size_t stream_piece_cost = 64;

/// A client for which others wait (a shared stream at unlimited rate, the end of the server) and
/// that takes no byte for this long is dropped.
inline constexpr std::chrono::seconds stream_stall_max{10};

/// Request line and headers. A browser sends under 2 KB; a Last-Event-ID may be 8 KiB long.
inline constexpr std::size_t request_header_bytes_max = std::size_t{16} * 1024;

/// A request body. An SDP offer with many codecs and candidates stays under 64 KiB.
inline constexpr std::size_t request_body_bytes_max = std::size_t{256} * 1024;

/// From the first byte of a request, or from the connect, to its last byte.
inline constexpr std::chrono::seconds request_time_max{10};

/// A connection without a request is closed after this; the client refreshes its token, and with
/// that uses its connection, every 40 s.
inline constexpr std::chrono::seconds idle_time_max{75};

/// A response must be taken within this, and the peer must close within the second once we have.
inline constexpr std::chrono::seconds response_time_max{10};
inline constexpr std::chrono::seconds linger_time_max{1};

/// How long the server waits at its end for its clients to take what they have not taken.
inline constexpr std::chrono::seconds stop_time_max{2};

/// Connections at once; one more is closed at once. Never more than the descriptors allow.
inline constexpr std::size_t connections_max = 10'000;

/// Participants who joined and did not leave; past that the one who did nothing for longest goes.
inline constexpr std::size_t members_max = 10'000;

/// Tokens of one participant that are good: the last ones. A reconnect uses the newest.
inline constexpr std::size_t member_tokens_max = 8;

/// A refresh_token that is refused is answered after this: the real client asks again at once.
inline constexpr std::chrono::seconds refused_refresh_delay{1};

}  // namespace tapedeck::limits
