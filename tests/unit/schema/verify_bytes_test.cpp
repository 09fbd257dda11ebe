// Each thing that no whole tape has, made by hand and found.
#include "schema/byte_digest.hpp"
#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

using test::TapeBuilder;
using test::TemporaryFolder;

class VerifyBytes : public testing::Test {
 protected:
  void SetUp() override {
    TapeBuilder tape(folder_.path());
    tape.connect(5).frame(10, "data: a\n\n").frame(20, "data: b\n\n").frame(30, "torn", false);
    tape.disconnect(40, port::ConnectionEnd::broken);
    ASSERT_TRUE(tape.writer().note_gap({1, 40, 50, "reset"}));
    tape.connect(50).frame(60, "data: c\n\n").finish();
  }

  /// What is found after `sql` was run, one "rule seq: sentence" a line.
  std::string after(const std::string& sql) {
    run_sql(folder_.path(), sql);
    const auto report = open_tape(folder_.path())->verify_bytes();
    EXPECT_TRUE(report);
    std::string text;
    for (const Problem& problem : report->problems) {
      text += problem.rule + ' ' + std::to_string(problem.seq) + ": " + problem.sentence + '\n';
    }
    return text;
  }

  TemporaryFolder folder_;
};

TEST_F(VerifyBytes, FindsNothingOnAWholeTape) {
  EXPECT_EQ(after(""), "");
  const auto report = open_tape(folder_.path())->verify_bytes();
  EXPECT_EQ(report->frame_count, 4U);
  EXPECT_EQ(report->bytes, 31U);
  ByteDigest digest;
  digest.add(1, "data: a\n\ndata: b\n\ntorn");
  digest.add(2, "data: c\n\n");
  EXPECT_EQ(report->digest, digest.tape());
}

TEST_F(VerifyBytes, FindsAFrameThatIsMissing) {
  EXPECT_EQ(after("DELETE FROM frames WHERE seq = 2"),
            "tape.seq 3: 1 frame before frame 3 is missing\n"
            "tape.bytes 0: connection 1 brought 22 bytes, its frames hold 13\n");
}

TEST_F(VerifyBytes, FindsThatTheFirstFramesAreMissing) {
  EXPECT_EQ(after("DELETE FROM frames WHERE connection_id = 1"),
            "tape.seq 4: 3 frames before frame 4 are missing\n"
            "tape.bytes 0: connection 1 brought 22 bytes, its frames hold 0\n");
}

TEST_F(VerifyBytes, FindsAFrameBeforeTheFirst) {
  EXPECT_EQ(after("INSERT INTO frames VALUES (0, 1, 5, 1, x'0a')"),
            "tape.value 0: frame 0 has a value that cannot be\n"
            "tape.bytes 0: connection 1 brought 22 bytes, its frames hold 23\n");
}

TEST_F(VerifyBytes, FindsThatTheLastFrameIsMissing) {
  EXPECT_EQ(after("DELETE FROM frames WHERE seq = 4"),
            "tape.bytes 0: connection 2 brought 9 bytes, its frames hold 0\n");
}

TEST_F(VerifyBytes, FindsAFrameThatGrew) {
  EXPECT_EQ(after("UPDATE frames SET raw = CAST(raw || 'x' AS BLOB) WHERE seq = 2"),
            "tape.bytes 0: connection 1 brought 22 bytes, its frames hold 23\n");
}

TEST_F(VerifyBytes, FindsTimeGoingBack) {
  EXPECT_EQ(after("UPDATE frames SET recv_ns = 9 WHERE seq = 2"),
            "tape.time 2: frame 2 is earlier than the one before it\n");
  EXPECT_EQ(after("UPDATE frames SET recv_ns = 4 WHERE seq <= 2"),
            "tape.time 1: frame 1 is earlier than its connection\n"
            "tape.time 2: frame 2 is earlier than its connection\n");
}

TEST_F(VerifyBytes, FindsAFrameOfNoConnection) {
  EXPECT_EQ(after("UPDATE frames SET connection_id = 9 WHERE seq = 4"),
            "tape.connection 4: frame 4 is of connection 9, which is not on the tape\n"
            "tape.bytes 0: connection 2 brought 9 bytes, its frames hold 0\n");
}

TEST_F(VerifyBytes, FindsReadsThatDoNotFit) {
  EXPECT_EQ(after("UPDATE reads SET offset = 25 WHERE offset = 22"),
            "tape.bytes 0: connection 1 was read to byte 25, its frames hold 22\n");
  EXPECT_EQ(after("UPDATE reads SET offset = 22 WHERE offset = 25;"
                  "UPDATE reads SET recv_ns = 19 WHERE offset = 22"),
            "tape.time 0: the read of connection 1 that ends at 22 is earlier than what came "
            "before it\n");
  EXPECT_EQ(after("UPDATE reads SET recv_ns = 30 WHERE offset = 22;"
                  "UPDATE reads SET connection_id = 7 WHERE connection_id = 2"),
            "tape.connection 0: the read of connection 7 that ends at 9 is of a connection that is "
            "not on the tape\n");
}

