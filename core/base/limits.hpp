// The named limits of tapedeck, each with its reason. Going over one is recorded, never silent.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapedeck::limits {

/// Longest line of an event stream, terminator excluded. A participant is about 1 KB and a roster
/// line stays under 10 MB; past 64 MiB a line is a fault of the node, not an event.
inline constexpr std::size_t line_bytes_max = std::size_t{64} * 1024 * 1024;

/// Longest data of one message, its lines joined: as much as a frame may hold. It bounds what a
/// node can make a parser hold by data lines without a blank line.
inline constexpr std::size_t message_bytes_max = std::size_t{128} * 1024 * 1024;

/// Largest frame: a block longer than this is cut into several frames, so that the memory of the
/// splitter and the size of a row stay bounded (SQLite's own limit for a blob is 1e9 bytes).
inline constexpr std::size_t frame_bytes_max = std::size_t{128} * 1024 * 1024;

/// One read from a socket, a pipe or a file.
inline constexpr std::size_t read_bytes_max = std::size_t{64} * 1024;

/// Deepest nesting of a JSON payload, so that what walks a value may recurse. Real events nest six
/// deep; the real client's JSON.parse has no limit, but its JSON.stringify ends at a few thousand.
inline constexpr std::size_t json_depth_max = 4096;

/// Values of one JSON payload, so that a line of commas does not become gigabytes of values. The
/// largest event that a node could send, a roster of 10,000 people in one piece, has half a
/// million; the real client's JSON.parse has no limit.
inline constexpr std::size_t json_values_max = 1'000'000;

/// Chat messages kept in the state, and their bytes; a day of lively chat is some hundreds, of less
/// than a kilobyte each. Older ones are counted.
inline constexpr std::size_t chat_log_max = 1000;
inline constexpr std::size_t chat_bytes_max = std::size_t{16} * 1024 * 1024;

/// What the state keeps beside the chat: rooms, their participants and parts. A participant takes
/// 2.5 KB, so that this is enough for a conference of 25,000; an event that would go over is left
/// out. What a state is written to, and compared in, takes several times as much.
inline constexpr std::size_t state_bytes_max = std::size_t{64} * 1024 * 1024;

/// A payload that is kept beside the participant it is of, so that only what changes in the next
/// one is decoded, and all of them together. A participant is about 1 KB; others are decoded whole.
inline constexpr std::size_t kept_payload_bytes_max = std::size_t{16} * 1024;
inline constexpr std::size_t kept_payloads_bytes_max = std::size_t{64} * 1024 * 1024;

/// A state as bytes, which take less than it does in memory: what the state and its chat may have,
/// and some more for the few values that are not counted. A larger one is not written.
inline constexpr std::size_t snapshot_bytes_max = std::size_t{96} * 1024 * 1024;

/// People in a roster that is listed whole each time it changes, as the client's onParticipants
/// does: of ten times as many, a stream of some megabytes would become terabytes of lists.
inline constexpr std::size_t roster_listed_max = 10'000;

/// Names of unknown events counted one by one, and the longest of them, so that a stream of ever
/// new names costs no memory.
inline constexpr std::size_t unknown_names_max = 256;
inline constexpr std::size_t unknown_name_bytes_max = 256;

/// Redirects followed for one connection, as browsers do.
inline constexpr int redirects_max = 20;

/// Status line and header of one HTTP response, and one chunk header or trailer: servers send a few
/// hundred bytes, browsers take up to 256 KiB.
inline constexpr std::size_t http_head_bytes_max = std::size_t{64} * 1024;

/// Interim (1xx) responses before the one that counts.
inline constexpr int interim_responses_max = 16;

/// Longest Last-Event-ID sent; servers refuse request headers of more than 8 to 16 KiB altogether.
inline constexpr std::size_t last_event_id_bytes_max = std::size_t{8} * 1024;

/// From one attempt to connect to a host's address to the next, if the first does not answer
/// (RFC 8305, section 5).
inline constexpr std::int64_t dial_stagger_ns = 250'000'000;

