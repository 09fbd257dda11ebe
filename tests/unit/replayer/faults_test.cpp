#include "replayer/faults.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/memory_source.hpp"

namespace tapedeck::replayer {
namespace {

using test::memory_source;
using test::StoredFrame;

const std::vector<StoredFrame> ten_apart{{0, "data: 0\n\n"},
                                         {10, "data: 1\n\n"},
                                         {20, "data: 2\n\n"},
                                         {30, "data: 3\n\n"},
                                         {40, "data: 4\n\n"}};

struct Arrived {
  std::vector<std::pair<std::int64_t, std::string>> frames;
  bool last_is_complete = true;
  int breaks = 0;
};

Arrived read(const StreamFaults& faults) {
  Arrived arrived;
  FaultySource source(memory_source(ten_apart), faults, [&] { ++arrived.breaks; });
  while (const auto frame = source.next().value()) {
    arrived.frames.emplace_back(frame->recv_ns, frame->raw);
    arrived.last_is_complete = frame->complete;
  }
  EXPECT_FALSE(source.next().value()) << "what is over stays over";
  return arrived;
}

std::vector<std::int64_t> times(const Arrived& arrived) {
  std::vector<std::int64_t> times;
  for (const auto& [at_ns, raw] : arrived.frames) {
    times.push_back(at_ns);
  }
  return times;
}

TEST(FaultySource, WithoutFaultsAllArrivesAsItIs) {
  const Arrived arrived = read({});
  EXPECT_EQ(times(arrived), (std::vector<std::int64_t>{0, 10, 20, 30, 40}));
  EXPECT_EQ(arrived.breaks, 0);
}

TEST(FaultySource, ABreakIsAfterTheFirstFrameThatComesThenAtTheEarliest) {
  const Arrived arrived = read({.break_off = {{.at_ns = 11}}});
  EXPECT_EQ(times(arrived), (std::vector<std::int64_t>{0, 10, 20}));
  EXPECT_TRUE(arrived.last_is_complete);
  EXPECT_EQ(arrived.breaks, 1);
}

TEST(FaultySource, ABreakMayTearAFrame) {
  const Arrived arrived = read({.break_off = {{.at_ns = 20, .kept_permille = 500}}});
  ASSERT_EQ(arrived.frames.size(), 3U);
  EXPECT_EQ(arrived.frames.back().second, "data");
  EXPECT_FALSE(arrived.last_is_complete);
  EXPECT_EQ(arrived.breaks, 1);
}

TEST(FaultySource, OfAFrameNothingMayBeLeft) {
  const Arrived arrived = read({.break_off = {{.at_ns = 0, .kept_permille = 1}}});
  EXPECT_TRUE(arrived.frames.empty());
  EXPECT_EQ(arrived.breaks, 1);
}

TEST(FaultySource, ABreakThatIsLaterThanAllIsNone) {
  EXPECT_EQ(read({.break_off = {{.at_ns = 41}}}).breaks, 0);
}

TEST(FaultySource, InAStallNothingComesAndThenAll) {
  const Arrived arrived = read({.stalls = {{.every_ns = 10, .for_ns = 5}}});
  EXPECT_EQ(times(arrived), (std::vector<std::int64_t>{0, 15, 25, 35, 45}));
  const Arrived rare = read({.stalls = {{.every_ns = 18, .for_ns = 15}}});
  EXPECT_EQ(times(rare), (std::vector<std::int64_t>{0, 10, 33, 33, 51}));
}

TEST(FaultySource, ABreakWaitsForTheEndOfAStall) {
  const Arrived arrived = read({.break_off = {{.at_ns = 12}}, .stalls = {{10, 5}}});
  EXPECT_EQ(times(arrived), (std::vector<std::int64_t>{0, 15}));
}

}  // namespace
}  // namespace tapedeck::replayer
