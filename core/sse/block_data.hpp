// The data of a block as its lines carry it, and the block with other data.
#pragma once

#include <string>
#include <string_view>

namespace tapedeck::sse {

/// `block` with `data`, split at each line end, on its data lines; every other line, the order of
/// the lines, their ends and the space after a colon stay. Where `data` has more lines than the
/// block they follow its last data line, and where it has fewer, data lines go. A block without a
/// data line stays as it is.
[[nodiscard]] std::string with_data(std::string_view block, std::string_view data);

}  // namespace tapedeck::sse
