#include "recorder/refresh_schedule.hpp"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace tapedeck::recorder {
namespace {

constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

/// The seconds of the next requests, each answered after `answer_ns`.
std::vector<std::int64_t> seconds_of(RefreshSchedule& schedule, int requests,
                                     std::int64_t answer_ns) {
  std::vector<std::int64_t> seconds;
  for (int i = 0; i < requests; ++i) {
    const std::int64_t due_ns = schedule.due_ns();
    seconds.push_back(due_ns / ns_per_s);
    schedule.begun(due_ns);
    schedule.succeeded(due_ns + answer_ns);
  }
  return seconds;
}

TEST(RefreshSchedule, EveryThirdOfALifeCountedFromTheJoinWhateverTheAnswersTake) {
  RefreshSchedule schedule(10 * ns_per_s, 120 * ns_per_s);
  EXPECT_EQ(seconds_of(schedule, 4, 7 * ns_per_s), (std::vector<std::int64_t>{50, 90, 130, 170}));
}

TEST(RefreshSchedule, OneRequestAtATime) {
  RefreshSchedule schedule(0, 120 * ns_per_s);
  schedule.begun(40 * ns_per_s);
  EXPECT_EQ(schedule.due_ns(), never_ns);
  schedule.asked(41 * ns_per_s);
  EXPECT_EQ(schedule.due_ns(), never_ns);
  schedule.succeeded(42 * ns_per_s);
  EXPECT_EQ(schedule.due_ns(), 41 * ns_per_s) << "what was asked in between is not forgotten";
}

TEST(RefreshSchedule, WhenTheNodeAsksItIsDoneOnceMore) {
  RefreshSchedule schedule(0, 120 * ns_per_s);
  schedule.asked(20 * ns_per_s);
  EXPECT_EQ(seconds_of(schedule, 3, 0), (std::vector<std::int64_t>{20, 40, 80}));
}

TEST(RefreshSchedule, ANodeThatAsksAllTheTimeIsHeardOnceASecond) {
  RefreshSchedule schedule(0, 120 * ns_per_s);
  for (int i = 0; i < 3; ++i) {
    const std::int64_t now_ns = (10 + i) * ns_per_s;
    schedule.asked(now_ns);
    EXPECT_EQ(schedule.due_ns(), now_ns);
    schedule.begun(now_ns);
    schedule.succeeded(now_ns);
    schedule.asked(now_ns + 1);
    EXPECT_EQ(schedule.due_ns(), now_ns + ns_per_s);
  }
}

TEST(RefreshSchedule, AfterAFailureItWaitsLongerEachTimeUntilTheTokenIsPastItsLife) {
  RefreshSchedule schedule(0, 120 * ns_per_s);
  std::vector<std::int64_t> seconds;
  while (schedule.alive()) {
    ASSERT_LT(seconds.size(), 50U);
    const std::int64_t due_ns = schedule.due_ns();
    seconds.push_back(due_ns / ns_per_s);
    schedule.begun(due_ns);
    schedule.failed(due_ns);
  }
  EXPECT_EQ(seconds, (std::vector<std::int64_t>{40, 41, 43, 47, 55, 71, 80, 120, 160}));
  EXPECT_EQ(schedule.due_ns(), never_ns);
}

TEST(RefreshSchedule, ATokenThatIsNotKnownIsNotAskedForAgain) {
  RefreshSchedule schedule(0, 120 * ns_per_s);
  schedule.begun(40 * ns_per_s);
  schedule.refused();
  EXPECT_FALSE(schedule.alive());
  EXPECT_EQ(schedule.due_ns(), never_ns);
}

TEST(RefreshSchedule, ALifeThatIsNoneIsNoBusyLoop) {
  for (const std::int64_t life_ns : {std::int64_t{0}, std::int64_t{-5}, never_ns}) {
    const RefreshSchedule schedule(0, life_ns);
    EXPECT_GE(schedule.due_ns(), ns_per_s) << life_ns;
    EXPECT_LE(schedule.due_ns(), limits::token_life_ns_max) << life_ns;
  }
}

}  // namespace
}  // namespace tapedeck::recorder
