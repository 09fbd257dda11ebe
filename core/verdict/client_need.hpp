// What @pexip/infinity 20.0.0 needs of a payload so as not to throw it away.
//
// Each handler of the client runs in one try block: where it throws, the event is logged and
// nothing is emitted (eventSource.js, createEventSource; infinityClient.js, subscribeSignals;
// utils.js).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event/decoder.hpp"
#include "core/event/kind.hpp"
#include "core/event/value.hpp"

namespace tapedeck::verdict {

struct Need {
  std::string pointer;        ///< into the payload
  std::string_view expected;  ///< what would have to stand there
};

/// The first thing missing, or nothing where the client takes the payload. `decoder` reads the
/// payload of application messages; values that it gave before are gone afterwards.
[[nodiscard]] std::optional<Need> unmet_need(event::Kind kind, const event::Value& payload,
                                             event::Decoder& decoder);

}  // namespace tapedeck::verdict
