#include "core/base/rate.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/base/check.hpp"

namespace tapedeck {
namespace {

constexpr int digits_max = 6;  // before and after the decimal point
constexpr std::int64_t limit = 1'000'000;

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// `time_ns` times `num` / `den`, rounded down; saturates.
std::int64_t scaled(std::int64_t time_ns, std::int64_t num, std::int64_t den) {
  __extension__ using Wide = __int128;
  const Wide product = static_cast<Wide>(time_ns) * num;
  Wide quotient = product / den;
  if (product % den < 0) {
    --quotient;
  }
  constexpr Wide min = std::numeric_limits<std::int64_t>::min();
  constexpr Wide max = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(quotient, min, max));
}

}  // namespace

Result<Rate> Rate::parse(std::string_view text) {
  if (text == "max") {
    return unlimited();
  }
  std::int64_t num = 0;
  std::int64_t den = 1;
  bool digits = false;
  bool point = false;
  bool good = !text.empty();
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (is_digit(c)) {
      digits = true;
      num = num * 10 + (c - '0');
      den *= point ? 10 : 1;
      good = good && num <= limit * limit && den <= limit;
    } else {
      good = false;
    }
    if (!good) {
      break;
    }
  }
  if (!good || !digits || num == 0 || num / den > limit || (num / den == limit && num % den != 0)) {
    return fail_usage("'" + std::string(text) +
                      "' is not a speed; write 1, 10, 0.5 or max (from 0.000001 to 1000000)");
  }
  const std::int64_t divisor = std::gcd(num, den);
  return Rate{num / divisor, den / divisor};
}

std::int64_t Rate::scale(std::int64_t recorded_ns) const {
  return is_unlimited() ? 0 : scaled(recorded_ns, den_, num_);
}

std::int64_t Rate::unscale(std::int64_t replay_ns) const {
  check(!is_unlimited(), "the recorded time of a replay without a rate");
  return scaled(replay_ns, num_, den_);
}

std::string Rate::to_string() const {
  if (is_unlimited()) {
    return "max";
  }
  std::string text = std::to_string(num_ / den_);
  std::int64_t rest = num_ % den_;
  if (rest != 0) {
    text += '.';
    for (int i = 0; i < digits_max && rest != 0; ++i) {
      rest *= 10;
      text += static_cast<char>('0' + rest / den_);
      rest %= den_;
    }
  }
  return text;
}

}  // namespace tapedeck
