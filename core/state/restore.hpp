// From a state back to events: what a node would send to a client that joins at this moment.
#pragma once

#include <string>
#include <vector>

#include "core/state/state.hpp"

namespace tapedeck::state {

/// Blocks of an event stream, each a whole one, that lead from a join to the rooms of `state`: the
/// roster of each room, then its status, stage, layout, presentation and captions, and the splash
/// screen. What only those had who were there is left out: chat, a transfer, a disconnect, the
/// counts, and what became of a client's call.
[[nodiscard]] std::vector<std::string> restoring_blocks(const State& state);

/// The same for a client that knows the rooms of `from`: what is there no more is ended first, a
/// presentation by another one too. The stream has no words to take back a status, a layout or
/// captions where `to` has none: the client keeps those.
[[nodiscard]] std::vector<std::string> transition_blocks(const State& from, const State& to);

}  // namespace tapedeck::state
