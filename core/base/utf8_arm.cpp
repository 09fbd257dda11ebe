#include "core/base/utf8_private.hpp"

#if defined(__aarch64__)

#include <cstddef>

#include <arm_neon.h>

namespace tapedeck::utf8 {
namespace {

constexpr std::size_t step = sizeof(uint8x16_t);

uint8x16_t load(const char* from) {
  return vld1q_u8(reinterpret_cast<const std::uint8_t*>(from));
}

/// Not zero where `v`, which follows `before`, shows a fault.
uint8x16_t faults(uint8x16_t v, uint8x16_t before) {
  const uint8x16_t low_half = vdupq_n_u8(0x0f);
  const uint8x16_t back_1 = vextq_u8(before, v, 15);
  const uint8x16_t back_2 = vextq_u8(before, v, 14);
  const uint8x16_t back_3 = vextq_u8(before, v, 13);
  const uint8x16_t pairs =
      vandq_u8(vandq_u8(vqtbl1q_u8(vld1q_u8(by_first_high.data()), vshrq_n_u8(back_1, 4)),
                        vqtbl1q_u8(vld1q_u8(by_first_low.data()), vandq_u8(back_1, low_half))),
               vqtbl1q_u8(vld1q_u8(by_second_high.data()), vshrq_n_u8(v, 4)));
  // The third and fourth byte of a sequence are the second of two continuations, and no other is.
  const uint8x16_t third = vqsubq_u8(back_2, vdupq_n_u8(0xe0 - 0x80));
  const uint8x16_t fourth = vqsubq_u8(back_3, vdupq_n_u8(0xf0 - 0x80));
  return veorq_u8(pairs, vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(0x80)));
}

bool is_valid_neon(std::string_view bytes) {
  uint8x16_t fault = vdupq_n_u8(0);
  uint8x16_t before = fault;
  std::size_t i = 0;
  for (; i + step <= bytes.size(); i += step) {
    const uint8x16_t v = load(bytes.data() + i);
    if (vmaxvq_u8(vorrq_u8(v, before)) >= 0x80) {
      fault = vorrq_u8(fault, faults(v, before));
    }
    before = v;
  }
  // The zeros after the end show a sequence that it cuts off.
  char rest[step] = {};
  bytes.copy(rest, step, i);
  fault = vorrq_u8(fault, faults(load(rest), before));
  return vmaxvq_u8(fault) == 0;
}

}  // namespace

IsValid arm_validator() {
  return is_valid_neon;
}

}  // namespace tapedeck::utf8

#else

namespace tapedeck::utf8 {
IsValid arm_validator() {
  return nullptr;
}
}  // namespace tapedeck::utf8

#endif
