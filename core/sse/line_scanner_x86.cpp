#include "core/sse/line_scanner_private.hpp"

#if defined(__x86_64__)

#include <algorithm>

#include <immintrin.h>

namespace tapedeck::sse {
namespace {

// Both loops end with a step that overlaps the one before: what it sees twice holds no line end.

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

[[gnu::target("avx2")]] LineScan scan_line_avx2(std::string_view bytes) {
  constexpr std::size_t step = 64;
  if (bytes.size() < step) {
    return scan_line_sse2(bytes);
  }
  // A shuffle puts at each byte the line end that has its low half, and one comparison tells. At
  // the other halves stands a byte that nothing equals: above 0x7f, where a shuffle puts zero.
  constexpr char no = '\x80';
  const __m256i ends_by_low_half = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(no, no, no, no, no, no, no, no, no, no, '\n', no, no, '\r', no, no));
  __m256i seen = _mm256_setzero_si256();
  for (std::size_t i = 0;; i = std::min(i + step, bytes.size() - step)) {
    const auto* const at = reinterpret_cast<const __m256i*>(bytes.data() + i);
    const __m256i a = _mm256_loadu_si256(at);
    const __m256i b = _mm256_loadu_si256(at + 1);
    const __m256i end_a = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(ends_by_low_half, a), a);
    const __m256i end_b = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(ends_by_low_half, b), b);
    if (_mm256_movemask_epi8(_mm256_or_si256(end_a, end_b)) != 0) {
      const auto both = [](int low, int high) {
        return std::uint64_t{static_cast<unsigned>(high)} << 32U | static_cast<unsigned>(low);
      };
      return line_ended(i, both(_mm256_movemask_epi8(end_a), _mm256_movemask_epi8(end_b)),
                        both(_mm256_movemask_epi8(a), _mm256_movemask_epi8(b)),
                        _mm256_movemask_epi8(seen) == 0);
    }
    seen = _mm256_or_si256(seen, _mm256_or_si256(a, b));
    if (i + step == bytes.size()) {
      return {bytes.size(), _mm256_movemask_epi8(seen) == 0};
    }
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
