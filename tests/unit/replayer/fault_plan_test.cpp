#include "replayer/fault_plan.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "tests/support/memory_source.hpp"

namespace tapedeck::replayer {
namespace {

using test::memory_source;
using test::StoredFrame;

std::vector<Fault> parsed(const std::vector<std::string>& texts) {
  std::vector<Fault> faults;
  for (const std::string& text : texts) {
    faults.push_back(parse_fault(text).value());
  }
  return faults;
}

struct Arrived {
  std::int64_t at_ns = 0;
  std::string raw;
  bool complete = true;

  friend bool operator==(const Arrived&, const Arrived&) = default;
};

std::vector<Arrived> read(port::FrameSource& source) {
  std::vector<Arrived> frames;
  while (const auto frame = source.next().value()) {
    frames.push_back({frame->recv_ns, std::string(frame->raw), frame->complete});
  }
  EXPECT_FALSE(source.next().value()) << "what is over stays over";
  return frames;
}

std::vector<Arrived> play(const std::vector<std::string>& faults,
                          const std::vector<StoredFrame>& frames, std::uint64_t seed = 1,
                          std::uint64_t stream = 1, AfterCut after_cut = AfterCut::end) {
  FaultPlan plan(parsed(faults), seed);
  const auto source = plan.apply(memory_source(frames), stream, 0, after_cut);
  return read(*source);
}

/// Frames 0 to 9, ten nanoseconds apart.
std::vector<StoredFrame> ten() {
  std::vector<StoredFrame> frames;
  for (int i = 0; i < 10; ++i) {
    frames.push_back({10 * i, "data: " + std::to_string(i) + "\n\n"});
  }
  return frames;
}

/// What arrives, short: the number of each frame, `|` where the connection breaks.
std::string numbers(const std::vector<Arrived>& arrived) {
  std::string text;
  for (const Arrived& frame : arrived) {
    text += frame.raw.empty() ? "|" : frame.raw.size() == 9 ? frame.raw.substr(6, 1) : "~";
  }
  return text;
}
std::string played(const std::vector<std::string>& faults, std::uint64_t seed = 1) {
  return numbers(play(faults, ten(), seed));
}

std::vector<std::int64_t> times(const std::vector<Arrived>& arrived) {
  std::vector<std::int64_t> times;
  for (const Arrived& frame : arrived) {
    times.push_back(frame.at_ns);
  }
  return times;
}

TEST(FaultPlan, WithoutFaultsAllArrivesAsItIs) {
  EXPECT_EQ(played({}), "0123456789");
}

TEST(FaultPlan, AFrameIsMeantByItsNumberItsTimeItsEventOrByChance) {
  EXPECT_EQ(played({"omit:frame=3"}), "013456789");
  EXPECT_EQ(played({"omit:t=31ns"}), "012356789") << "the first from then on";
  EXPECT_EQ(played({"omit"}), "");
  EXPECT_EQ(played({"omit:event=message"}), "");
  EXPECT_EQ(played({"omit:event=stage"}), "0123456789");
  EXPECT_EQ(played({"omit:p=0"}), "0123456789");
  EXPECT_EQ(played({"omit:p=1"}), "");
  const std::string some = played({"omit:p=0.5"});
  EXPECT_GT(some.size(), 0U);
  EXPECT_LT(some.size(), 10U);
}

TEST(FaultPlan, TheNthOfAnEventIsCountedAmongItsOwn) {
  const std::vector<StoredFrame> frames{{0, "event: a\ndata: 1\n\n"},
                                        {1, ": keep-alive\n\n"},
                                        {2, "event: b\ndata: 2\n\n"},
                                        {3, "data: 3\nevent: b\n\n"}};
  const auto left = play({"omit:event=b,frame=2"}, frames);
  ASSERT_EQ(left.size(), 3U);
  EXPECT_EQ(left.back().raw, frames[2].raw);
}

TEST(FaultPlan, AFaultMayBeThatOfOneStreamOnly) {
  EXPECT_EQ(numbers(play({"omit:stream=2"}, ten(), 1, 1)), "0123456789");
  EXPECT_EQ(numbers(play({"omit:stream=2"}, ten(), 1, 2)), "");
}

TEST(FaultPlan, ADuplicateComesAtOnce) {
  EXPECT_EQ(played({"duplicate:frame=3,times=2"}), "012223456789");
  EXPECT_EQ(played({"duplicate"}), "00112233445566778899");
}

TEST(FaultPlan, AReorderedFrameIsOvertakenByOthersAndNoneIsLost) {
  EXPECT_EQ(played({"reorder:frame=3"}), "0132456789");
  const auto arrived = play({"reorder:frame=3"}, ten());
  EXPECT_EQ(arrived[3].at_ns, 30) << "it comes with the one that overtook it";
  EXPECT_EQ(played({"reorder:frame=10"}), "0123456789") << "nothing is left to overtake it";
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::string all = played({"reorder:p=0.7,window=4"}, seed);
    std::ranges::sort(all);
    EXPECT_EQ(all, "0123456789");
  }
}

TEST(FaultPlan, CorruptBytesAreAsManyAsAskedForAndTheLengthStays) {
  const auto whole = play({}, ten());
  const auto arrived = play({"corrupt:frame=5,bytes=3"}, ten());
  ASSERT_EQ(arrived.size(), whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::size_t changed = 0;
    ASSERT_EQ(arrived[i].raw.size(), whole[i].raw.size());
    for (std::size_t at = 0; at < whole[i].raw.size(); ++at) {
      changed += arrived[i].raw[at] != whole[i].raw[at] ? 1 : 0;
    }
    EXPECT_EQ(changed, i == 4 ? 3U : 0U);
  }
  EXPECT_EQ(play({"corrupt:frame=1,bytes=1000"}, ten())[0].raw.size(), 9U);
}

TEST(FaultPlan, AJumpAheadBringsWhatLiesBetweenAtOnce) {
  EXPECT_EQ(times(play({"jump:t=25ns,by=30ns"}, ten())),
            (std::vector<std::int64_t>{0, 10, 20, 25, 25, 25, 30, 40, 50, 60}));
}

TEST(FaultPlan, AJumpBackPlaysAgainWhatCameBefore) {
  const auto arrived = play({"jump:t=45ns,by=-20ns"}, ten());
  EXPECT_EQ(numbers(arrived), "012343456789");
  EXPECT_EQ(times(arrived),
            (std::vector<std::int64_t>{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110}));
  EXPECT_EQ(played({"jump:t=1s,by=-20ns"}), "0123456789") << "after the end there is none";
}

TEST(FaultPlan, AJumpBackDoesNotTakeAllMemory) {
  std::vector<StoredFrame> frames(70, {1, std::string(1024 * 1024, 'x')});
  FaultPlan plan(parsed({"jump:t=1s,by=-1s"}), 1);
  const auto source = plan.apply(memory_source(frames), 1);
  auto frame = source->next();
  while (frame && *frame) {
    frame = source->next();
  }
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().message,
            "a jump back by 1.000s would play more than 64.0 MiB again; jump by less");
}

