#include "core/sse/line_scanner.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/sse/line_scanner_private.hpp"

namespace tapedeck::sse {
namespace {

constexpr std::uint64_t lows = 0x0101010101010101U;
constexpr std::uint64_t highs = 0x8080808080808080U;

/// Not zero when one of the eight bytes is `byte`.
constexpr std::uint64_t with_byte(std::uint64_t word, unsigned char byte) {
  const std::uint64_t difference = word ^ (lows * byte);
  return (difference - lows) & ~difference & highs;
}

}  // namespace

LineScan scan_line_scalar(std::string_view bytes) {
  std::size_t i = 0;
  std::uint64_t seen = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    if ((with_byte(word, '\n') | with_byte(word, '\r')) != 0) {
      break;
    }
    seen |= word;
  }
  for (; i < bytes.size() && bytes[i] != '\n' && bytes[i] != '\r'; ++i) {
    seen |= static_cast<unsigned char>(bytes[i]);
  }
  return {i, (seen & highs) == 0};
}

std::vector<LineScanner> line_scanners() {
  std::vector<LineScanner> scanners{{"scalar", scan_line_scalar}};
  add_x86_line_scanners(scanners);
  add_arm_line_scanners(scanners);
  return scanners;
}

ScanLine fastest_line_scanner() {
  static const ScanLine fastest = line_scanners().back().scan;
  return fastest;
}

}  // namespace tapedeck::sse
