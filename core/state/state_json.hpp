// The state as canonical JSON: the same state gives the same bytes. docs/EVENTS.md explains it.
#pragma once

#include <string>
#include <vector>

#include "core/state/reducer.hpp"
#include "core/state/state.hpp"

namespace tapedeck::state {

/// Appends the state of `reducer` as one object on one line, its keys in a fixed order.
/// Participants and statuses are as the reducer's client sees them, without rawData; the one-time
/// token of a transfer is left out.
void append_state_json(std::string& out, const Reducer& reducer);

/// The participants of a room whose hand is up, in the order of raising.
[[nodiscard]] std::vector<const StoredParticipant*> raised_hands(const Room& room);

/// The participants of a room in the spotlight, in the order of being put there.
[[nodiscard]] std::vector<const StoredParticipant*> spotlights(const Room& room);

}  // namespace tapedeck::state
