#include "core/base/units.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(ParseDuration, ReadsEveryUnitAndTakesABareNumberAsSeconds) {
  EXPECT_EQ(*parse_duration("250ms"), 250 * ns_per_ms);
  EXPECT_EQ(*parse_duration("12.5s"), 12'500 * ns_per_ms);
  EXPECT_EQ(*parse_duration("3m"), 180 * ns_per_s);
  EXPECT_EQ(*parse_duration("1h"), 3600 * ns_per_s);
  EXPECT_EQ(*parse_duration("7"), 7 * ns_per_s);
  EXPECT_EQ(*parse_duration("0.000000001"), 1);
  EXPECT_EQ(*parse_duration("1.5us"), 1500);
  EXPECT_EQ(*parse_duration("9ns"), 9);
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", ".5", "1.", "-1s", "+1", "1 s", "1x", "1.5ns", "1e3", "0x10",
                           "99999999999999999999", "9223372036.854775808", "2562048h"}) {
    const auto ns = parse_duration(text);
    ASSERT_FALSE(ns) << text;
    EXPECT_EQ(ns.error().kind, ErrorKind::usage) << text;
  }
}

TEST(ParseDuration, ReachesTheLargestTime) {
  EXPECT_EQ(*parse_duration("9223372036.854775807"), 9'223'372'036'854'775'807);
}

TEST(FormatDuration, IsShortAndReadable) {
  EXPECT_EQ(format_duration(0), "0us");
  EXPECT_EQ(format_duration(40'500), "40us");
  EXPECT_EQ(format_duration(340 * ns_per_ms), "340ms");
  EXPECT_EQ(format_duration(12'500 * ns_per_ms), "12.500s");
  EXPECT_EQ(format_duration(184'250 * ns_per_ms), "3m04.250s");
  EXPECT_EQ(format_duration(3723 * ns_per_s), "1h02m03s");
  EXPECT_EQ(format_duration(-1500 * ns_per_ms), "-1.500s");
}

TEST(FormatWallTime, IsUtcTruncatedToMilliseconds) {
  EXPECT_EQ(format_wall_time(1'700'484'383'846'972'000), "2023-11-20T12:46:23.846Z");
  EXPECT_EQ(format_wall_time(-1), "1969-12-31T23:59:59.999Z");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
  EXPECT_EQ(counted(1, "frame"), "1 frame");
  EXPECT_EQ(counted(0, "frame"), "0 frames");
  EXPECT_EQ(counted(1'500, "frame"), "1,500 frames");
}

TEST(FormatBytes, PicksAUnit) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(3'355'443), "3.2 MiB");
}

TEST(Bytes, AreReadWithTheirUnits) {
  EXPECT_EQ(*parse_bytes("0"), 0U);
  EXPECT_EQ(*parse_bytes("4096"), 4096U);
  EXPECT_EQ(*parse_bytes("12B"), 12U);
  EXPECT_EQ(*parse_bytes("2KiB"), 2048U);
  EXPECT_EQ(*parse_bytes("64MiB"), 64U << 20);
  EXPECT_EQ(*parse_bytes("1GiB"), 1U << 30);
  EXPECT_EQ(*parse_bytes("3TiB"), std::uint64_t{3} << 40);
  EXPECT_EQ(*parse_bytes("500MB"), 500'000'000U);
  EXPECT_EQ(*parse_bytes("9223372036854775807"), 9'223'372'036'854'775'807U);
}

TEST(Bytes, ThatMakeNoSenseAreRefused) {
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.5GiB", "GiB", "1gib", "1G", "0x10",
                           "9223372036854775808", "8388608TiB"}) {
    const auto bytes = parse_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().kind, ErrorKind::usage);
    EXPECT_NE(bytes.error().message.find("is not a size"), std::string::npos);
  }
}

}  // namespace
}  // namespace tapedeck
