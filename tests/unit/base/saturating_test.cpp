#include "core/base/saturating.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

TEST(Saturating, StopsAtTheEnds) {
  EXPECT_EQ(saturating_add(2, -3), -1);
  EXPECT_EQ(saturating_add(most, 1), most);
  EXPECT_EQ(saturating_add(least, -1), least);
  EXPECT_EQ(saturating_add(most, least), -1);
  EXPECT_EQ(saturating_distance(3, 2), -1);
  EXPECT_EQ(saturating_distance(-1, most), most);
  EXPECT_EQ(saturating_distance(1, least), least);
  EXPECT_EQ(saturating_distance(least, 0), most);
}

}  // namespace
}  // namespace tapedeck
