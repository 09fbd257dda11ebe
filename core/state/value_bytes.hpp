// Values as bytes, and back: compact, and the same bytes for the same values.
//
//     number = base 128, the lowest digits first, 0x80 on all but the last byte
//     value  = 00 undefined | 01 null | 02 false | 03 true
//            | 04 number               an integer from 0 to 2^53
//            | 05 number               one below 0, without its sign
//            | 06 8 bytes              any other number: an IEEE double, little-endian
//            | 07 number bytes         a text of that many bytes
//            | 08 number               a text that came before: its place among those that count
//            | 09 number value*        an array of so many items
//            | 0a number (key value)*  an object of so many members
//     key    = 00 number bytes | number - 1 is the place of a text that came before
//
// Of the texts of values those count that have text_kept_max bytes at most, of keys all; each where
// it came first. A reader takes any bytes: what is no value fails it, and a failed reader gives
// values that mean nothing. Neither is thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/event/value.hpp"

namespace tapedeck::state {

/// As long as a uuid and some more: what may well come again.
inline constexpr std::size_t text_kept_max = 64;

class ValueWriter {
 public:
  /// Appends to `out`.
  explicit ValueWriter(std::string& out) : out_(out) {}

  void number(std::uint64_t number);
  void signed_number(std::int64_t number);
  void flag(bool flag) { out_ += flag ? '\1' : '\0'; }
  void text(std::string_view text);
  /// What `value` holds must outlive the writer.
  void value(const event::Value& value);

 private:
  void finite(double number);
  void key(std::string_view key);

  std::string& out_;
  std::unordered_map<std::string_view, std::uint64_t> places_;
};

class ValueReader {
 public:
  /// `bytes` must outlive the reader and the values that it gives.
  explicit ValueReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number();
  /// One that is `most` at most.
  std::uint64_t number_up_to(std::uint64_t most);
  std::int64_t signed_number();
  bool flag() { return number_up_to(1) == 1; }
  std::string_view text();
  /// How many things follow that take a byte each at least.
  std::size_t count();
  /// Its strings lie in the bytes, its items and members in `arena`.
  event::Value value(event::Arena& arena);

  void fail() {
    failed_ = true;
    rest_ = {};
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// What has not been read.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  event::Value value(event::Arena& arena, std::size_t depth);
  event::Value array(event::Arena& arena, std::size_t depth);
  event::Value object(event::Arena& arena, std::size_t depth);
  std::uint8_t byte();
  double finite();
  std::string_view known(std::uint64_t place);
  std::string_view key();
  std::size_t values();

  std::string_view rest_;
  bool failed_ = false;
  std::size_t values_ = 0;  ///< of the value that is being read
  std::vector<std::string_view> texts_;
};

}  // namespace tapedeck::state
