// Files that are broken, or crafted to do harm, given to every command that reads a tape: findings
// or one sentence, never a crash, a hang or memory without bounds.
#include <algorithm>
#include <random>
#include <tuple>
#include <vector>

#include <sys/stat.h>

#include "tests/e2e/verify/command.hpp"

namespace tapedeck {
namespace {

namespace fs = std::filesystem;

/// TAPE is the file in question, `whole.tape` a whole one.
const std::vector<std::string> readers{
    "verify TAPE --json",
    "info TAPE",
    "cat TAPE",
    "state TAPE",
    "events TAPE",
    "diff TAPE whole.tape",
    "replay TAPE --null --speed max --once",
    "replay TAPE --stdout --speed max --once",
    "info TAPE --json",
    "events TAPE --as client-17",
    "diff whole.tape TAPE --ignore none",
    "replay whole.tape TAPE --null --speed max --once",
};

/// What a command may take to read a file of a megabyte; a sanitizer needs several times as much.
constexpr std::uint64_t memory_max = std::uint64_t{512} * 1024 * 1024;

class HostileTape : public Command {
 protected:
  HostileTape() {
    test::TapeBuilder tape(folder.path("whole.tape"));
    const std::string meeting = test::read_file(rule_fixtures / "stage-nobody/clean.sse");
    tape.connect().read(5, meeting.substr(0, 3000)).read(9, meeting.substr(3000)).disconnect(20);
    EXPECT_TRUE(tape.writer().note_gap({1, 20, 30, "reset"}));
    EXPECT_TRUE(tape.writer().note_exchange(
        {1, 2, "POST", "/api/client/v2/conferences/a/request_token", "", "{}", 200, "",
         R"({"status":"success","result":{"participant_uuid":"me"}})"}));
    EXPECT_TRUE(tape.writer().set("self", "me"));
    tape.connect(30).read(40, meeting).finish();
    whole = test::read_file(folder.path("whole.tape"));
  }

  /// Gives the file `tape` to one command.
  int give(std::string arguments, const std::string& tape) const {
    for (std::size_t at = 0; (at = arguments.find("TAPE", at)) != std::string::npos;) {
      arguments.replace(at, 4, tape);
    }
    const Outcome done = run(arguments);
    const bool derives = arguments.starts_with("state") || arguments.starts_with("events");
    EXPECT_TRUE(done.code == 0 || done.code == 1 || done.code == 3 || (derives && done.code == 4))
        << arguments;
    if (done.code >= 3) {
      EXPECT_TRUE(done.err.starts_with("tapedeck")) << arguments << '\n' << done.err;
      EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
    }
    EXPECT_LT(done.peak_bytes, memory_max) << arguments;
    return done.code;
  }

  /// Gives it to all commands. What passes `verify` can be read, and what cannot be read does not
  /// pass.
  void give_to_all(const std::string& tape) const {
    const bool passes = give(readers.front(), tape) == 0;
    for (const std::string& reader : readers) {
      EXPECT_TRUE(give(reader, tape) != 3 || !passes) << reader;
    }
  }

  void write(const std::string& name, std::string_view bytes) const {
    write_file(folder.path(name), bytes);
  }

  std::string whole;
};

TEST_F(HostileTape, MayBeCutShortAnywhere) {
  constexpr std::size_t page = 65536;
  std::vector<std::size_t> sizes{1, 16, 99, 100, 512, whole.size() - 1};
  for (std::size_t border = page; border < whole.size(); border += page) {
    sizes.push_back(border);
  }
  std::mt19937 random(20260105);
  for (int i = 0; i < 12; ++i) {
    sizes.push_back(random() % whole.size());
  }
  for (const std::size_t size : sizes) {
    SCOPED_TRACE("cut to " + std::to_string(size) + " bytes");
    write("cut.tape", std::string_view(whole).substr(0, size));
    give_to_all("cut.tape");
    // As soon as the header of the file says that it is a tape (FORMAT.md), damage is a finding.
    EXPECT_EQ(give(readers.front(), "cut.tape"), size < 72 ? 3 : 1);
  }
}

TEST_F(HostileTape, MayHaveBitsTurnedOver) {
  // Most of a small tape is empty space within its pages.
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] != 0) {
      places.push_back(i);
    }
  }
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::string damaged = whole;
    for (unsigned flips = 1U << (random() % 6); flips > 0; --flips) {
      const std::size_t place = places[random() % places.size()];
      damaged[place] =
          static_cast<char>(static_cast<unsigned char>(damaged[place]) ^ (1U << (random() % 8)));
    }
    write("damaged.tape", damaged);
    give(readers.front(), "damaged.tape");
    give(readers[1 + seed % (readers.size() - 1)], "damaged.tape");
  }
}

