// Files that are broken, or crafted to do harm: a sentence or a finding, never a crash.
#include <filesystem>
#include <random>

#include <fcntl.h>

#include "tests/support/tape_faults.hpp"
#include "tests/support/tape_user.hpp"
#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

using test::make_full_tape;
using test::TapeBuilder;
using test::TemporaryFolder;
using test::use_tape;

void expect_sentence(const Error& error) {
  EXPECT_FALSE(error.message.empty());
  EXPECT_EQ(error.message.find('\n'), std::string::npos) << error.message;
}

TEST(HostileTape, CutOffAnywhereIsRefusedOrRead) {
  const TemporaryFolder folder;
  make_full_tape(folder.path());
  const std::string whole = test::read_file(folder.path());
  std::vector<std::size_t> sizes{0, 1, 15, 16, 67, 71, 72, 99, 100, 101, 511, 512};
  for (std::size_t size = 4096; size < whole.size(); size += 4096) {
    sizes.insert(sizes.end(), {size - 1, size});
  }
  for (const std::size_t size : sizes) {
    SCOPED_TRACE("cut to " + std::to_string(size) + " bytes");
    write_all(folder.path("cut"), whole.substr(0, size));
    EXPECT_EQ(use_tape(folder.path("cut")), "");
  }
}

TEST(HostileTape, CutOffByAByteIsNotWhole) {
  const TemporaryFolder folder;
  make_full_tape(folder.path());
  EXPECT_TRUE(broken_rules(folder.path()).empty());
  std::filesystem::resize_file(folder.path(), std::filesystem::file_size(folder.path()) - 1);
  EXPECT_EQ(broken_rules(folder.path()).front(), "tape.pages");
}

/// Turns bits of `file` over, one at a time among its bytes that are not zero, and uses the tape.
void flip_bits(const std::string& file, const std::string& tape, int count) {
  constexpr std::uint32_t seed = 7;
  std::mt19937 random(seed);
  const std::string whole = test::read_file(file);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] != 0) {
      places.push_back(i);
    }
  }
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  for (int i = 0; i < count; ++i) {
    const std::size_t place = places[random() % places.size()];
    const auto bit = static_cast<unsigned>(random() % 8);
    SCOPED_TRACE("bit " + std::to_string(bit) + " of byte " + std::to_string(place));
    const auto flipped = static_cast<char>(static_cast<unsigned char>(whole[place]) ^ (1U << bit));
    ASSERT_EQ(::pwrite(fd, &flipped, 1, static_cast<off_t>(place)), 1);
    EXPECT_EQ(use_tape(tape), "");
    ASSERT_EQ(::pwrite(fd, &whole[place], 1, static_cast<off_t>(place)), 1);
  }
  ::close(fd);
}

TEST(HostileTape, AnyBitOfTheFileMayBeWrong) {
  const TemporaryFolder folder;
  make_full_tape(folder.path());
  flip_bits(folder.path(), folder.path(), 1500);
}

TEST(HostileTape, AnyBitOfTheLogMayBeWrong) {
  const TemporaryFolder folder;
  auto writer = *TapeWriter::open(folder.path("running"), {.commit_frames_max = 1});
  const auto id = *writer->open_connection({});
  for (std::int64_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(writer->accept({0, id, i, true, "data: x\n\n"}));
  }
  // As a death would leave it.
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(folder.path("running") + suffix,
                               folder.path("dead") + std::string(suffix));
  }
  flip_bits(folder.path("dead-wal"), folder.path("dead"), 300);
  EXPECT_EQ(open_tape(folder.path("dead"))->summary().frame_count, 5U);
}

