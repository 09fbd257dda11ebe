#include "core/base/random.hpp"

#include <set>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(Random, SplitMixGivesTheNumbersOfItsAuthors) {
  std::uint64_t state = 1234567;
  EXPECT_EQ(split_mix(state), 6457827717110365317U);
  EXPECT_EQ(split_mix(state), 3203168211198807973U);
  EXPECT_EQ(split_mix(state), 9817491932198370423U);
}

TEST(Random, XoshiroGivesTheNumbersOfItsAuthors) {
  Random random({1, 2, 3, 4});
  EXPECT_EQ(random.next(), 11520U);
  EXPECT_EQ(random.next(), 0U);
  EXPECT_EQ(random.next(), 1509978240U);
  EXPECT_EQ(random.next(), 1215971899390074240U);
}

TEST(Random, BelowReachesEveryNumberAndNoOther) {
  for (std::uint64_t bound : {1U, 2U, 3U, 7U, 8U, 9U}) {
    Random random(bound);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 400; ++i) {
      seen.insert(random.below(bound));
    }
    EXPECT_EQ(seen.size(), bound);
    EXPECT_EQ(*seen.rbegin(), bound - 1);
  }
}

TEST(Random, BetweenIncludesBothEnds) {
  Random random(3);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) {
    seen.insert(random.between(-2, 2));
  }
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(random.between(5, 5), 5);
  EXPECT_LE(random.between(INT64_MIN, INT64_MAX), INT64_MAX);
}

TEST(Random, UuidsAreOfVersionFour) {
  Random random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = random.uuid();
    ASSERT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 100U);
}

TEST(Random, DerivedUuidsHangOnBothNamesAndTheirBorder) {
  EXPECT_EQ(derived_uuid("a", "b"), derived_uuid("a", "b"));
  EXPECT_NE(derived_uuid("a", "b"), derived_uuid("b", "a"));
  EXPECT_NE(derived_uuid("ab", "c"), derived_uuid("a", "bc"));
}

}  // namespace
}  // namespace tapedeck
