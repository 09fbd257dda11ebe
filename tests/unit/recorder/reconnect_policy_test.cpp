#include "recorder/reconnect_policy.hpp"

#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"

namespace tapedeck::recorder {
namespace {

std::vector<std::int64_t> waits(ReconnectPolicy& policy) {
  std::vector<std::int64_t> all;
  while (const auto wait_ns = policy.next_wait_ns()) {
    all.push_back(*wait_ns);
  }
  return all;
}

TEST(ReconnectPolicy, DoublesFromATenthOfASecondAndGivesUpAfterEight) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    ReconnectPolicy policy({.attempts_max = 8, .seed = seed});
    const auto all = waits(policy);
    ASSERT_EQ(all.size(), 8U);
    std::int64_t middle_ns = 100 * ns_per_ms;
    for (const std::int64_t wait_ns : all) {
      EXPECT_GE(wait_ns, middle_ns * 80 / 100) << "seed " << seed;
      EXPECT_LE(wait_ns, middle_ns * 120 / 100) << "seed " << seed;
      middle_ns *= 2;
    }
  }
}

TEST(ReconnectPolicy, TheSeedMakesTheJitter) {
  ReconnectPolicy one({.attempts_max = 8, .seed = 1});
  ReconnectPolicy same({.attempts_max = 8, .seed = 1});
  ReconnectPolicy other({.attempts_max = 8, .seed = 2});
  const auto waits_of_one = waits(one);
  EXPECT_EQ(waits_of_one, waits(same));
  EXPECT_NE(waits_of_one, waits(other));
}

TEST(ReconnectPolicy, NeverWaitsLongerThanTheCeiling) {
  ReconnectPolicy policy({.attempts_max = 1000, .seed = 1});
  std::int64_t longest_ns = 0;
  for (const std::int64_t wait_ns : waits(policy)) {
    longest_ns = std::max(longest_ns, wait_ns);
  }
  EXPECT_EQ(longest_ns, limits::reconnect_wait_ns_max);
}

TEST(ReconnectPolicy, BeginsAnewAfterAGoodConnection) {
  ReconnectPolicy policy({.attempts_max = 3, .seed = 1});
  EXPECT_EQ(waits(policy).size(), 3U);
  policy.good_connection();
  EXPECT_LE(policy.next_wait_ns().value(), 120 * ns_per_ms);
  EXPECT_EQ(policy.attempts(), 1);
}

TEST(ReconnectPolicy, WithoutAttemptsItNeverReconnects) {
  ReconnectPolicy policy({.attempts_max = 0, .seed = 1});
  EXPECT_EQ(policy.next_wait_ns(), std::nullopt);
}

TEST(ReconnectPolicy, TheStreamsRetryIsTheFirstWait) {
  ReconnectPolicy policy({.attempts_max = 8, .seed = 1});
  policy.set_retry_ms(2000);
  const std::int64_t first_ns = policy.next_wait_ns().value();
  EXPECT_GE(first_ns, 1600 * ns_per_ms);
  EXPECT_LE(first_ns, 2400 * ns_per_ms);
  EXPECT_GE(policy.next_wait_ns().value(), 3200 * ns_per_ms);
}

TEST(ReconnectPolicy, AFirstWaitThatWasAskedForGoesBeforeTheStreams) {
  ReconnectPolicy policy({.first_wait_ns = 5 * ns_per_s, .longest_wait_ns = 6 * ns_per_s});
  policy.set_retry_ms(100);
  const std::int64_t first_ns = policy.next_wait_ns().value();
  EXPECT_GE(first_ns, 4 * ns_per_s);
  EXPECT_LE(policy.next_wait_ns().value(), 6 * ns_per_s);
}

TEST(ReconnectPolicy, WithoutABoundItNeverGivesUp) {
  ReconnectPolicy policy({.attempts_max = std::nullopt, .longest_wait_ns = ns_per_s});
  for (int attempt = 0; attempt < 10'000; ++attempt) {
    ASSERT_LE(policy.next_wait_ns().value(), ns_per_s);
  }
}

TEST(ReconnectPolicy, ARetryOfZeroIsNoBusyLoop) {
  ReconnectPolicy policy({.attempts_max = 8, .seed = 1});
  policy.set_retry_ms(0);
  EXPECT_GE(policy.next_wait_ns().value(), limits::server_wait_ns_min * 80 / 100);
}

TEST(ReconnectPolicy, ARetryOfAgesIsClamped) {
  for (const std::uint64_t retry_ms :
       {std::uint64_t{301'000}, std::uint64_t{4'294'967'396}, std::uint64_t{18'446'744'073'709'552},
        std::numeric_limits<std::uint64_t>::max()}) {
    ReconnectPolicy policy({.attempts_max = 8, .seed = 1});
    policy.set_retry_ms(retry_ms);
    for (const std::int64_t wait_ns : waits(policy)) {
      EXPECT_GE(wait_ns, limits::server_wait_ns_max * 80 / 100) << retry_ms;
      EXPECT_LE(wait_ns, limits::server_wait_ns_max) << retry_ms;
    }
  }
}

TEST(ReconnectPolicy, RetryAfterMakesAWaitLongerNeverShorter) {
  ReconnectPolicy policy({.attempts_max = 8, .seed = 1});
  EXPECT_EQ(policy.next_wait_ns(7 * ns_per_s), 7 * ns_per_s);
  EXPECT_GE(policy.next_wait_ns(1).value(), 160 * ns_per_ms);
  EXPECT_EQ(policy.next_wait_ns(std::numeric_limits<std::int64_t>::max()),
            limits::server_wait_ns_max);
}

}  // namespace
}  // namespace tapedeck::recorder
