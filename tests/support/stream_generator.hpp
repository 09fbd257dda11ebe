// Streams for tests: realistic ones, and ones that no node would send.
#pragma once

#include <cstdint>
#include <string>

namespace tapedeck::test {

/// An event stream body, a function of `seed`. A third of the seeds gives what a real node could
/// send: rosters, mutes, hands, chat, stage, layout, presentations, breakouts, a disconnect. The
/// others mix in missing, null, wrong-typed, duplicate and unknown fields, unknown participants,
/// cut-off syncs, breakouts without begin, text that is no JSON, odd framing.
[[nodiscard]] std::string generate_stream(std::uint64_t seed);

}  // namespace tapedeck::test
