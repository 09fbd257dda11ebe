// Tapes of every version there was are read. Their tables stand in the dumps of fixtures/tapes, so
// that a change of tape.sql that is not a new version makes these tests fail.
#include <filesystem>

#include "schema/byte_digest.hpp"
#include "schema/tape_repair.hpp"
#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

using test::OwnedFrame;
using test::TemporaryFolder;

const std::string v1 = TAPEDECK_FIXTURES "/tapes/v1/";

TEST(TapeFormat, Version1IsRead) {
  const TemporaryFolder folder;
  run_sql(folder.path(), test::read_file(v1 + "tape.sql"));
  const auto tape = open_tape(folder.path());
  ASSERT_TRUE(tape);
  EXPECT_EQ(tape->summary().version, 1);
  EXPECT_TRUE(tape->summary().closed);
  EXPECT_EQ(tape->summary().wall_start_ns, 1'790'000'000'000'000'000);
  EXPECT_EQ(tape->summary().last_ns, 5'000'000'300);
  EXPECT_EQ(tape->summary().frame_count, 6U);
  EXPECT_EQ(tape->summary().bytes, 111U + 36U + 28U);
  EXPECT_EQ(tape->summary().exchange_count, 1U);
  EXPECT_EQ(tape->value("self"), "7d0f9a52-3c1e-4b8e-9c55-0a6d2f4be701");
  EXPECT_EQ(test::body_of(*tape), test::read_file(v1 + "body.sse"));
  const auto frames = test::frames_of(*tape, {.first_seq = 3, .last_seq = 5});
  const std::vector<OwnedFrame> expected{
      {3, 1, 7'000'000, true, std::string("data: \0\xff\r\r", 10)},
      {4, 1, 9'000'000, false, "event: stage\ndata: ["},
      {5, 2, 61'000'000, true, "id: 18\nevent: stage\ndata: []\n\n"}};
  EXPECT_EQ(frames, expected);
  EXPECT_EQ(tape->sessions()->size(), 2U);
  EXPECT_EQ(tape->connections()->size(), 3U);
  EXPECT_EQ(tape->gaps()->size(), 2U);
  const auto report = tape->verify_bytes();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->problems.empty());
  EXPECT_EQ(report->digest, "160caedbd5118ed5d887871059b09534");
}

TEST(TapeFormat, Version1IsContinued) {
  const TemporaryFolder folder;
  run_sql(folder.path(), test::read_file(v1 + "tape.sql"));
  auto writer = TapeWriter::open(folder.path(), {.existing = Existing::append});
  ASSERT_TRUE(writer) << writer.error().message;
  ASSERT_TRUE((*writer)->finish());
  EXPECT_EQ(open_tape(folder.path())->sessions()->size(), 3U);
  EXPECT_EQ(broken_rules(folder.path()), std::vector<std::string>{});
}

TEST(TapeFormat, EveryVersionIsReadAndRepaired) {
  std::size_t versions = 0;
  for (const auto& dump : std::filesystem::directory_iterator(TAPEDECK_FIXTURES "/tapes")) {
    SCOPED_TRACE(dump.path());
    const TemporaryFolder folder;
    run_sql(folder.path("old"), test::read_file(dump.path() / "tape.sql"));
    EXPECT_EQ(broken_rules(folder.path("old")), std::vector<std::string>{});
    const auto report = repair_tape(folder.path("old"), folder.path("saved"));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_FALSE(report->has_losses());
    const auto before = open_tape(folder.path("old"));
    const auto after = open_tape(folder.path("saved"));
    EXPECT_EQ(test::body_of(*after), test::body_of(*before));
    EXPECT_EQ(report->digest, before->verify_bytes()->digest);
    ++versions;
  }
  EXPECT_GE(versions, 1U);
}

TEST(TapeFormat, TextInAnotherEncodingIsTheSameText) {
  const TemporaryFolder folder;
  run_sql(folder.path(), "PRAGMA encoding = 'UTF-16';" + test::read_file(v1 + "tape.sql"));
  const auto tape = open_tape(folder.path());
  ASSERT_TRUE(tape);
  EXPECT_EQ(tape->connections()->at(0).end->detail, "connection reset by peer");
  EXPECT_EQ(tape->exchanges()->at(0).request_headers, "Pin: <pin-1>\n");
  EXPECT_EQ(broken_rules(folder.path()), std::vector<std::string>{});
}

}  // namespace
}  // namespace tapedeck::schema
