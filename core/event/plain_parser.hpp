// JSON.parse byte by byte: exact where it is not fast. Used by the decoder for what simdjson
// refuses.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/event/decoder.hpp"
#include "core/event/tree.hpp"

namespace tapedeck::event {

/// Reads `text` (ECMA-262, 25.5.1; the grammar is that of ECMA-404) into `tree`. What the value
/// holds lies in the tree's arena.
[[nodiscard]] Decoded parse_plainly(std::string_view text, std::size_t depth_max, Tree& tree);

}  // namespace tapedeck::event
