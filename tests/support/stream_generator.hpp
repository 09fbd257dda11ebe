// Streams for tests: realistic ones, and ones that no node would send.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapedeck::test {

/// The block, a comment, after which a stream goes on on another connection.
inline constexpr std::string_view reconnect_mark = ": reconnect\n\n";

/// An event stream body, a function of `seed`. A third of the seeds gives what a real node could
/// send: rosters, mutes, hands, chat, stage, layout, presentations, breakouts, a disconnect. The
/// others mix in missing, null, wrong-typed, duplicate and unknown fields, unknown participants,
/// cut-off syncs, breakouts without begin, text that is no JSON, odd framing. Some hold the
/// reconnect_mark.
[[nodiscard]] std::string generate_stream(std::uint64_t seed);

}  // namespace tapedeck::test
