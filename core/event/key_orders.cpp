#include "core/event/key_orders.hpp"

#include <algorithm>
#include <atomic>

#include "core/base/check.hpp"

namespace tapedeck::event {
namespace {

constexpr std::size_t members_min = 8;
constexpr std::size_t members_max = 256;

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

bool is_learnable(const Member& member) {
  const std::string_view key = member.key;
  const bool may_be_index = !key.empty() && key.front() >= '0' && key.front() <= '9';
  return key.size() <= ExpectedKey::key_bytes_max && !may_be_index;
}

}  // namespace

ExpectedKey::ExpectedKey(std::string_view key) : size_(key.size()) {
  check(size_ <= key_bytes_max, "a key that is expected is not too long");
  constexpr std::string_view behind = "\":";
  auto* const text = reinterpret_cast<char*>(text_.data());
  std::copy(behind.begin(), behind.end(), std::copy(key.begin(), key.end(), text));
  std::memset(mask_.data(), 0xff, size_ + behind.size());
}

std::uint64_t KeyOrders::find(std::span<const Member> members) {
  for (std::size_t i = 0; i < orders_.size(); ++i) {
    const std::size_t place = (last_ + i) % orders_.size();
    const KeyOrder& order = orders_[place];
    const auto is_same = [](const ExpectedKey& expected, const Member& member) {
      return expected.key() == member.key;
    };
    if (!order.keys.empty() && std::ranges::equal(order.keys, members, is_same)) {
      last_ = place;
      return order.number;
    }
  }
  return 0;
}

std::uint64_t KeyOrders::learn(std::span<const Member> members) {
  if (members.size() < members_min || members.size() > members_max ||
      !std::ranges::all_of(members, is_learnable)) {
    return 0;
  }
  last_ = (last_ + 1) % orders_.size();
  KeyOrder& order = orders_[last_];
  order.number = next_number();
  order.keys.clear();
  for (const Member& member : members) {
    order.keys.emplace_back(member.key);
  }
  return order.number;
}

}  // namespace tapedeck::event
