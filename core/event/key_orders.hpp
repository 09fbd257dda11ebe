// Orders of keys that objects have had: whether another object has the same keys in the same order
// is then seen at a glance, and with it that no two of them are the same. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/event/value.hpp"

namespace tapedeck::event {

class KeyOrders {
 public:
  /// Behind each key that is asked about or learned this many bytes may be read.
  static constexpr std::size_t key_bytes_max = 32;

  /// The number of the order in which the keys of `members` stand, 0 where it is not known. No
  /// other order of this process has the same number.
  [[nodiscard]] std::uint64_t find(std::span<const Member> members);

  /// Learns the order of `members`: no two have the same key, and they are in JavaScript's order.
  /// Returns its number, 0 where it is not learned: it is too short to matter, or too long.
  std::uint64_t learn(std::span<const Member> members);

 private:
  struct Key {
    std::array<std::uint64_t, key_bytes_max / sizeof(std::uint64_t)> text;
    std::array<std::uint64_t, key_bytes_max / sizeof(std::uint64_t)> mask;
    std::size_t size;
  };
  struct Order {
    std::uint64_t number = 0;
    std::vector<Key> keys;
  };

  [[nodiscard]] static bool is(const Order& order, std::span<const Member> members);

  std::array<Order, 4> orders_;
  std::size_t last_ = 0;  // that was found or learned
};

}  // namespace tapedeck::event
