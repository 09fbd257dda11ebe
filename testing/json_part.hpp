// Whether a JSON value has a part: what the matchers compare payloads and states with.
#pragma once

#include <optional>
#include <string>

#include "core/event/value.hpp"

namespace tapedeck::testing {

/// Nothing where `whole` includes `part`, else a sentence without a period about the first place
/// that differs. An object includes one that has some of its members, each of which includes the
/// other's; arrays are compared item by item and are equally long; everything else is equal.
[[nodiscard]] std::optional<std::string> what_differs(const event::Value& whole,
                                                      const event::Value& part);

}  // namespace tapedeck::testing