TEST(FaultPlan, InAStallNothingComesAndThenAll) {
  EXPECT_EQ(times(play({"stall:t=15ns,for=20ns"}, ten())),
            (std::vector<std::int64_t>{0, 10, 35, 35, 40, 50, 60, 70, 80, 90}));
  EXPECT_EQ(times(play({"stall:every=18ns,for=15ns"}, ten())),
            (std::vector<std::int64_t>{0, 10, 33, 33, 51, 51, 69, 70, 87, 105}));
}

TEST(FaultPlan, AConnectionBreaksAfterAFrameOrAtAMoment) {
  EXPECT_EQ(played({"drop:frame=3"}), "012|");
  EXPECT_EQ(played({"drop:event=message"}), "0|");
  const auto arrived = play({"drop:t=25ns"}, ten());
  EXPECT_EQ(numbers(arrived), "012|");
  EXPECT_EQ(arrived.back().at_ns, 25) << "not with the next frame";
  EXPECT_EQ(played({"drop:t=1s"}), "0123456789") << "after the end there is none";
}

TEST(FaultPlan, ABreakMayTearAFrame) {
  for (const char* fault : {"drop:frame=3,torn=1", "drop:t=20ns,torn=1"}) {
    const auto arrived = play({fault}, ten());
    EXPECT_EQ(numbers(arrived), "01~|") << fault;
    EXPECT_FALSE(arrived[2].complete);
    EXPECT_TRUE(std::string("data: 2\n\n").starts_with(arrived[2].raw));
  }
}

