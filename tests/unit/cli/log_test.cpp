#include "cli/log.hpp"

#include <gtest/gtest.h>

#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::int64_t at_ns = 1'790'000'000 * ns_per_s + 123'456'789;

TEST(Log, ALineHasTimeLevelEventAndMessage) {
  EXPECT_EQ(log_line({.event = "closed", .message = "the tape is closed"}, at_ns),
            R"({"time":"2026-09-21T14:13:20.123Z","level":"info","event":"closed",)"
            R"("message":"the tape is closed"})"
            "\n");
}

TEST(Log, FieldsStandBetweenThemInTheirOrder) {
  const Happening gap{.level = Level::warn,
                      .event = "gap",
                      .conference = "meet.alice",
                      .message = "m",
                      .fields = {{"b", std::uint64_t{18'446'744'073'709'551'615U}},
                                 {"a", std::int64_t{-5}},
                                 {"end", "broken"}}};
  EXPECT_EQ(log_line(gap, at_ns, 3),
            R"({"time":"2026-09-21T14:13:20.123Z","level":"warn","event":"gap",)"
            R"("conference":"meet.alice","b":18446744073709551615,"a":-5,"end":"broken",)"
            R"("lost_lines":3,"message":"m"})"
            "\n");
}

TEST(Log, ALineIsOneLineOfValidJsonWhateverIsInIt) {
  EXPECT_EQ(log_line({.level = Level::error, .event = "e", .message = "a\n\"b\\\x01\xff"}, 0),
            R"({"time":"1970-01-01T00:00:00.000Z","level":"error","event":"e",)"
            "\"message\":\"a\\n\\\"b\\\\\\u0001\xef\xbf\xbd\"}\n");
}

}  // namespace
}  // namespace tapedeck::cli
