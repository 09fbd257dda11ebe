// Orders of keys that objects have had: whether another object has the same keys in the same order
// is then seen at a glance, and with it that no two of them are the same. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "core/event/value.hpp"

namespace tapedeck::event {

/// A key with the quote and the colon after it, to be compared with what stands in a text.
class ExpectedKey {
 public:
  /// So many bytes of a text are read where a key may stand.
  static constexpr std::size_t bytes_read = 32;
  static constexpr std::size_t key_bytes_max = bytes_read - 2;

  /// `key` is not longer than key_bytes_max.
  explicit ExpectedKey(std::string_view key);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view key() const {
    return {reinterpret_cast<const char*>(text_.data()), size_};
  }

  /// Whether it stands at `text`.
  [[nodiscard]] bool is_at(const char* text) const {
    std::uint64_t other = 0;
    for (std::size_t word = 0; word < words; ++word) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, text + word * sizeof(bytes), sizeof(bytes));
      other |= (bytes & mask_[word]) ^ text_[word];
    }
    return other == 0;
  }

 private:
  static constexpr std::size_t words = bytes_read / sizeof(std::uint64_t);

  std::array<std::uint64_t, words> text_{};
  std::array<std::uint64_t, words> mask_{};
  std::size_t size_;
};

struct KeyOrder {
  std::uint64_t number = 0;  ///< no other order of this process has the same
  std::vector<ExpectedKey> keys;
};

class KeyOrders {
 public:
  /// The order that was found or learned last; one without keys where there is none.
  [[nodiscard]] const KeyOrder& last() const { return orders_[last_]; }

  /// The number of the order in which the keys of `members` stand, 0 where it is not known.
  [[nodiscard]] std::uint64_t find(std::span<const Member> members);

  /// Learns the order of `members`, no two of which have the same key. Returns its number, 0 where
  /// it is not learned: it is too short to matter or too long, or has keys that JavaScript moves.
  std::uint64_t learn(std::span<const Member> members);

 private:
  std::array<KeyOrder, 4> orders_;
  std::size_t last_ = 0;
};

}  // namespace tapedeck::event
