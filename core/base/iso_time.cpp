#include "core/base/iso_time.hpp"

#include <cstdlib>
#include <ctime>

namespace tapedeck {

IsoTime::IsoTime(std::int64_t unix_ms) {
  std::int64_t seconds = unix_ms / 1000;
  std::int64_t rest = unix_ms % 1000;
  if (rest < 0) {
    rest += 1000;
    --seconds;
  }
  const std::time_t time = seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  const int year = utc.tm_year + 1900;
  const bool is_short = year >= 0 && year <= 9999;
  if (!is_short) {
    put(year < 0 ? '-' : '+');
  }
  put_digits(static_cast<unsigned>(std::abs(year)), is_short ? 4 : 6);
  put('-');
  put_digits(static_cast<unsigned>(utc.tm_mon) + 1, 2);
  put('-');
  put_digits(static_cast<unsigned>(utc.tm_mday), 2);
  put('T');
  put_digits(static_cast<unsigned>(utc.tm_hour), 2);
  put(':');
  put_digits(static_cast<unsigned>(utc.tm_min), 2);
  put(':');
  put_digits(static_cast<unsigned>(utc.tm_sec), 2);
  put('.');
  put_digits(static_cast<unsigned>(rest), 3);
  put('Z');
}

void IsoTime::put_digits(unsigned number, std::size_t digits) {
  for (std::size_t i = digits; i > 0; --i) {
    text_[size_ + i - 1] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  size_ += digits;
}

}  // namespace tapedeck
