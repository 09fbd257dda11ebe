// What the instruction sets of the line scanner share, and who offers what.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "core/sse/line_scanner.hpp"

namespace tapedeck::sse {

[[nodiscard]] LineScan scan_line_scalar(std::string_view bytes);

/// The line that ends in a step that began at `offset`. `ends` and `high` have `bits_per_byte` bits
/// for each byte of the step, set where it is a line end or above 0x7f.
[[nodiscard]] inline LineScan line_ended(std::size_t offset, std::uint64_t ends, std::uint64_t high,
                                         bool ascii_before, int bits_per_byte = 1) {
  const std::uint64_t in_the_line = (ends & (0 - ends)) - 1;
  const auto length = static_cast<std::size_t>(std::countr_zero(ends) / bits_per_byte);
  return {offset + length, ascii_before && (high & in_the_line) == 0};
}

/// Appends what this processor can do beyond the scalar scanner, the fastest last. Each is for its
/// own family of processors and appends nothing elsewhere.
void add_x86_line_scanners(std::vector<LineScanner>& scanners);
void add_arm_line_scanners(std::vector<LineScanner>& scanners);

}  // namespace tapedeck::sse
