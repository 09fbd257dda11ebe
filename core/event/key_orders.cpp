#include "core/event/key_orders.hpp"

#include <atomic>
#include <cstring>

namespace tapedeck::event {
namespace {

constexpr std::size_t members_min = 8;
constexpr std::size_t members_max = 256;

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

bool KeyOrders::is(const Order& order, std::span<const Member> members) {
  if (order.keys.size() != members.size()) {
    return false;
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Key& key = order.keys[i];
    const char* const text = members[i].key.data();
    std::uint64_t other = key.size ^ members[i].key.size();
    for (std::size_t word = 0; word < key.text.size(); ++word) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, text + word * sizeof(bytes), sizeof(bytes));
      other |= (bytes & key.mask[word]) ^ key.text[word];
    }
    if (other != 0) {
      return false;
    }
  }
  return true;
}

std::uint64_t KeyOrders::find(std::span<const Member> members) {
  if (members.size() < members_min) {
    return 0;
  }
  for (std::size_t i = 0; i < orders_.size(); ++i) {
    const std::size_t place = (last_ + i) % orders_.size();
    if (is(orders_[place], members)) {
      last_ = place;
      return orders_[place].number;
    }
  }
  return 0;
}

std::uint64_t KeyOrders::learn(std::span<const Member> members) {
  if (members.size() < members_min || members.size() > members_max) {
    return 0;
  }
  for (const Member& member : members) {
    if (member.key.size() > key_bytes_max) {
      return 0;
    }
  }
  last_ = (last_ + 1) % orders_.size();
  Order& order = orders_[last_];
  order.number = next_number();
  order.keys.assign(members.size(), Key{});
  for (std::size_t i = 0; i < members.size(); ++i) {
    Key& key = order.keys[i];
    key.size = members[i].key.size();
    std::memcpy(key.text.data(), members[i].key.data(), key.size);
    std::memset(key.mask.data(), 0xff, key.size);
  }
  return order.number;
}

}  // namespace tapedeck::event
