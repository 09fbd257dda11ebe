// The time of day, for what a tape says of when it was recorded.
#pragma once

#include <cstdint>

namespace tapedeck::cli {

/// Unix time.
[[nodiscard]] std::int64_t wall_now_ns();

}  // namespace tapedeck::cli