/// From the start of a connection attempt to the header of its response, redirects included.
inline constexpr std::int64_t open_ns_max = 30'000'000'000;

/// Body of one REST answer: request_token answers with some hundred bytes, the largest that a node
/// has (a roster) with some megabytes.
inline constexpr std::size_t rest_body_bytes_max = std::size_t{16} * 1024 * 1024;

/// How long a recording that is over waits for the node to take its token back.
inline constexpr std::int64_t leave_ns_max = 5'000'000'000;

/// Least and longest life of a token that is believed: no busy loop of refreshes, and no number
/// that time cannot hold.
inline constexpr std::int64_t token_life_ns_min = 3'000'000'000;
inline constexpr std::int64_t token_life_ns_max = 86'400'000'000'000;

/// Waits between two attempts to connect: the real client's first wait and ceiling
/// (@pexip/infinity: 100 ms, 30 s, 8 attempts), which a stream's `retry:` replaces within bounds.
inline constexpr std::int64_t reconnect_wait_ns = 100'000'000;
inline constexpr std::int64_t reconnect_wait_ns_max = 30'000'000'000;
inline constexpr int reconnect_attempts_max = 8;
/// Least and longest wait that a server may ask for (`retry:`, `Retry-After`): no busy loop, and no
/// recording that sleeps through the conference.
inline constexpr std::int64_t server_wait_ns_min = 100'000'000;
inline constexpr std::int64_t server_wait_ns_max = 300'000'000'000;
/// A connection that stayed open this long was a good one, even if it brought nothing.
inline constexpr std::int64_t steady_connection_ns = 30'000'000'000;

/// Frames and time between two commits of a recording: what a power cut can cost.
inline constexpr std::size_t commit_frames_max = 1000;
inline constexpr std::int64_t commit_ns_max = 200'000'000;

/// Held in memory of a stream that the disk has no room for; a busy conference brings a MiB a
/// minute.
inline constexpr std::size_t held_bytes_max = std::size_t{64} * 1024 * 1024;

/// Deepest nesting of what tapedeck writes itself: payloads within a state within an expectation.
inline constexpr std::size_t document_depth_max = json_depth_max + 64;

/// Values of what tapedeck writes itself: a state of state_bytes_max has 8 million when it is all
/// participants without any field, and an expectation, which is bounded in bytes, has fewer than
/// this.
inline constexpr std::size_t document_values_max = 64'000'000;

/// Findings of one rule that are kept with their place; all are counted. A stream that breaks a
/// rule breaks it a million times, and nobody reads more than these.
inline constexpr std::size_t findings_per_rule_max = 100;

/// Longest text in a finding: what stands at a place is shown, not copied.
inline constexpr std::size_t finding_text_bytes_max = 200;

/// Checkpoints of an expectation: one for each change in minutes of a lively conference, in a file
/// of about the size of its stream. Beyond it each stands for several changes.
inline constexpr std::size_t checkpoints_max = 2000;

/// Frames of one tape that diff aligns: a day of a busy conference has a million. Each needs about
/// 150 bytes.
inline constexpr std::size_t diff_frames_max = std::size_t{2} * 1024 * 1024;

/// Places that diff describes, and values of one place; all are counted.
inline constexpr std::size_t diff_places_max = 20;
inline constexpr std::size_t diff_values_max = 10;

/// Payloads of one tape that diff keeps to compare their fields, all places together; a payload has
/// some kilobytes. Beyond it a place shows the beginnings of both.
inline constexpr std::size_t diff_payload_bytes_max = std::size_t{64} * 1024 * 1024;

/// Names that the validator keeps of everybody in all rooms of a tape; a conference of 10,000
/// people needs half a megabyte. Beyond it the rules about rosters rest.
inline constexpr std::size_t roster_bytes_max = std::size_t{64} * 1024 * 1024;

}  // namespace tapedeck::limits
