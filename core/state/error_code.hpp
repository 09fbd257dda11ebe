// The code that a client gives for the reason of a disconnect (getErrorCode of
// @pexip/infinity-api, the same in all supported versions).
#pragma once

#include <string_view>

#include "core/event/value.hpp"

namespace tapedeck::state {

/// `#pexNNN`; `#pex117` for what is not in the client's table, exactly and case by case.
[[nodiscard]] std::string_view error_code(const event::Value& reason);

}  // namespace tapedeck::state
