#include "schema/tape_index.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/support/tape_user.hpp"
#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

constexpr std::uint32_t version = 7;

class Index : public testing::Test {
 protected:
  Index() { test::make_tape(path_, "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n", ns_per_s); }

  void add(std::initializer_list<std::uint64_t> seqs, std::uint32_t of_version = version) {
    const auto index = TapeIndex::change(path_);
    ASSERT_TRUE(index);
    for (const std::uint64_t seq : seqs) {
      ASSERT_TRUE((*index)->add(seq, of_version, "state " + std::to_string(seq)));
    }
    ASSERT_TRUE((*index)->finish());
  }
  std::string up_to(std::uint64_t seq) {
    return described(open_tape(path_)->checkpoint_up_to(seq, version));
  }
  std::string from(std::uint64_t seq) {
    return described(open_tape(path_)->checkpoint_from(seq, version));
  }

  test::TemporaryFolder folder_;
  std::string path_ = folder_.path();

 private:
  static std::string described(const Result<std::optional<Checkpoint>>& found) {
    if (!found) {
      return found.error().message;
    }
    return *found ? std::to_string((*found)->seq) + ": " + (*found)->state : "none";
  }
};

TEST_F(Index, IsThereOnceItIsMade) {
  EXPECT_FALSE(open_tape(path_)->has_checkpoints());
  EXPECT_EQ(up_to(4), "none");
  EXPECT_EQ(from(1), "none");
  EXPECT_EQ(open_tape(path_)->index_summary(version)->count, 0U);
  add({1, 3});
  EXPECT_TRUE(open_tape(path_)->has_checkpoints());
  EXPECT_EQ(up_to(0), "none");
  EXPECT_EQ(up_to(1), "1: state 1");
  EXPECT_EQ(up_to(2), "1: state 1");
  EXPECT_EQ(up_to(3), "3: state 3");
  EXPECT_EQ(up_to(std::uint64_t{1} << 63U), "3: state 3");
  EXPECT_EQ(from(1), "1: state 1");
  EXPECT_EQ(from(2), "3: state 3");
  EXPECT_EQ(from(4), "none");
  EXPECT_EQ(broken_rules(path_), std::vector<std::string>());
}

TEST_F(Index, GoesOnWhereItEnds) {
  add({1});
  add({2, 4});
  EXPECT_EQ(up_to(1), "1: state 1");
  EXPECT_EQ(up_to(4), "4: state 4");
}

TEST_F(Index, OfAnotherVersionIsNotSeen) {
  add({1});
  add({2}, version + 1);
  const auto summary = open_tape(path_)->index_summary(version);
  EXPECT_EQ(summary->count, 2U);
  EXPECT_EQ(summary->of_other_versions, 1U);
  EXPECT_EQ(summary->bytes, 14U);
  EXPECT_EQ(up_to(4), "1: state 1");
  EXPECT_EQ(from(2), "none");
}

TEST_F(Index, IsGoneWhenItIsCleared) {
  add({1, 2}, version + 1);
  {
    const auto index = TapeIndex::change(path_);
    ASSERT_TRUE(index);
    ASSERT_TRUE((*index)->clear());
    ASSERT_TRUE((*index)->add(3, version, "state 3"));
    ASSERT_TRUE((*index)->finish());
  }
  EXPECT_EQ(from(1), "3: state 3");
  {
    const auto index = TapeIndex::change(path_);
    ASSERT_TRUE((*index)->clear());
    ASSERT_TRUE((*index)->finish());
  }
  EXPECT_FALSE(open_tape(path_)->has_checkpoints());
}

