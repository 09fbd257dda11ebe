// Finds where a line of an event stream ends: at the first CR or LF. The inner loop of core/sse.
//
// The same in several instruction sets; the best one that the processor has is chosen at run time.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace tapedeck::sse {

struct LineScan {
  std::size_t length = 0;  ///< bytes before the first CR or LF; all of them where there is none
  bool ascii = true;       ///< none of these bytes is above 0x7f
};

using ScanLine = LineScan (*)(std::string_view bytes);

/// A way to scan that works on this machine.
struct LineScanner {
  std::string_view name;
  ScanLine scan;
};

/// From the slowest, which knows nothing of the processor, to the fastest.
[[nodiscard]] std::vector<LineScanner> line_scanners();

/// The fastest.
[[nodiscard]] ScanLine fastest_line_scanner();

}  // namespace tapedeck::sse
