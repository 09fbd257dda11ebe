#include "core/sse/line_scanner_private.hpp"

#if defined(__aarch64__)

#include <algorithm>

#include <arm_neon.h>

namespace tapedeck::sse {
namespace {

/// Four bits for each byte of `v`, which is all ones or all zeros in every byte.
std::uint64_t mask_of(uint8x16_t v) {
  const uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(v), 4);
  return vget_lane_u64(vreinterpret_u64_u8(narrow), 0);
}

std::uint64_t high_of(uint8x16_t v) {
  return mask_of(vcgeq_u8(v, vdupq_n_u8(0x80)));
}

/// Ends with a step that overlaps the one before: what it sees twice holds no line end.
LineScan scan_line_neon(std::string_view bytes) {
  constexpr std::size_t step = 16;
  if (bytes.size() < step) {
    return scan_line_scalar(bytes);
  }
  const uint8x16_t lf = vdupq_n_u8('\n');
  const uint8x16_t cr = vdupq_n_u8('\r');
  uint8x16_t seen = vdupq_n_u8(0);
  for (std::size_t i = 0;; i = std::min(i + step, bytes.size() - step)) {
    const uint8x16_t v = vld1q_u8(reinterpret_cast<const std::uint8_t*>(bytes.data() + i));
    const std::uint64_t ends = mask_of(vorrq_u8(vceqq_u8(v, lf), vceqq_u8(v, cr)));
    if (ends != 0) {
      return line_ended(i, ends, high_of(v), high_of(seen) == 0, 4);
    }
    seen = vorrq_u8(seen, v);
    if (i + step == bytes.size()) {
      return {bytes.size(), high_of(seen) == 0};
    }
  }
}

}  // namespace

void add_arm_line_scanners(std::vector<LineScanner>& scanners) {
  scanners.push_back({"neon", scan_line_neon});
}

}  // namespace tapedeck::sse

#else

namespace tapedeck::sse {
void add_arm_line_scanners(std::vector<LineScanner>& /*scanners*/) {}
}  // namespace tapedeck::sse

#endif
