// A moment as Date.prototype.toISOString writes it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tapedeck {

/// `2026-01-05T09:00:00.000Z`, in UTC; a year before 0 or after 9999 has a sign and six digits
/// (ECMA-262, 21.4.1.32). A value: its text lives as long as it does.
class IsoTime {
 public:
  /// At most 8.64e15 from 1970 in either direction, as a Date.
  explicit IsoTime(std::int64_t unix_ms);

  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

 private:
  void put(char c) { text_[size_++] = c; }
  void put_digits(unsigned number, std::size_t digits);

  std::array<char, 27> text_{};
  std::size_t size_ = 0;
};

}  // namespace tapedeck
