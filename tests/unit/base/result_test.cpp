#include "core/base/result.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) {
    return fail_usage(std::to_string(number) + " is odd");
  }
  return number / 2;
}

TEST(Result, IsAValueOrAnError) {
  const Result<int> half = half_of(8);
  ASSERT_TRUE(half);
  EXPECT_EQ(*half, 4);
  const Result<int> none = half_of(7);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::usage);
  EXPECT_EQ(none.error().message, "7 is odd");
}

TEST(Result, PassesAnErrorOn) {
  const Result<std::string> passed = fail(half_of(5).error());
  ASSERT_FALSE(passed);
  EXPECT_EQ(passed.error().message, "5 is odd");
}

TEST(Result, GivesAwayWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> owner = *std::move(result);
  EXPECT_EQ(*owner, 3);
}

/// Says of each item whether it still lives.
struct Item {
  std::shared_ptr<int> owner = std::make_shared<int>();
  std::weak_ptr<int> watch = owner;
};

Result<std::vector<Item>> items() {
  return std::vector<Item>(3);
}

// A `T&&` would dangle here: a loop keeps what it loops over, not what that lies in.
TEST(Result, OfATemporaryLivesAsLongAsTheLoopOverIt) {
  std::vector<std::weak_ptr<int>> watches;
  int alive = 0;
  static_assert(std::is_same_v<decltype(items().value()), std::vector<Item>>);
  static_assert(std::is_same_v<decltype(*items()), std::vector<Item>>);
  for (const Item& item : items().value()) {
    alive += item.watch.expired() ? 0 : 1;
    watches.push_back(item.watch);
  }
  EXPECT_EQ(alive, 3);
  EXPECT_TRUE(watches.front().expired());
}

}  // namespace
}  // namespace tapedeck