TEST(FaultPlan, WhereOthersListenTheSourceGoesOnAfterABreak) {
  const auto shared = [](const char* fault) {
    return numbers(play({fault}, ten(), 1, 1, AfterCut::go_on));
  };
  EXPECT_EQ(shared("drop:frame=3"), "012|3456789");
  EXPECT_EQ(shared("drop:t=25ns"), "012|3456789");
  EXPECT_EQ(shared("drop:frame=3,torn=1"), "01~|3456789");
  EXPECT_EQ(shared("drop:p=1"), "0|1|2|3|4|5|6|7|8|9|");
}

TEST(FaultPlan, ABreakWaitsForTheEndOfAStall) {
  const auto arrived = play({"drop:frame=2", "stall:t=5ns,for=10ns"}, ten());
  EXPECT_EQ(times(arrived), (std::vector<std::int64_t>{0, 15, 15}));
}

TEST(FaultPlan, ASlowLineBringsItsBytesOneAfterTheOther) {
  const std::vector<StoredFrame> frames{{0, std::string(98, 'x') + "\n\n"},
                                        {10 * ns_per_s, "data\n\n"}};
  const auto arrived = play({"slow:rate=100"}, frames);
  ASSERT_EQ(arrived.size(), 22U);  // five bytes at a time
  EXPECT_EQ(arrived[0].at_ns, 50 * ns_per_ms);
  EXPECT_EQ(arrived[0].raw, "xxxxx");
  EXPECT_FALSE(arrived[0].complete);
  EXPECT_EQ(arrived[19].at_ns, ns_per_s);
  EXPECT_TRUE(arrived[19].complete);
  EXPECT_EQ(arrived[20].at_ns, 10 * ns_per_s + 50 * ns_per_ms) << "it was idle in between";
}

TEST(FaultPlan, ABreakOfASlowLineComesAfterWhatWasSent) {
  const auto arrived = play({"slow:rate=1", "drop:frame=1"}, ten());
  EXPECT_EQ(arrived.back(), (Arrived{9 * ns_per_s, "", false}));
}

TEST(FaultPlan, SplitFramesAreWholeWhenJoined) {
  FaultPlan plan(parsed({"split:size=1..4"}), 1);
  EXPECT_TRUE(plan.writes_apart());
  EXPECT_FALSE(FaultPlan(parsed({"slow:rate=1"}), 1).writes_apart());
  const auto source = plan.apply(memory_source(ten()), 1);
  std::string whole;
  int complete = 0;
  for (const Arrived& part : read(*source)) {
    EXPECT_GE(part.raw.size(), 1U);
    EXPECT_LE(part.raw.size(), 4U);
    whole += part.raw;
    complete += part.complete ? 1 : 0;
  }
  std::string expected;
  for (const StoredFrame& frame : ten()) {
    expected += frame.raw;
  }
  EXPECT_EQ(whole, expected);
  EXPECT_EQ(complete, 10);
}

TEST(FaultPlan, FaultsOfFramesActInTheOrderGivenAndThoseOfTheLineAfterThem) {
  EXPECT_EQ(played({"omit:frame=1", "duplicate:frame=1"}), "1123456789");
  EXPECT_EQ(played({"duplicate:frame=1", "omit:frame=1"}), "0123456789");
  EXPECT_EQ(played({"drop:frame=2", "omit:frame=1"}), "12|");
}

const std::vector<std::vector<std::string>> by_chance{
    {"omit:p=0.3"},
    {"omit:frame=1..10"},
    {"duplicate:p=0.3"},
    {"reorder:p=0.5,window=3"},
    {"corrupt:p=0.5,bytes=1..3"},
    {"stall:t=0ns..50ns,for=10ns..40ns"},
    {"jump:t=20ns..60ns,by=-20ns"},
    {"drop:p=0.1"},
    {"drop:t=1ns..90ns,torn=0.5"},
    {"split:size=1..5"},
    {"omit:p=0.2", "corrupt:p=0.5", "duplicate:p=0.2", "reorder:p=0.3", "drop:p=0.05,torn=1",
     "split:size=1..3", "slow:rate=100"},
};

TEST(FaultPlan, TheSameSeedGivesTheSameBytesAtTheSameTimesAndAnotherGivesOthers) {
  for (const auto& faults : by_chance) {
    bool differs = false;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      EXPECT_EQ(play(faults, ten(), seed), play(faults, ten(), seed)) << faults.front();
      differs = differs || play(faults, ten(), seed) != play(faults, ten(), 0);
    }
    EXPECT_TRUE(differs) << faults.front();
  }
}