/// Rows that nobody would write.
TEST_F(HostileTape, MayHoldAnything) {
  const std::string thousands =
      " FROM (WITH RECURSIVE n(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)"
      " SELECT n FROM n)";
  const std::string last = " WHERE seq = (SELECT max(seq) FROM frames)";
  for (const std::string& sql : std::vector<std::string>{
           "DROP TABLE frames",
           "DROP TABLE connections",
           "ALTER TABLE frames ADD COLUMN more TEXT",
           "ALTER TABLE frames DROP COLUMN complete",
           "DELETE FROM connections",
           "DELETE FROM frames",
           "DELETE FROM marks",
           "UPDATE frames SET recv_ns = -recv_ns",
           "UPDATE frames SET recv_ns = 9223372036854775807" + last,
           "UPDATE frames SET recv_ns = -9223372036854775807 - 1 WHERE seq = 1",
           "UPDATE frames SET recv_ns = (seq % 3) * 1000000000",
           "UPDATE frames SET seq = 9223372036854775807" + last,
           "UPDATE frames SET seq = -1 WHERE seq = 1",
           "UPDATE frames SET connection_id = 4294967297",
           "UPDATE frames SET complete = 7",
           "UPDATE frames SET complete = 0",
           "UPDATE frames SET raw = x''",
           "UPDATE frames SET raw = zeroblob(2000000)" + last,
           "UPDATE frames SET raw = zeroblob(500000000)" + last,
           "UPDATE frames SET raw = CAST('data: ' || replace(hex(zeroblob(100001)), '0', '[')"
           " || char(10, 10) AS BLOB)" +
               last,
           "UPDATE connections SET opened_ns = 9223372036854775807, wall_ns = -9223372036854775807",
           "UPDATE connections SET closed_ns = 0, opened_ns = 9223372036854775807",
           "UPDATE connections SET bytes = 9223372036854775807",
           "UPDATE connections SET ended = 'exploded'",
           "UPDATE connections SET source = replace(hex(zeroblob(100000)), '0', 'a')",
           "INSERT INTO connections SELECT n, 0, 0, '', 0, '', '', NULL, NULL, NULL, NULL" +
               thousands,
           "INSERT INTO frames SELECT n, n, 50, 1, x'0a'" + thousands,
           "INSERT INTO marks SELECT n, n, n, 'opened', ''" + thousands,
           "INSERT INTO gaps SELECT n, 0, 0, 9223372036854775807, ''" + thousands,
           "UPDATE marks SET at_ns = 9223372036854775807, wall_ns = -9223372036854775807 - 1",
           "UPDATE exchanges SET response_ns = -9",
           "UPDATE exchanges SET response_body = CAST(replace(hex(zeroblob(9000)), '0', '{\"a\":')"
           " AS BLOB)",
           "INSERT INTO tape VALUES ('k', replace(hex(zeroblob(100000)), '0', char(27)))",
           "PRAGMA user_version = 99",
           "PRAGMA application_id = 1",
           "CREATE TRIGGER loud AFTER INSERT ON frames BEGIN DELETE FROM frames; END",
           "CREATE VIEW more AS SELECT * FROM frames; CREATE TABLE other (x)",
           "DROP TABLE gaps; CREATE VIEW gaps AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT"
           " n + 1 FROM n) SELECT n AS id, 0 AS after_connection, 0 AS start_ns, 0 AS end_ns,"
           " '' AS reason FROM n",
           "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 1 WHERE name ="
           " 'frames'",
           "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'x' WHERE name = "
           "'reads'"}) {
    SCOPED_TRACE(sql);
    write("a.tape", whole);
    change("a.tape", sql);
    give_to_all("a.tape");
  }
}

TEST_F(HostileTape, MayHoldMoreValuesThanAnyConference) {
  int tapes = 0;
  for (const auto& [before, value, after] :
       {std::tuple{"event: stage\ndata: [1", ",1", "]\n\n"},
        {"event: participant_create\ndata: {\"uuid\":\"u\",\"x\":[\"\\ud800\"", ",[]", "]}\n\n"},
        {"event: message_received\ndata: {\"payload\":\"[1", ",1", "]\"}\n\n"}}) {
    SCOPED_TRACE(before);
    std::string body = before;
    for (std::size_t i = 0; i < 4 * limits::json_values_max; ++i) {
      body += value;
    }
    const std::string tape = "values" + std::to_string(++tapes) + ".tape";
    make_tape(tape, body + after);
    give_to_all(tape);
    EXPECT_EQ(give("state TAPE", tape), 4) << "what was left out is said";
    EXPECT_EQ(give("events TAPE", tape), 4);
    EXPECT_NE(run("verify " + tape).out.find("limit-reached"), std::string::npos);
  }
}

