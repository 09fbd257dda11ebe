// Who a client is and what its conference is called where nobody has told. Whoever derives what a
// client saw and whoever plays the node for one must agree on it.
#pragma once

#include <string>
#include <string_view>

namespace tapedeck {

inline constexpr std::string_view default_participant_uuid = "00000000-0000-4000-8000-000000000000";

/// A name for people out of an alias: what stands before an `@`, cut at `.`, `-` and `_`, with a
/// capital at the start of each word. `meet.alice` becomes `Meet Alice`.
[[nodiscard]] std::string conference_name_of(std::string_view alias);

}  // namespace tapedeck