TEST(FaultPlan, EachStreamHasItsOwnChancesWhateverTheOthersDo) {
  FaultPlan plan(parsed({"omit:p=0.5"}), 7);
  const auto first = plan.apply(memory_source(ten()), 1);
  const auto second = plan.apply(memory_source(ten()), 2);
  const auto read_second = read(*second);
  const auto read_first = read(*first);
  EXPECT_EQ(read_first, play({"omit:p=0.5"}, ten(), 7, 1));
  EXPECT_EQ(read_second, play({"omit:p=0.5"}, ten(), 7, 2));
  EXPECT_NE(read_first, read_second);
}

TEST(FaultPlan, TheTimeOfAFaultCountsFromWhereTheStreamBegan) {
  FaultPlan plan(parsed({"drop:t=25ns"}), 1);
  const auto source = plan.apply(memory_source(ten()), 1, 20);
  EXPECT_EQ(read(*source).back().at_ns, 45);
}

TEST(FaultPlan, ARequestIsRefusedTheNthTimeOrByChanceOrAlways) {
  FaultPlan plan(parsed({"status:code=503,call=refresh_token,n=2", "status:code=403,call=mute",
                         "status:code=500,p=0.5"}),
                 1);
  std::vector<int> refreshes;
  for (int i = 0; i < 3; ++i) {
    refreshes.push_back(plan.refuse("refresh_token").value_or(200));
  }
  EXPECT_NE(refreshes[0], 503);
  EXPECT_EQ(refreshes[1], 503);
  EXPECT_NE(refreshes[2], 503);
  EXPECT_EQ(plan.refuse("participants/*/mute"), 403);
  EXPECT_EQ(plan.refuse("participants/*/mute"), 403);
  int failed = 0;
  for (int i = 0; i < 1000; ++i) {
    failed += plan.refuse("lock").has_value() ? 1 : 0;
  }
  EXPECT_NEAR(failed, 500, 100);
  EXPECT_EQ(FaultPlan(parsed({"drop:frame=1"}), 1).refuse("lock"), std::nullopt);
}

TEST(FaultPlan, WhichRequestsAreRefusedIsDecidedByTheSeed) {
  const auto refused = [](const char* fault, std::uint64_t seed) {
    FaultPlan plan(parsed({fault}), seed);
    std::string text;
    for (int i = 0; i < 64; ++i) {
      text += plan.refuse("lock") ? 'x' : '.';
    }
    return text;
  };
  for (const char* fault : {"status:code=503,p=0.5", "status:code=503,n=1..64"}) {
    EXPECT_EQ(refused(fault, 3), refused(fault, 3));
    EXPECT_NE(refused(fault, 3), refused(fault, 4));
  }
}

TEST(FaultPlan, WhoJoinedIsForgottenWhenTheSeedSays) {
  const FaultPlan plan(parsed({"expire:after=10s..20s", "expire:after=1s,join=3"}), 1);
  EXPECT_TRUE(plan.forgets());
  EXPECT_FALSE(FaultPlan(parsed({"drop:frame=1"}), 1).forgets());
  const std::int64_t first_ns = plan.remembered_ns(1).value();
  EXPECT_GE(first_ns, 10 * ns_per_s);
  EXPECT_LE(first_ns, 20 * ns_per_s);
  EXPECT_EQ(plan.remembered_ns(1), first_ns);
  EXPECT_NE(plan.remembered_ns(2), first_ns);
  EXPECT_EQ(plan.remembered_ns(3), ns_per_s);
}

TEST(FaultPlan, ItTellsWhatItDid) {
  FaultPlan plan(parsed({"omit:frame=1", "drop:frame=3", "status:code=503", "expire:after=1s"}), 1);
  const auto source = plan.apply(memory_source(ten()), 1);
  EXPECT_EQ(numbers(read(*source)), "123|");
  EXPECT_EQ(plan.report(),
            "omit:frame=1 1 time, drop:frame=3 1 time, status:code=503 0 times, expire:after=1s");
}

TEST(FaultPlan, AnErrorOfTheSourceGoesThroughEveryFault) {
  for (const FaultSyntax& row : fault_syntax()) {
    FaultPlan plan(parsed({std::string(row.example)}), 1);
    const auto source =
        plan.apply(std::make_unique<test::BrokenSource>(std::vector<StoredFrame>{}), 1);
    EXPECT_FALSE(source->next()) << row.name;
  }
}

}  // namespace
}  // namespace tapedeck::replayer
