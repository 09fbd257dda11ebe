// Finds where a line of an event stream ends: at the first CR or LF. The inner loop of core/sse.
#pragma once

#include <cstddef>
#include <string_view>

namespace tapedeck::sse {

struct LineScan {
  std::size_t length = 0;  ///< bytes before the first CR or LF; all of them where there is none
  bool ascii = true;       ///< none of these bytes is above 0x7f
};

[[nodiscard]] LineScan scan_line(std::string_view bytes);

}  // namespace tapedeck::sse
