#include "core/base/units.hpp"

#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <limits>
#include <string>

#include "core/base/iso_time.hpp"

namespace tapedeck {
namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t ns;
  int decimals;  // decimal digits that still name a whole nanosecond
};

constexpr std::array<Unit, 7> units{{{"ns", 1, 0},
                                     {"us", ns_per_us, 3},
                                     {"ms", ns_per_ms, 6},
                                     {"s", ns_per_s, 9},
                                     {"m", 60 * ns_per_s, 9},
                                     {"h", 3600 * ns_per_s, 9},
                                     {"", ns_per_s, 9}}};

struct SizeUnit {
  std::string_view suffix;
  std::int64_t bytes;
};

constexpr std::array<SizeUnit, 10> size_units{{{"", 1},
                                               {"B", 1},
                                               {"KiB", std::int64_t{1} << 10},
                                               {"MiB", std::int64_t{1} << 20},
                                               {"GiB", std::int64_t{1} << 30},
                                               {"TiB", std::int64_t{1} << 40},
                                               {"KB", 1'000},
                                               {"MB", 1'000'000},
                                               {"GB", 1'000'000'000},
                                               {"TB", 1'000'000'000'000}}};

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Failure bad_duration(std::string_view text) {
  return fail_usage("'" + std::string(text) +
                    "' is not a duration; write it like 250ms, 12.5s, 3m or 1h");
}

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && is_digit(text[i])) {
    ++i;
  }
  const std::string_view whole = text.substr(0, i);
  std::string_view fraction;
  if (i < text.size() && text[i] == '.') {
    const std::size_t start = ++i;
    while (i < text.size() && is_digit(text[i])) {
      ++i;
    }
    fraction = text.substr(start, i - start);
    if (fraction.empty()) {
      return bad_duration(text);
    }
  }
  if (whole.empty()) {
    return bad_duration(text);
  }
  const std::string_view suffix = text.substr(i);
  for (const Unit& unit : units) {
    if (unit.suffix != suffix) {
      continue;
    }
    if (fraction.size() > static_cast<std::size_t>(unit.decimals)) {
      return bad_duration(text);
    }
    __extension__ using Wide = __int128;
    constexpr Wide limit = std::numeric_limits<std::int64_t>::max();
    Wide ns = 0;
    for (const char c : whole) {
      ns = ns * 10 + (c - '0');
      if (ns > limit) {
        return bad_duration(text);
      }
    }
    ns *= unit.ns;
    Wide digit_ns = unit.ns;
    Wide scaled = 0;
    Wide divisor = 1;
    for (const char c : fraction) {
      scaled = scaled * 10 + (c - '0');
      divisor *= 10;
    }
    ns += scaled * digit_ns / divisor;
    if (ns > limit) {
      return bad_duration(text);
    }
    return static_cast<std::int64_t>(ns);
  }
  return bad_duration(text);
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc{} && count >= 0) {
    for (const SizeUnit& unit : size_units) {
      if (std::string_view(stop, end) == unit.suffix &&
          count <= std::numeric_limits<std::int64_t>::max() / unit.bytes) {
        return static_cast<std::uint64_t>(count * unit.bytes);
      }
    }
  }
  return fail_usage("'" + std::string(text) +
                    "' is not a size; write it like 4096, 64MiB, 1GiB or 500MB");
}

std::string format_duration(std::int64_t ns) {
  const char* sign = ns < 0 ? "-" : "";
  const std::uint64_t magnitude =
      ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  const std::uint64_t ms = magnitude / ns_per_ms;
  const std::uint64_t s = ms / 1000;
  std::array<char, 64> text{};
  if (magnitude < static_cast<std::uint64_t>(ns_per_ms)) {
    std::snprintf(text.data(), text.size(), "%s%" PRIu64 "us", sign, magnitude / ns_per_us);
  } else if (s == 0) {
    std::snprintf(text.data(), text.size(), "%s%" PRIu64 "ms", sign, ms);
  } else if (s < 60) {
    std::snprintf(text.data(), text.size(), "%s%" PRIu64 ".%03" PRIu64 "s", sign, s, ms % 1000);
  } else if (s < 3600) {
    std::snprintf(text.data(), text.size(), "%s%" PRIu64 "m%02" PRIu64 ".%03" PRIu64 "s", sign,
                  s / 60, s % 60, ms % 1000);
  } else {
    std::snprintf(text.data(), text.size(), "%s%" PRIu64 "h%02" PRIu64 "m%02" PRIu64 "s", sign,
                  s / 3600, s / 60 % 60, s % 60);
  }
  return text.data();
}

std::string format_wall_time(std::int64_t unix_ns) {
  std::int64_t ms = unix_ns / ns_per_ms;
  if (unix_ns % ns_per_ms < 0) {
    --ms;
  }
  return std::string(IsoTime(ms).text());
}

std::string format_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) {
    text.insert(at - 3, ",");
  }
  return text;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return format_count(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1024) {
    return std::to_string(bytes) + " B";
  }
  constexpr std::array<const char*, 4> names{"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < names.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, names[unit]);
  return text.data();
}

}  // namespace tapedeck
