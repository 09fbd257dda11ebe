#include "replayer/steady_clock.hpp"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/units.hpp"

namespace tapedeck::replayer {
namespace {

TEST(SteadyClock, WaitsUntilTheTimeHasCome) {
  const StopRequest stop;
  SteadyClock clock(stop);
  const std::int64_t due_ns = clock.now_ns() + 2 * ns_per_ms;
  EXPECT_EQ(clock.wait_until(due_ns), port::Wait::reached);
  EXPECT_GE(clock.now_ns(), due_ns);
}

TEST(SteadyClock, ATimeThatIsPastIsReachedAtOnce) {
  const StopRequest stop;
  SteadyClock clock(stop);
  EXPECT_EQ(clock.wait_until(std::numeric_limits<std::int64_t>::min()), port::Wait::reached);
  EXPECT_EQ(clock.wait_until(clock.now_ns()), port::Wait::reached);
}

TEST(SteadyClock, AStopRequestWakesIt) {
  StopRequest stop;
  SteadyClock clock(stop);
  stop.request();
  EXPECT_EQ(clock.wait_until(std::numeric_limits<std::int64_t>::max()), port::Wait::woken);
}

}  // namespace
}  // namespace tapedeck::replayer
