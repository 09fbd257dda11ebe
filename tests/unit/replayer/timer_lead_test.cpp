#include "replayer/timer_lead.hpp"

#include <gtest/gtest.h>

namespace tapedeck::replayer {
namespace {

void wake(TimerLead& lead, int times, std::int64_t late_ns) {
  for (int i = 0; i < times; ++i) {
    lead.woke_late(late_ns);
  }
}

TEST(TimerLead, KnowsNothingUntilEnoughTimersHaveWoken) {
  TimerLead lead;
  EXPECT_EQ(lead.ns(), 0);
  wake(lead, 23, 70'000);
  EXPECT_EQ(lead.ns(), 0);
  wake(lead, 1, 70'000);
  EXPECT_EQ(lead.ns(), 70'000);
}

TEST(TimerLead, IsWhatThreeOfFourTimersAreLateByAtLeast) {
  TimerLead lead;
  wake(lead, 8, 10'000);
  wake(lead, 24, 60'000);
  EXPECT_EQ(lead.ns(), 60'000);
  wake(lead, 1, 60'000);  // takes the place of an early one
  EXPECT_EQ(lead.ns(), 60'000);
  wake(lead, 10, 10'000);
  EXPECT_EQ(lead.ns(), 10'000);
}

TEST(TimerLead, IsNeverLongerThanAWaitMaySpin) {
  TimerLead lead;
  wake(lead, 32, 5'000'000);
  EXPECT_EQ(lead.ns(), 100'000);
}

TEST(TimerLead, OfAPreciseClockIsTheLongestWhateverTheTimersDo) {
  TimerLead lead;
  lead.be_longest();
  EXPECT_EQ(lead.ns(), 100'000);
  wake(lead, 32, 5'000);
  EXPECT_EQ(lead.ns(), 100'000);
}

TEST(TimerLead, FollowsAMachineThatWakesSooner) {
  TimerLead lead;
  wake(lead, 32, 80'000);
  wake(lead, 9, 5'000);
  EXPECT_EQ(lead.ns(), 5'000);
}

TEST(TimerLead, ATimerThatWakesTooSoonIsNoReasonToSetTheNextOneLate) {
  TimerLead lead;
  wake(lead, 32, -1'000);
  EXPECT_EQ(lead.ns(), 0);
}

}  // namespace
}  // namespace tapedeck::replayer
