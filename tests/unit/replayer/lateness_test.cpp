#include "replayer/lateness.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck::replayer {
namespace {

TEST(Lateness, NothingWasLateWhenNothingWasPlayed) {
  const Lateness lateness;
  EXPECT_EQ(lateness.quantile_ns(500), 0);
  EXPECT_EQ(lateness.max_ns(), 0);
}

TEST(Lateness, SmallValuesAreExact) {
  Lateness lateness;
  for (int ns = 0; ns < 32; ++ns) {
    lateness.add(ns);
  }
  EXPECT_EQ(lateness.quantile_ns(500), 15);
  EXPECT_EQ(lateness.quantile_ns(1000), 31);
  EXPECT_EQ(lateness.quantile_ns(0), 0);
}

TEST(Lateness, AQuantileIsAtMostAThirtySecondTooHigh) {
  std::mt19937_64 random(7);
  std::vector<std::int64_t> values;
  Lateness lateness;
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::int64_t>(random() >> (2 + random() % 60));
    values.push_back(value);
    lateness.add(value);
  }
  std::sort(values.begin(), values.end());
  for (const unsigned per_mille : {1U, 100U, 500U, 900U, 990U, 999U, 1000U}) {
    const std::int64_t exact = values[values.size() * per_mille / 1000 - 1];
    EXPECT_GE(lateness.quantile_ns(per_mille), exact) << per_mille;
    EXPECT_LE(lateness.quantile_ns(per_mille), exact + exact / 32) << per_mille;
  }
  EXPECT_EQ(lateness.max_ns(), values.back());
}

TEST(Lateness, HoldsTheLargestTimeAndCountsEarlyAsOnTime) {
  constexpr std::int64_t max_ns = std::numeric_limits<std::int64_t>::max();
  Lateness lateness;
  lateness.add(-5);
  lateness.add(max_ns);
  EXPECT_EQ(lateness.quantile_ns(500), 0);
  EXPECT_EQ(lateness.quantile_ns(1000), max_ns);
  EXPECT_EQ(lateness.count(), 2U);
}

}  // namespace
}  // namespace tapedeck::replayer
