// What the API answers to who asks how things are, from the state.
//
// The shapes are those that @pexip/infinity-api 20.0.0 accepts; a recording of an older node lacks
// members that it wants, which are added.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/state.hpp"

namespace tapedeck::cli {

/// The `result`, JSON, of a GET of this path below the conference, that of a breakout room too:
/// participants, conference_status and available_layouts. Nothing: no state tells.
[[nodiscard]] std::optional<std::string> answer_from_state(
    const state::State& state, const std::vector<std::string_view>& path, bool annotate);

}  // namespace tapedeck::cli
