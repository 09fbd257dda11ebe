// Durations as int64 nanoseconds: constants, the DURATION of the command line, and how it prints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck {

inline constexpr std::int64_t ns_per_us = 1'000;
inline constexpr std::int64_t ns_per_ms = 1'000'000;
inline constexpr std::int64_t ns_per_s = 1'000'000'000;

/// Reads `250ms`, `12.5s`, `3m`, `1h`, `40us`, `7ns`; a bare number is seconds. Exact in decimal;
/// digits below a nanosecond, a sign and a value past int64 are refused.
[[nodiscard]] Result<std::int64_t> parse_duration(std::string_view text);

/// Reads `4096`, `64MiB`, `1GiB`, `500MB`: a whole number of bytes, or of KiB, MiB, GiB and TiB
/// (powers of 1024) or KB, MB, GB and TB (powers of 1000). A value past int64 is refused.
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);

/// `340ms`, `12.5s`, `3m04.250s`, `1h02m03s`: short, for people, at most millisecond precision
/// from a second on.
[[nodiscard]] std::string format_duration(std::int64_t ns);

/// `2026-11-24T05:22:43.120Z`: `unix_ns` as ISO 8601 in UTC, truncated to milliseconds.
[[nodiscard]] std::string format_wall_time(std::int64_t unix_ns);

/// `1,234,567`: a count for people.
[[nodiscard]] std::string format_count(std::uint64_t count);

/// `1 frame`, `1,500 frames`: so many of what `noun` names, which makes its plural with an s.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

/// `512 B`, `1.5 KiB`, `3.2 MiB`: a size for people.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

}  // namespace tapedeck