TEST_F(Index, ChangesNothingThatWasRecorded) {
  auto before = open_tape(path_);
  const auto digest = before->verify_bytes()->digest;
  const auto frames = test::frames_of(*before);
  before.reset();
  add({2});
  const auto after = open_tape(path_);
  EXPECT_EQ(after->verify_bytes()->digest, digest);
  EXPECT_EQ(test::frames_of(*after), frames);
  EXPECT_TRUE(after->summary().closed);
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(Index, IsLeftAsItWasWithoutFinish) {
  add({1});
  {
    const auto index = TapeIndex::change(path_);
    ASSERT_TRUE((*index)->add(2, version, "state 2"));
  }
  EXPECT_EQ(up_to(4), "1: state 1");
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(Index, LetsOthersReadWhileItIsMade) {
  const auto index = TapeIndex::change(path_);
  ASSERT_TRUE((*index)->add(2, version, "state 2"));
  {
    const auto reader = open_tape(path_);
    EXPECT_EQ(test::frames_of(*reader).size(), 4U);
    EXPECT_FALSE(reader->has_checkpoints());
    ASSERT_TRUE((*index)->add(3, version, std::string(std::size_t{17} * 1024 * 1024, 'x')));
  }
  ASSERT_TRUE((*index)->finish());
  EXPECT_EQ(up_to(2), "2: state 2");
}

TEST_F(Index, StaysWhenTheTapeIsRecordedOn) {
  add({4});
  test::TapeBuilder more(path_, Existing::append);
  more.connect(9 * ns_per_s).frame(10 * ns_per_s, "data: 5\n\n").finish();
  EXPECT_EQ(up_to(5), "4: state 4");
  EXPECT_EQ(broken_rules(path_), std::vector<std::string>());
}

TEST_F(Index, IsRefusedWhereSomebodyRecords) {
  test::TapeBuilder more(path_, Existing::append);
  const auto index = TapeIndex::change(path_);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().message, "'" + path_ + "' is being recorded by another process");
}

/// Checkpoints of which nothing is true.
class HostileIndex : public Index {
 protected:
  std::string tape_after(const std::string& sql) {
    add({2});
    run_sql(path_, sql);
    EXPECT_EQ(test::use_tape(path_), "");
    return path_;
  }
};

TEST_F(HostileIndex, OfAnotherShapeIsSomebodyElses) {
  for (const char* sql :
       {"DROP TABLE checkpoints; CREATE TABLE checkpoints (seq, version, state)",
        "DROP TABLE checkpoints; CREATE VIEW checkpoints AS SELECT 1 AS seq, 7 AS version,"
        " x'00' AS state",
        "ALTER TABLE checkpoints ADD COLUMN more BLOB AS (zeroblob(1000))",
        "CREATE TRIGGER more AFTER INSERT ON checkpoints BEGIN DELETE FROM frames; END",
        "CREATE INDEX slow ON checkpoints (hex(zeroblob(seq)))"}) {
    SCOPED_TRACE(sql);
    tape_after(sql);
    EXPECT_FALSE(open_tape(path_)->has_checkpoints());
    EXPECT_EQ(up_to(4), "none");
    EXPECT_EQ(broken_rules(path_), std::vector<std::string>());
    const auto index = TapeIndex::change(path_);
    ASSERT_FALSE(index);
    EXPECT_EQ(index.error().message, "'" + path_ +
                                         "' has a table 'checkpoints' that tapedeck did not make; "
                                         "rename it");
    std::filesystem::remove(path_);
    test::make_tape(path_, "data: 1\n\ndata: 2\n\n", ns_per_s);
  }
}

TEST_F(HostileIndex, OfFramesThatAreNotThereIsNamed) {
  tape_after("UPDATE checkpoints SET seq = 5");
  EXPECT_EQ(broken_rules(path_), std::vector<std::string>{"tape.checkpoint"});
  run_sql(path_, "UPDATE checkpoints SET seq = -5");
  EXPECT_EQ(broken_rules(path_), std::vector<std::string>{"tape.checkpoint"});
  EXPECT_EQ(up_to(4).find("'" + path_ + "' is damaged: a checkpoint holds"), 0U);
}

TEST_F(HostileIndex, WithValuesOfWrongTypesIsNamed) {
  for (const char* change : {"state = x''", "version = -1", "version = 5000000000"}) {
    SCOPED_TRACE(change);
    tape_after(std::string("UPDATE checkpoints SET ") + change);
    EXPECT_EQ(broken_rules(path_), std::vector<std::string>{"tape.checkpoint"});
    run_sql(path_, "DELETE FROM checkpoints");
  }
  for (const char* value : {"NULL", "'text'", "1"}) {
    SCOPED_TRACE(value);
    tape_after(
        std::string("PRAGMA writable_schema = ON; CREATE TABLE kept AS SELECT sql FROM"
                    " sqlite_schema WHERE name = 'checkpoints'; UPDATE sqlite_schema SET"
                    " sql = replace(replace(sql, 'STRICT', ''), 'NOT NULL', '') WHERE name ="
                    " 'checkpoints'; PRAGMA writable_schema = RESET; UPDATE checkpoints SET"
                    " state = ") +
        value +
        "; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = (SELECT sql FROM"
        " kept) WHERE name = 'checkpoints'; DROP TABLE kept; PRAGMA writable_schema = RESET");
    const auto rules = broken_rules(path_);
    EXPECT_NE(std::find(rules.begin(), rules.end(), "tape.checkpoint"), rules.end());
    EXPECT_EQ(up_to(4).find("'" + path_ + "' is damaged: a checkpoint holds"), 0U);
    run_sql(path_, "DELETE FROM checkpoints");
  }
}

}  // namespace
}  // namespace tapedeck::schema