TEST_F(HostileTape, MayNameItsSourceAtLength) {
  write("a.tape", whole);
  change("a.tape", "UPDATE connections SET source = replace(hex(zeroblob(5000000)), '0', 'a')");
  give_to_all("a.tape");
  EXPECT_LT(run("info a.tape").out.size(), 20000U);
}

TEST_F(HostileTape, MayHoldValuesOfAnyType) {
  for (const char* value : {"NULL", "'text'", "1.5e300", "x'ff'"}) {
    for (const auto& [table, columns] :
         {std::pair{"frames", "connection_id = V, recv_ns = V, complete = V, raw = V"},
          {"connections", "opened_ns = V, wall_ns = V, source = V, http_status = V, bytes = V"},
          {"marks", "at_ns = V, wall_ns = V, kind = V, note = V"},
          {"exchanges", "response_ns = V, target = V, status = V, response_body = V"}}) {
      std::string sql =
          "CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema WHERE name = 'T';"
          "PRAGMA writable_schema = ON;"
          "UPDATE sqlite_schema SET sql = replace(replace(sql, ') STRICT', ')'),"
          " 'NOT NULL', '') WHERE name = 'T';"
          "PRAGMA writable_schema = RESET;"
          "UPDATE T SET C;"
          "PRAGMA writable_schema = ON;"
          "UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) WHERE name = 'T'";
      for (const auto& [name, text] :
           {std::pair<std::string, std::string>{"'T'", '\'' + std::string(table) + '\''},
            {"UPDATE T", "UPDATE " + std::string(table)},
            {"SET C", "SET " + std::string(columns)},
            {"= V", "= " + std::string(value)}}) {
        for (std::size_t at = 0; (at = sql.find(name, at)) != std::string::npos;) {
          sql.replace(at, name.size(), text);
          at += text.size();
        }
      }
      SCOPED_TRACE(sql);
      write("a.tape", whole);
      change("a.tape", sql);
      give_to_all("a.tape");
    }
  }
}

TEST_F(HostileTape, MayHaveTheLogOfAnotherBesideIt) {
  schema::TapeWriterOptions options;
  options.commit_frames_max = 1;
  const auto running = *schema::TapeWriter::open(folder.path("running.tape"), options);
  const auto connection = *running->open_connection({});
  for (std::int64_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(running->accept({0, connection, i, true, "data: x\n\n"}));
  }
  const std::string log = test::read_file(folder.path("running.tape-wal"));
  ASSERT_FALSE(log.empty());
  for (const std::string& beside : {log, std::string(70000, '\xff'), std::string("x")}) {
    write("a.tape", whole);
    write("a.tape-wal", beside);
    give_to_all("a.tape");
  }
}

TEST_F(HostileTape, MayHaveAPipeInThePlaceOfItsLog) {
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    const std::string beside = folder.path("whole.tape") + suffix;
    ASSERT_EQ(::mkfifo(beside.c_str(), 0600), 0);
    give_to_all("whole.tape");
    fs::remove(beside);
  }
}

TEST_F(HostileTape, MayBeNoTapeAtAll) {
  write("empty", "");
  write("text", std::string(100000, 'x'));
  write("\x1b[31m\xff", "");
  fs::create_symlink("loop-b", folder.path("loop-a"));
  fs::create_symlink("loop-a", folder.path("loop-b"));
  fs::create_symlink("gone", folder.path("dangling"));
  fs::create_directory(folder.path("bare"));
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  for (const std::string& name :
       std::vector<std::string>{"empty", "text", "\x1b[31m\xff", "loop-a", "dangling", "bare",
                                "pipe", "gone", "/dev/zero", "/dev/null", "/dev/stdin",
                                "whole.tape/", "file:whole.tape?mode=rw", std::string(5000, 'x')}) {
    SCOPED_TRACE(name.substr(0, 40));
    for (const std::string& reader : readers) {
      EXPECT_EQ(give(reader, name), 3) << reader;
    }
  }
  const std::string sentence = run("info \x1b[31m\xff").err;
  EXPECT_EQ(sentence.find('\x1b'), std::string::npos) << sentence;
}

}  // namespace
}  // namespace tapedeck
