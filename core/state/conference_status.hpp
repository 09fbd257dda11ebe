// The status of a room as a client sees it (normalizeConferenceState, utils.js).
#pragma once

#include "core/event/value.hpp"
#include "core/state/client_policy.hpp"
#include "core/state/javascript.hpp"

namespace tapedeck::state {

/// The status object of the client, with its key order; it borrows from `payload` and `arena`.
/// Throws `Thrown` for null.
[[nodiscard]] Value conference_status(const Value& payload, Client client, event::Arena& arena);

}  // namespace tapedeck::state
