// The state of a conference for people: a table per room.
#pragma once

#include <string>

#include "core/state/reducer.hpp"

namespace tapedeck::cli {

/// Some lines of plain text; control characters that the stream brought are shown as U+FFFD.
[[nodiscard]] std::string state_view(const state::Reducer& reducer);

}  // namespace tapedeck::cli
