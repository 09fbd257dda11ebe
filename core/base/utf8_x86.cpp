#include "core/base/utf8_private.hpp"

#if defined(__x86_64__)

#include <cstddef>

#include <immintrin.h>

namespace tapedeck::utf8 {
namespace {

constexpr std::size_t step = sizeof(__m256i);

[[gnu::target("avx2")]] __m256i load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

/// What `table` has for the low half of each byte of `index`, which is below 0x80.
[[gnu::target("avx2")]] __m256i look_up(const Table& table, __m256i index) {
  const __m128i entries = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data()));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(entries), index);
}

/// Not zero where `v`, which follows `before`, shows a fault.
[[gnu::target("avx2")]] __m256i faults(__m256i v, __m256i before) {
  const __m256i low_half = _mm256_set1_epi8(0x0f);
  const __m256i across = _mm256_permute2x128_si256(before, v, 0x21);
  const __m256i back_1 = _mm256_alignr_epi8(v, across, 15);
  const __m256i back_2 = _mm256_alignr_epi8(v, across, 14);
  const __m256i back_3 = _mm256_alignr_epi8(v, across, 13);
  const __m256i first_high = _mm256_and_si256(_mm256_srli_epi16(back_1, 4), low_half);
  const __m256i first_low = _mm256_and_si256(back_1, low_half);
  const __m256i second_high = _mm256_and_si256(_mm256_srli_epi16(v, 4), low_half);
  const __m256i pairs = _mm256_and_si256(
      _mm256_and_si256(look_up(by_first_high, first_high), look_up(by_first_low, first_low)),
      look_up(by_second_high, second_high));
  // The third and fourth byte of a sequence are the second of two continuations, and no other is.
  const __m256i third = _mm256_subs_epu8(back_2, _mm256_set1_epi8('\xe0' - '\x80'));
  const __m256i fourth = _mm256_subs_epu8(back_3, _mm256_set1_epi8('\xf0' - '\x80'));
  const __m256i high_bit = _mm256_set1_epi8('\x80');
  return _mm256_xor_si256(pairs, _mm256_and_si256(_mm256_or_si256(third, fourth), high_bit));
}

[[gnu::target("avx2")]] bool is_valid_avx2(std::string_view bytes) {
  __m256i fault = _mm256_setzero_si256();
  __m256i before = fault;
  std::size_t i = 0;
  for (; i + 2 * step <= bytes.size(); i += 2 * step) {
    const __m256i v = load(bytes.data() + i);
    const __m256i w = load(bytes.data() + i + step);
    if (_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(v, w), before)) != 0) {
      fault = _mm256_or_si256(fault, faults(v, before));
      fault = _mm256_or_si256(fault, faults(w, v));
    }
    before = w;
  }
  // The zeros after the end show a sequence that it cuts off.
  alignas(__m256i) char rest[2 * step] = {};
  bytes.copy(rest, 2 * step, i);
  const __m256i v = load(rest);
  const __m256i w = load(rest + step);
  fault = _mm256_or_si256(fault, faults(v, before));
  fault = _mm256_or_si256(fault, faults(w, v));
  return _mm256_testz_si256(fault, fault) != 0;
}

}  // namespace

IsValid x86_validator() {
  return __builtin_cpu_supports("avx2") ? is_valid_avx2 : nullptr;
}

}  // namespace tapedeck::utf8

#else

namespace tapedeck::utf8 {
IsValid x86_validator() {
  return nullptr;
}
}  // namespace tapedeck::utf8

#endif
