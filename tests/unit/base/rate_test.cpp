#include "core/base/rate.hpp"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(Rate, ScalesExactlyWhereADoubleDoesNot) {
  const Rate rate = *Rate::parse("1.1");
  EXPECT_EQ(rate.scale(11), 10);
  EXPECT_EQ(rate.scale(1'100'000'000'000'000'011), 1'000'000'000'000'000'010);
  EXPECT_EQ(rate.scale(12), 10);  // rounded down
}

TEST(Rate, TwiceAsFastTakesHalfTheTime) {
  EXPECT_EQ(Rate::parse("2")->scale(1000), 500);
  EXPECT_EQ(Rate::parse("0.5")->scale(1000), 2000);
  EXPECT_EQ(Rate().scale(1000), 1000);
}

TEST(Rate, ScalingSaturatesWhereInt64Ends) {
  const Rate rate = *Rate::parse("0.000001");
  EXPECT_EQ(rate.scale(std::numeric_limits<std::int64_t>::max()),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(rate.scale(std::numeric_limits<std::int64_t>::min()),
            std::numeric_limits<std::int64_t>::min());
}

TEST(Rate, UnscalingGivesTheTimeThatHasBeenPlayed) {
  EXPECT_EQ(Rate::parse("60").value().unscale(1'000'000'000), 60'000'000'000);
  EXPECT_EQ(Rate::parse("0.5").value().unscale(3), 1);
  EXPECT_EQ(Rate::parse("1000000").value().unscale(INT64_MAX), INT64_MAX);
  const Rate odd = Rate::parse("1.1").value();
  for (const std::int64_t recorded_ns :
       {std::int64_t{0}, std::int64_t{7}, std::int64_t{123'456'789'012}}) {
    EXPECT_LE(odd.unscale(odd.scale(recorded_ns)), recorded_ns);
    EXPECT_GE(odd.unscale(odd.scale(recorded_ns)) + 2, recorded_ns);
  }
}

TEST(Rate, UnlimitedMakesEveryFrameDueAtOnce) {
  const Rate rate = *Rate::parse("max");
  EXPECT_TRUE(rate.is_unlimited());
  EXPECT_EQ(rate.scale(1'000'000'000), 0);
}

TEST(Rate, PrintsAsItIsRead) {
  for (const char* text : {"1", "10", "0.5", "1.1", "max", "0.000001", "1000000", "2.25"}) {
    EXPECT_EQ(Rate::parse(text)->to_string(), text);
  }
}

TEST(Rate, RefusesWhatIsNoSpeed) {
  for (const char* text : {"", "0", "0.0", "-1", "+1", "1e3", "fast", "1.2.3", ".", "1000001",
                           "1000000.1", "0.0000001", "99999999999999999999"}) {
    EXPECT_FALSE(Rate::parse(text)) << text;
  }
}

}  // namespace
}  // namespace tapedeck
