#include "core/sse/line_scanner_private.hpp"

#if defined(__x86_64__)

#include <algorithm>

#include <immintrin.h>

namespace tapedeck::sse {
namespace {

// Both scanners end with a step that overlaps the one before: what it sees twice holds no line end.

LineScan scan_line_sse2(std::string_view bytes) {
  constexpr std::size_t step = 16;
  if (bytes.size() < step) {
    return scan_line_scalar(bytes);
  }
  const __m128i lf = _mm_set1_epi8('\n');
  const __m128i cr = _mm_set1_epi8('\r');
  __m128i seen = _mm_setzero_si128();
  for (std::size_t i = 0;; i = std::min(i + step, bytes.size() - step)) {
    const auto* const at = reinterpret_cast<const __m128i*>(bytes.data() + i);
    const __m128i v = _mm_loadu_si128(at);
    const __m128i end = _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr));
    if (const auto ends = static_cast<unsigned>(_mm_movemask_epi8(end)); ends != 0) {
      const auto high = static_cast<unsigned>(_mm_movemask_epi8(v));
      return line_ended(i, ends, high, _mm_movemask_epi8(seen) == 0);
    }
    seen = _mm_or_si128(seen, v);
    if (i + step == bytes.size()) {
      return {bytes.size(), _mm_movemask_epi8(seen) == 0};
    }
  }
}

/// All ones in the bytes of `v` that are line ends. A shuffle puts at each byte the line end that
/// has its low half, and one comparison tells; at the other halves it puts a byte that none equals:
/// above 0x7f, for which the byte itself would have to be above 0x7f, where a shuffle puts zero.
[[gnu::target("avx2")]] inline __m256i ends_in(__m256i v) {
  constexpr char no = '\x80';
  const __m256i ends_by_low_half = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(no, no, no, no, no, no, no, no, no, no, '\n', no, no, '\r', no, no));
  return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(ends_by_low_half, v), v);
}

[[gnu::target("avx2")]] inline __m256i load(std::string_view bytes, std::size_t offset) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes.data() + offset));
}

[[gnu::target("avx2")]] inline __m256i any_of(__m256i a, __m256i b, __m256i c, __m256i d) {
  return _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
}

[[gnu::target("avx2")]] inline std::uint64_t mask_of(__m256i low, __m256i high) {
  return std::uint64_t{static_cast<unsigned>(_mm256_movemask_epi8(high))} << 32U |
         static_cast<unsigned>(_mm256_movemask_epi8(low));
}

[[gnu::target("avx2")]] LineScan scan_line_avx2(std::string_view bytes) {
  constexpr std::size_t step = 64;
  constexpr std::size_t stride = 128;
  if (bytes.size() < step) {
    return scan_line_sse2(bytes);
  }
  __m256i seen = _mm256_setzero_si256();
  for (std::size_t i = 0;;) {
    const __m256i a = load(bytes, i);
    const __m256i b = load(bytes, i + 32);
    if (const std::uint64_t ends = mask_of(ends_in(a), ends_in(b)); ends != 0) {
      return line_ended(i, ends, mask_of(a, b), _mm256_movemask_epi8(seen) == 0);
    }
    seen = _mm256_or_si256(seen, _mm256_or_si256(a, b));
    if (i + step == bytes.size()) {
      return {bytes.size(), _mm256_movemask_epi8(seen) == 0};
    }
    // Not a short line: go on in strides until one holds an end.
    for (i += step; i + stride <= bytes.size(); i += stride) {
      const __m256i c = load(bytes, i);
      const __m256i d = load(bytes, i + 32);
      const __m256i e = load(bytes, i + 64);
      const __m256i f = load(bytes, i + 96);
      const __m256i ends = any_of(ends_in(c), ends_in(d), ends_in(e), ends_in(f));
      if (_mm256_movemask_epi8(ends) != 0) {
        break;
      }
      seen = _mm256_or_si256(seen, any_of(c, d, e, f));
    }
    i = std::min(i, bytes.size() - step);
  }
}

}  // namespace

void add_x86_line_scanners(std::vector<LineScanner>& scanners) {
  scanners.push_back({"sse2", scan_line_sse2});
  if (__builtin_cpu_supports("avx2")) {
    scanners.push_back({"avx2", scan_line_avx2});
  }
}

}  // namespace tapedeck::sse

#else

namespace tapedeck::sse {
void add_x86_line_scanners(std::vector<LineScanner>& /*scanners*/) {}
}  // namespace tapedeck::sse

#endif
