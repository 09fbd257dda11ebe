#include "cli/wall_clock.hpp"

#include <chrono>

namespace tapedeck::cli {

std::int64_t wall_now_ns() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

}  // namespace tapedeck::cli
