// Validating UTF-8 a vector at a time: the tables, and who has vectors.
//
// After J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte" (2020).
// Every fault but a wrong count of continuation bytes shows in two bytes that follow one another.
// Three table look-ups, by the two halves of the first byte and the high half of the second, each
// give the set of faults that are possible; what all three allow is there.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tapedeck::utf8 {

/// The name says the fault, the comment the two bytes.
enum Fault : std::uint8_t {
  too_short = 1U << 0U,         ///< a lead byte, then none of 10xxxxxx
  too_long = 1U << 1U,          ///< 0xxxxxxx 10xxxxxx
  overlong_3 = 1U << 2U,        ///< 11100000 100xxxxx
  too_large = 1U << 3U,         ///< 11110100 1001xxxx and above
  surrogate = 1U << 4U,         ///< 11101101 101xxxxx
  overlong_2 = 1U << 5U,        ///< 1100000x 10xxxxxx
  too_large_1000 = 1U << 6U,    ///< 11110101 1000xxxx and above
  overlong_4 = 1U << 6U,        ///< 11110000 1000xxxx; told from the one before by the low half
  two_continuations = 1U << 7U  ///< 10xxxxxx 10xxxxxx: right in a sequence of three or four only
};

using Table = std::array<std::uint8_t, 16>;

inline constexpr std::uint8_t any_low = too_short | too_long | two_continuations;
inline constexpr std::uint8_t above_4 = any_low | too_large | too_large_1000;
inline constexpr std::uint8_t any_continuation = too_long | two_continuations | overlong_2;

inline constexpr Table by_first_high{
    too_long,
    too_long,
    too_long,
    too_long,
    too_long,
    too_long,
    too_long,
    too_long,
    two_continuations,
    two_continuations,
    two_continuations,
    two_continuations,
    too_short | overlong_2,
    too_short,
    too_short | overlong_3 | surrogate,
    too_short | too_large | too_large_1000 | overlong_4,
};
inline constexpr Table by_first_low{
    any_low | overlong_2 | overlong_3 | overlong_4,
    any_low | overlong_2,
    any_low,
    any_low,
    any_low | too_large,
    above_4,
    above_4,
    above_4,
    above_4,
    above_4,
    above_4,
    above_4,
    above_4,
    above_4 | surrogate,
    above_4,
    above_4,
};
inline constexpr Table by_second_high{
    too_short,
    too_short,
    too_short,
    too_short,
    too_short,
    too_short,
    too_short,
    too_short,
    any_continuation | overlong_3 | overlong_4 | too_large_1000,
    any_continuation | overlong_3 | too_large,
    any_continuation | surrogate | too_large,
    any_continuation | surrogate | too_large,
    too_short,
    too_short,
    too_short,
    too_short,
};

using IsValid = bool (*)(std::string_view bytes);

/// The validator for this processor, or null where it has none of the instructions wanted. Each is
/// for its own family of processors.
[[nodiscard]] IsValid x86_validator();
[[nodiscard]] IsValid arm_validator();

}  // namespace tapedeck::utf8