TEST(HostileTape, GarbageAsLogIsNoPartOfTheTape) {
  const TemporaryFolder folder;
  make_full_tape(folder.path());
  for (const std::string& garbage : {std::string(100'000, '\xff'), std::string("x")}) {
    write_all(folder.path() + "-wal", garbage);
    EXPECT_EQ(open_tape(folder.path())->summary().frame_count, 21U);
    EXPECT_EQ(use_tape(folder.path()), "");
  }
}

class HostileTables : public testing::Test {
 protected:
  HostileTables() {
    make_full_tape(folder_.path("whole"));
    disk_.skip_syncs();
  }

  /// A fresh copy of the tape with `sql` done to it.
  std::string tape_after(const std::string& sql) {
    std::filesystem::copy_file(folder_.path("whole"), folder_.path(),
                               std::filesystem::copy_options::overwrite_existing);
    run_sql(folder_.path(), sql);
    return folder_.path();
  }

  /// That tape is not opened, to be read or to be continued.
  void expect_refused(const std::string& sql, const std::string& table) {
    SCOPED_TRACE(sql);
    const std::string path = tape_after(sql);
    const std::string sentence = "'" + path +
                                 "' is damaged or was not made by tapedeck: its table '" + table +
                                 "' is missing or is not as it should be";
    EXPECT_EQ(refusal_to_read(path), sentence);
    EXPECT_EQ(refusal_to_record(path, {.existing = Existing::append}), sentence);
  }

 private:
  TemporaryFolder folder_;
  test::FaultyDisk disk_;
};

TEST_F(HostileTables, OtherThanThoseOfATapeAreRefused) {
  for (const char* table :
       {"tape", "marks", "connections", "frames", "reads", "gaps", "exchanges"}) {
    expect_refused(std::string("DROP TABLE ") + table, table);
  }
  expect_refused("ALTER TABLE frames DROP COLUMN complete", "frames");
  expect_refused("ALTER TABLE frames ADD COLUMN more BLOB AS (zeroblob(1000))", "frames");
  expect_refused("DROP INDEX frames_by_time", "frames");
  expect_refused("CREATE INDEX slow ON frames (hex(zeroblob(seq)))", "frames");
  expect_refused("CREATE TRIGGER more AFTER INSERT ON frames BEGIN DELETE FROM frames; END",
                 "frames");
  expect_refused(
      "DROP TABLE gaps; CREATE VIEW gaps AS SELECT 1 AS after_connection, 1 AS start_ns,"
      " 1 AS end_ns, load_extension('x') AS reason",
      "gaps");
  expect_refused(
      "DROP TABLE gaps; CREATE VIRTUAL TABLE gaps USING"
      " fts5 (after_connection, start_ns, end_ns, reason)",
      "gaps");
  expect_refused(
      "DROP TABLE frames; CREATE TABLE frames (seq INTEGER PRIMARY KEY,"
      " connection_id, recv_ns, complete, raw); CREATE INDEX frames_by_time ON frames"
      " (recv_ns)",
      "frames");
}

TEST_F(HostileTables, OfOthersAreLeftAlone) {
  const std::string path = tape_after(
      "CREATE TABLE mine (x); CREATE VIEW late AS SELECT * FROM frames WHERE recv_ns > 100");
  EXPECT_EQ(refusal_to_read(path), "");
  EXPECT_EQ(refusal_to_record(path, {.existing = Existing::append}), "");
}

/// Lets SQLite store in `table` what STRICT and NOT NULL forbid, without a trace in the schema.
std::string unchecked(const std::string& table, const std::string& sql) {
  return "PRAGMA writable_schema = ON;"
         "CREATE TABLE kept AS SELECT name, sql FROM sqlite_schema WHERE name = '" +
         table +
         "';"
         "UPDATE sqlite_schema SET sql = replace(replace(sql, ') STRICT', ')'), 'NOT NULL', '')"
         " WHERE name = '" +
         table +
         "';"
         "PRAGMA writable_schema = RESET;" +
         sql +
         ";"
         "PRAGMA writable_schema = ON;"
         "UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) WHERE name = '" +
         table +
         "';"
         "DROP TABLE kept;"
         "PRAGMA writable_schema = RESET";
}

TEST_F(HostileTables, WithValuesOfWrongTypesAreNamed) {
  for (const char* value : {"NULL", "'text'", "1.5", "x'00'", "-1", "5000000000"}) {
    SCOPED_TRACE(value);
    const std::string path = tape_after(unchecked(
        "frames", std::string("UPDATE frames SET connection_id = ") + value + " WHERE seq = 3"));
    EXPECT_EQ(use_tape(path), "");
    const auto tape = open_tape(path);
    const auto frames = *tape->frames();
    EXPECT_TRUE(frames->next());
    EXPECT_TRUE(frames->next());
    const auto damaged = frames->next();
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().message,
              "'" + path +
                  "' is damaged: frame 3 holds what no tapedeck writes; 'tapedeck verify' names "
                  "all damage");
    const auto rules = broken_rules(path);
    EXPECT_NE(std::find(rules.begin(), rules.end(), "tape.value"), rules.end());
  }
}

TEST_F(HostileTables, HaveNoColumnThatIsTrusted) {
  const std::pair<const char*, std::vector<const char*>> tables[] = {
      {"tape", {"value"}},
      {"marks", {"at_ns", "wall_ns", "kind", "note"}},
      {"connections",
       {"opened_ns", "wall_ns", "source", "http_status", "headers", "last_event_id", "closed_ns",
        "ended", "detail", "bytes"}},
      {"frames", {"connection_id", "recv_ns", "complete", "raw"}},
      {"reads", {"connection_id", "offset", "recv_ns"}},
      {"gaps", {"after_connection", "start_ns", "end_ns", "reason"}},
      {"exchanges",
       {"request_ns", "response_ns", "method", "target", "request_headers", "request_body",
        "status", "response_headers", "response_body"}}};
  for (const auto& [table, columns] : tables) {
    for (const char* column : columns) {
      for (const char* value : {"NULL", "'text'", "1.5e300", "x'ff'", "-1", "9223372036854775807",
                                "-9223372036854775807 - 1"}) {
        SCOPED_TRACE(std::string(table) + "." + column + " = " + value);
        if (table == std::string("reads") && value == std::string("NULL")) {
          continue;  // no key of a table WITHOUT ROWID can be
        }
        const std::string path = tape_after(unchecked(
            table, std::string("UPDATE OR REPLACE ") + table + " SET " + column + " = " + value));
        EXPECT_EQ(use_tape(path), "");
        // Arithmetic on such values must not overflow either.
        if (auto writer = TapeWriter::open(path, {.existing = Existing::append, .wall_now_ns = 1});
            writer) {
          EXPECT_LT((*writer)->session_start_ns(),
                    std::numeric_limits<std::int64_t>::max() / 2 + 1);
          EXPECT_TRUE((*writer)->finish());
        } else {
          expect_sentence(writer.error());
        }
      }
    }
  }
}

TEST(HostileTape, AFrameLargerThanAnyIsNotRead) {
  const TemporaryFolder folder;
  make_full_tape(folder.path());
  run_sql(folder.path(), "UPDATE frames SET raw = zeroblob(" +
                             std::to_string(limits::frame_bytes_max + 2 * 1024 * 1024) +
                             ") WHERE seq = 2");
  const auto tape = open_tape(folder.path());
  const auto frames = *tape->frames();
  EXPECT_TRUE(frames->next());
  const auto large = frames->next();
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().message, "cannot read '" + folder.path() +
                                       "': it holds a value larger than any tapedeck writes");
}

}  // namespace
}  // namespace tapedeck::schema
