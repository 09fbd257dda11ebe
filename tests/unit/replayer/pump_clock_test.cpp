#include "replayer/pump_clock.hpp"

#include <cstdint>
#include <limits>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "core/base/units.hpp"

namespace tapedeck::replayer {
namespace {

using Ends = std::numeric_limits<std::int64_t>;

/// Waits so often that the clock knows how late its timers wake.
void wait_often(PumpClock& clock) {
  for (int i = 0; i < 40; ++i) {
    const std::int64_t due_ns = clock.now_ns() + ns_per_ms;
    while (clock.wait_until(due_ns) != port::Wait::reached) {
    }
    EXPECT_GE(clock.now_ns(), due_ns);
  }
}

TEST(PumpClock, WaitsUntilTheTimeHasCome) {
  PumpClock clock;
  wait_often(clock);
}

TEST(PumpClock, ATimeThatIsPastIsReachedAtOnceHoweverLongAgo) {
  PumpClock clock;
  wait_often(clock);
  EXPECT_EQ(clock.wait_until(clock.now_ns()), port::Wait::reached);
  EXPECT_EQ(clock.wait_until(Ends::min()), port::Wait::reached);
}

TEST(PumpClock, AHandlerWakesIt) {
  for (const std::int64_t due_ns : {Ends::max(), Ends::max() - 1}) {
    PumpClock clock;
    bool ran = false;
    boost::asio::post(clock.context(), [&] { ran = true; });
    EXPECT_EQ(clock.wait_until(due_ns), port::Wait::woken);
    EXPECT_TRUE(ran);
  }
}

}  // namespace
}  // namespace tapedeck::replayer
