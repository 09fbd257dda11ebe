// Encodes a message to the bytes of an event stream, so that any conforming parser gives it back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::sse {

/// The block of one message: a field a line, LF line ends, a space after every colon, valid UTF-8
/// (what is not becomes U+FFFD). `data` is split at LF, CR and CR LF, which a parser gives back as
/// LF, and always has a line, since a message without one is not dispatched. An empty `event`
/// writes no name; an empty `id`, other than none, resets the id of the stream.
///
/// Refused, since it would start another field or be ignored: CR or LF in `event` or `id`, NUL in
/// `id`.
[[nodiscard]] Result<std::string> encode(std::string_view event, std::string_view data,
                                         std::optional<std::string_view> id = std::nullopt,
                                         std::optional<std::uint64_t> retry_ms = std::nullopt);

}  // namespace tapedeck::sse
