// The state of a conference for people: a table per room.
#pragma once

#include <string>

#include "core/state/reducer.hpp"

namespace tapedeck::cli {

/// Some lines of plain text; what the stream brought is made printable.
[[nodiscard]] std::string state_view(const state::Reducer& reducer);

}  // namespace tapedeck::cli
