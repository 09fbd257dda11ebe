// The named limits of tapedeck, each with its reason. Going over one is recorded, never silent.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapedeck::limits {

/// Longest line of an event stream, terminator excluded. A participant is about 1 KB and a roster
/// line stays under 10 MB; past 64 MiB a line is a fault of the node, not an event.
inline constexpr std::size_t line_bytes_max = std::size_t{64} * 1024 * 1024;

/// Longest data of one message, its lines joined: as much as a frame may hold. It bounds what a node
/// can make a parser hold by data lines without a blank line.
inline constexpr std::size_t message_bytes_max = std::size_t{128} * 1024 * 1024;

/// Largest frame: a block longer than this is cut into several frames, so that the memory of the
/// splitter and the size of a row stay bounded (SQLite's own limit for a blob is 1e9 bytes).
inline constexpr std::size_t frame_bytes_max = std::size_t{128} * 1024 * 1024;

/// One read from a socket, a pipe or a file.
inline constexpr std::size_t read_bytes_max = std::size_t{64} * 1024;

/// Deepest nesting of a JSON payload, so that what walks a value may recurse. Real events nest six
/// deep; the real client's JSON.parse has no limit, but its JSON.stringify ends at a few thousand.
inline constexpr std::size_t json_depth_max = 4096;

/// Chat messages kept in the state; a day of lively chat is some hundreds. Older ones are counted.
inline constexpr std::size_t chat_log_max = 1000;

/// Names of unknown events counted one by one, so that a stream of ever new names costs no memory.
inline constexpr std::size_t unknown_names_max = 256;

/// Redirects followed for one connection, as browsers do.
inline constexpr int redirects_max = 20;

/// Frames and time between two commits of a recording: what a power cut can cost.
inline constexpr std::size_t commit_frames_max = 1000;
inline constexpr std::int64_t commit_ns_max = 200'000'000;

}  // namespace tapedeck::limits