TEST_F(VerifyBytes, FindsMoreFramesThanWereRead) {
  EXPECT_EQ(after("UPDATE connections SET closed_ns = NULL WHERE id = 1"), "");
  EXPECT_EQ(after("DELETE FROM reads WHERE connection_id = 1 AND offset > 9"),
            "tape.bytes 0: the frames of connection 1 hold 22 bytes, but only 9 were read\n");
}

TEST_F(VerifyBytes, TakesAConnectionWithoutReads) {
  EXPECT_EQ(after("DELETE FROM reads"), "");
}

TEST_F(VerifyBytes, FindsAConnectionOrAGapThatCannotBe) {
  EXPECT_EQ(after("UPDATE connections SET closed_ns = 4 WHERE id = 1"),
            "tape.connection 0: connection 1 ends before it begins\n");
  EXPECT_EQ(after("UPDATE connections SET closed_ns = 29 WHERE id = 1"),
            "tape.time 0: connection 1 ends before all of it has come\n");
  EXPECT_EQ(after("UPDATE connections SET closed_ns = 40 WHERE id = 1;"
                  "UPDATE gaps SET after_connection = 3"),
            "tape.connection 0: a gap follows connection 3, which is not on the tape\n");
  EXPECT_EQ(after("UPDATE gaps SET after_connection = 1, end_ns = 39"),
            "tape.time 0: the gap after connection 1 ends before it begins\n");
}

TEST_F(VerifyBytes, FindsValuesThatCannotBe) {
  EXPECT_EQ(after("UPDATE frames SET complete = 2 WHERE seq = 1"),
            "tape.value 1: frame 1 has a value that cannot be\n");
  EXPECT_EQ(after("UPDATE frames SET complete = 1, raw = x'' WHERE seq = 1"),
            "tape.value 1: frame 1 has a value that cannot be\n"
            "tape.bytes 0: connection 1 brought 22 bytes, its frames hold 13\n");
  EXPECT_EQ(after("UPDATE connections SET opened_ns = -1 WHERE id = 2;"
                  "UPDATE gaps SET start_ns = -1;"
                  "UPDATE reads SET recv_ns = -1 WHERE connection_id = 2;"
                  "UPDATE frames SET raw = CAST('data: a' || char(10, 10) AS BLOB) WHERE seq = 1"),
            "tape.value 0: connection 2 has a value that cannot be\n"
            "tape.value 0: the read of connection 2 that ends at 9 has a value that cannot be\n"
            "tape.value 0: a gap has a value that cannot be\n");
}

TEST_F(VerifyBytes, FindsAnIndexThatLeadsAstray) {
  // A row that the index does not know, made by hiding the index from SQLite.
  const std::string problems = after(
      "PRAGMA writable_schema = ON;"
      "CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'frames_by_time';"
      "DELETE FROM sqlite_schema WHERE name = 'frames_by_time';"
      "PRAGMA writable_schema = RESET;"
      "UPDATE frames SET recv_ns = 11 WHERE seq = 1;"
      "PRAGMA writable_schema = ON;"
      "INSERT INTO sqlite_schema SELECT * FROM kept;"
      "DROP TABLE kept;"
      "PRAGMA writable_schema = RESET");
  EXPECT_TRUE(problems.starts_with("tape.pages 0: SQLite finds damage: row 1 missing from index"))
      << problems;
}

TEST_F(VerifyBytes, KeepsTheFirstProblemsAndCountsTheRest) {
  run_sql(folder_.path(),
          "WITH RECURSIVE n(i) AS (SELECT 5 UNION ALL SELECT i + 1 FROM n WHERE i < 304)"
          " INSERT INTO frames SELECT i, 2, 0, 1, x'0a' FROM n");
  const auto report = open_tape(folder_.path())->verify_bytes();
  EXPECT_EQ(report->problems.size(), ByteReport::problems_max);
  EXPECT_EQ(report->problems_omitted, 600 + 1 - ByteReport::problems_max)
      << "two times of each frame, and the length of the body";
}

TEST_F(VerifyBytes, TellsHowFarItIs) {
  std::vector<std::uint64_t> calls;
  const auto tape = open_tape(folder_.path());
  ASSERT_TRUE(tape->verify_bytes([&](std::uint64_t done) { calls.push_back(done); }));
  EXPECT_EQ(calls, std::vector<std::uint64_t>{4});
}

TEST_F(VerifyBytes, SeesOneMomentOfATapeThatIsBeingRecorded) {
  const TemporaryFolder folder;
  auto writer = *TapeWriter::open(folder.path(), {.commit_frames_max = 1});
  const auto id = *writer->open_connection({});
  ASSERT_TRUE(writer->note_read(id, 4, 1));
  ASSERT_TRUE(writer->accept({0, id, 1, true, "a\n\n"}));
  const auto tape = open_tape(folder.path());
  ASSERT_TRUE(writer->note_read(id, 8, 2));
  ASSERT_TRUE(writer->accept({0, id, 2, true, "bb\n\n"}));
  const auto report = tape->verify_bytes();
  EXPECT_TRUE(report->problems.empty());
  EXPECT_EQ(report->frame_count, 1U);
}

}  // namespace
}  // namespace tapedeck::schema
