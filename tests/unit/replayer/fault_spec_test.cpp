#include "replayer/fault_spec.hpp"

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "tests/support/files.hpp"

namespace tapedeck::replayer {
namespace {

Fault parsed(const std::string& text) {
  auto fault = parse_fault(text);
  EXPECT_TRUE(fault) << text;
  return fault ? *std::move(fault) : Fault{};
}

std::string mistake(const std::string& text) {
  const auto fault = parse_fault(text);
  EXPECT_FALSE(fault) << text;
  return fault ? "" : fault.error().message;
}

TEST(FaultSpec, EachKindHasARowAndItsExampleIsOneOfThatKind) {
  std::set<std::string_view> names;
  for (const FaultSyntax& row : fault_syntax()) {
    EXPECT_EQ(parsed(std::string(row.example)).kind, row.kind) << row.name;
    EXPECT_TRUE(row.example.starts_with(row.name));
    EXPECT_EQ(&fault_syntax()[static_cast<std::size_t>(row.kind)], &row);
    names.insert(row.name);
  }
  EXPECT_EQ(names.size(), fault_syntax().size());
}

TEST(FaultSpec, WhatIsPrintedIsReadAgain) {
  for (const char* text :
       {"omit", "omit:event=stage,frame=3", "duplicate:t=12.5s,times=2", "drop:frame=10..20",
        "corrupt:p=0.000001,bytes=1..4", "reorder:p=1,window=3", "jump:t=10s,by=-1.5s",
        "stall:for=1s..2s,every=4s,stream=2", "drop:t=0s,torn=0.5", "slow:rate=2000",
        "split:size=1..16", "status:code=503,call=mute,n=1..3", "expire:after=250us,join=1"}) {
    const Fault fault = parsed(text);
    EXPECT_EQ(parsed(to_string(fault)).numbers, fault.numbers) << to_string(fault);
    EXPECT_EQ(parsed(to_string(fault)).names, fault.names) << to_string(fault);
  }
  EXPECT_EQ(to_string(parsed("drop:t=12.5s,torn=0.50,stream=1")),
            "drop:stream=1,t=12500ms,torn=0.5");
}

TEST(FaultSpec, NumbersAreExact) {
  EXPECT_EQ(parsed("drop:p=0.01").number(FaultKey::p), (Between{10'000, 10'000}));
  EXPECT_EQ(parsed("drop:p=1").number(FaultKey::p), (Between{1'000'000, 1'000'000}));
  EXPECT_EQ(parsed("jump:t=1.5s,by=-250ms").number(FaultKey::by),
            (Between{-250 * ns_per_ms, -250 * ns_per_ms}));
  EXPECT_EQ(parsed("split:size=1..16").number(FaultKey::size), (Between{1, 16}));
}

TEST(FaultSpec, AMistakeIsToldWithItsPlaceAndWhatMayStandThere) {
  EXPECT_EQ(mistake("dorp:frame=1"),
            "in 'dorp:frame=1' at column 1: 'dorp' is no fault; it may be omit, duplicate, "
            "reorder, corrupt, jump, stall, drop, slow, split, status or expire");
  EXPECT_EQ(mistake("slow:rat=1"),
            "in 'slow:rat=1' at column 6: 'rat' is no key of slow, which takes rate or stream");
  EXPECT_EQ(mistake("drop:frame"),
            "in 'drop:frame' at column 11: '=' must follow, and a whole number from 1 on, or two "
            "with '..' between them");
  EXPECT_EQ(mistake("drop:frame=0"),
            "in 'drop:frame=0' at column 12: '0' is not a whole number from 1 on, or two with "
            "'..' between them");
  EXPECT_EQ(mistake("drop:stream=1,stream=2"),
            "in 'drop:stream=1,stream=2' at column 15: stream is there already");
  EXPECT_EQ(mistake("stall:t=1s"),
            "in 'stall:t=1s' at column 11: stall needs for=, a time of 1ns to 86400000s, as 250ms "
            "or 12.5s, or two with '..' between them");
}

TEST(FaultSpec, WhatMakesNoSenseIsRefused) {
  for (const char* text : {"",
                           ":",
                           "drop",
                           "drop:",
                           "drop:frame=1,",
                           "drop:frame=1,,t=2",
                           "drop:frame=-1",
                           "drop:frame=5..4",
                           "drop:frame=1..",
                           "drop:frame=..2",
                           "drop:frame=1x",
                           "drop:frame=99999999999999999999",
                           "drop:frame=1,p=0.5",
                           "drop:t=1s,p=1",
                           "drop:p=1.1",
                           "drop:p=0.0000001",
                           "drop:p=.5",
                           "drop:p=1.",
                           "drop:p=-0.5",
                           "drop:p=",
                           "omit:event=",
                           "stall:for=1s",
                           "stall:for=1s,t=1s,every=5s",
                           "stall:for=2s,every=2s",
                           "slow:rate=0",
                           "split:size=0..4",
                           "jump:t=1s",
                           "jump:t=1s,by=0s",
                           "jump:t=-1s,by=1s",
                           "status:code=200",
                           "status:code=600",
                           "status:code=503,call=nothing",
                           "status:code=503,call=",
                           "status:code=503,n=1,p=0.5",
                           "expire:after=0s",
                           "expire:join=1",
                           "omit:code=503"}) {
    EXPECT_FALSE(parse_fault(text)) << text;
  }
}

TEST(FaultSpec, TheDocumentHasEveryKindWithExamplesAndEveryExampleIsRead) {
  std::istringstream document(test::read_file(TAPEDECK_SOURCE_DIR "/docs/FAULTS.md"));
  std::map<std::string, int> examples;
  std::string kind;
  for (std::string line; std::getline(document, line);) {
    constexpr std::string_view heading = "### `";
    constexpr std::string_view example = "    --fault ";
    if (line.starts_with(heading)) {
      kind = line.substr(heading.size(), line.find('`', heading.size()) - heading.size());
    } else if (line.starts_with(example)) {
      const Fault fault = parsed(line.substr(example.size()));
      EXPECT_EQ(fault_syntax()[static_cast<std::size_t>(fault.kind)].name, kind) << line;
      ++examples[kind];
    }
  }
  for (const FaultSyntax& row : fault_syntax()) {
    EXPECT_GT(examples[std::string(row.name)], 0) << row.name;
  }
  EXPECT_EQ(examples.size(), fault_syntax().size());
}

TEST(FaultSpec, ACallIsThatOfAnEndpointOrAllOfItsPath) {
  for (const char* call : {"refresh_token", "mute", "participants/*/mute", "avatar.jpg", "events",
                           "status", "video_mixes/create", "create"}) {
    EXPECT_EQ(parsed("status:code=503,call=" + std::string(call)).name(FaultKey::call), call);
  }
}

}  // namespace
}  // namespace tapedeck::replayer
