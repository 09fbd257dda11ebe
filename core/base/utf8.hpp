// UTF-8 decoding with replacement, as the Encoding Standard's "UTF-8 decode without BOM" does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tapedeck {

/// U+FEFF, with which a text or a stream may begin.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// Length of the longest valid prefix of `bytes`.
[[nodiscard]] std::size_t valid_utf8_prefix(std::string_view bytes);

/// Whether all of `bytes` is valid: faster than asking for the prefix.
[[nodiscard]] bool is_valid_utf8(std::string_view bytes);

/// Appends `bytes` to `out` with each maximal ill-formed part replaced by U+FFFD (Unicode 15,
/// section 3.9, "substitution of maximal subparts"; Encoding Standard, UTF-8 decoder).
void append_utf8_lossy(std::string& out, std::string_view bytes);

}  // namespace tapedeck
