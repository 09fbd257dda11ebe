// A damaged tape is repaired: what is saved is what was there, what is not is told, and nothing is
// made up.
#include "schema/tape_repair.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include <sqlite3.h>

#include "core/base/random.hpp"
#include "tests/support/tape_faults.hpp"
#include "tests/support/tape_user.hpp"
#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

using test::frames_of;
using test::OwnedFrame;
using test::TapeBuilder;
using test::TemporaryFolder;

std::string text_of(const RepairReport& report) {
  std::string text = std::to_string(report.frames_lost) + " frames lost";
  for (const auto* sentences : {&report.losses, &report.mended, &report.remarks}) {
    for (const std::string& sentence : *sentences) {
      text += "; " + sentence;
    }
  }
  return text;
}

/// The block of frame `seq`: no two are the same, some overflow their page.
std::string block_of(std::uint64_t seq) {
  const std::size_t bytes = seq % 40 == 0 ? 150'000 + seq : 200 + seq * 7 % 1500;
  return "id: " + std::to_string(seq) +
         "\ndata: " + std::string(bytes, static_cast<char>('a' + seq % 26)) + "\n\n";
}

/// A tape of some hundred frames on three connections, with something in every table, and what it
/// holds.
class Repair : public testing::Test {
 protected:
  static constexpr std::uint64_t frame_count = 300;

  Repair() { disk_.skip_syncs(); }

  void record(const std::string& name) const {
    TapeBuilder tape(folder.path(name));
    std::int64_t now_ns = 0;
    for (std::uint64_t seq = 1; seq <= frame_count; ++seq) {
      if (seq % 100 == 1) {
        tape.connect(now_ns += 5, "source " + std::to_string(seq));
      }
      tape.frame(now_ns += 10, block_of(seq));
      if (seq % 100 == 0) {
        tape.disconnect(now_ns += 10, port::ConnectionEnd::broken);
        const bool noted = tape.writer().note_gap({static_cast<std::uint32_t>(seq / 100), now_ns,
                                                   now_ns + 5, "reset"}) &&
                           tape.writer().note_exchange({now_ns, now_ns + 1, "POST", "/x", "",
                                                        std::string(80'000, 'x'), 200, "", "{}"}) &&
                           tape.writer().note_mark(now_ns, 0, "here");
        check(noted, "a tape for a test");
      }
    }
    check(tape.writer().set("self", "me").has_value(), "a tape for a test");
    tape.finish();
  }

  /// The same with pages so small that its trees are deep.
  void record_small_pages(const std::string& name, int page_bytes) const {
    record(name);
    run_sql(folder.path(name), "PRAGMA page_size = " + std::to_string(page_bytes) + "; VACUUM");
  }

  [[nodiscard]] std::string path(const std::string& name) const { return folder.path(name); }

  [[nodiscard]] Result<RepairReport> repair(const std::string& name) const {
    return repair_tape(path(name), path("saved"), {.overwrite = true});
  }

  /// The output is a whole tape, of frames that were there, in their order; those that are not
  /// there were told of.
  void expect_saved(const RepairReport& report, const std::vector<OwnedFrame>& before,
                    std::size_t bits_turned = 0) const {
    EXPECT_EQ(broken_rules(path("saved")), std::vector<std::string>{});
    const auto tape = open_tape(path("saved"));
    const auto after = frames_of(*tape);
    EXPECT_EQ(after.size(), report.frames);
    std::set<std::uint64_t> lost;
    for (const LostFrames& range : report.lost) {
      for (std::uint64_t seq = range.first_seq;
           seq <= std::min<std::uint64_t>(range.last_seq, before.size()); ++seq) {
        lost.insert(seq);
      }
    }
    std::size_t at = 0;
    std::size_t differing = 0;
    for (const OwnedFrame& frame : before) {
      if (lost.contains(frame.seq)) {
        continue;
      }
      if (at == after.size()) {
        EXPECT_TRUE(report.has_losses()) << "frame " << frame.seq << " is missing silently";
        return;
      }
      differing += after[at].raw == frame.raw && after[at].complete == frame.complete ? 0U : 1U;
      ++at;
    }
    EXPECT_EQ(at, after.size()) << "frames are made up";
    EXPECT_LE(differing, bits_turned) << text_of(report);
  }

  /// Repairs `bytes`, and looks at what came of it. Nothing: nothing could be saved.
  std::optional<RepairReport> expect_repaired(const std::string& bytes,
                                              const std::vector<OwnedFrame>& before,
                                              std::size_t bits_turned = 0) const {
    write_all(path("damaged"), bytes);
    const auto report = repair("damaged");
    EXPECT_EQ(test::read_file(path("damaged")), bytes) << "the damaged tape was written to";
    if (!report) {
      EXPECT_EQ(report.error().message.find('\n'), std::string::npos) << report.error().message;
      return std::nullopt;
    }
    expect_saved(*report, before, bits_turned);
    return *report;
  }

  const TemporaryFolder folder;

 private:
  test::FaultyDisk disk_;
};

TEST_F(Repair, AnIntactTapeIsTheSameTape) {
  record("tape");
  const auto report = repair("tape");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(text_of(*report), "0 frames lost");
  const auto before = open_tape(path("tape"));
  const auto after = open_tape(path("saved"));
  EXPECT_EQ(report->digest, before->verify_bytes()->digest);
  EXPECT_EQ(frames_of(*after), frames_of(*before));
  EXPECT_EQ(after->values(), before->values());
  EXPECT_EQ(after->summary().bytes, before->summary().bytes);
  EXPECT_EQ(after->summary().last_ns, before->summary().last_ns);
  EXPECT_EQ(after->summary().closed, before->summary().closed);
  EXPECT_EQ(after->summary().wall_start_ns, before->summary().wall_start_ns);
  EXPECT_EQ(test::read_file(path("saved")).size(), test::read_file(path("tape")).size());
  for (const char* table :
       {"tape", "marks", "connections", "frames", "reads", "gaps", "exchanges"}) {
    run_sql(path("tape"),
            "ATTACH '" + path("saved") +
                "' AS saved; CREATE TEMP TABLE x AS SELECT 1"
                " / ((SELECT count(*) FROM (SELECT * FROM main." +
                table + " EXCEPT SELECT * FROM saved." + table +
                ")) = 0) AS same; "
                "CREATE TEMP TABLE y (same INTEGER NOT NULL); INSERT INTO y SELECT same"
                " FROM x");
  }
}

std::size_t page_bytes_of(const std::string& tape) {
  const auto stored =
      static_cast<unsigned char>(tape[16]) << 8U | static_cast<unsigned char>(tape[17]);
  return stored == 1 ? 65'536 : static_cast<std::size_t>(stored);
}

/// With zeros for page `page`, counted from 0.
std::string without_page(std::string tape, std::size_t page) {
  const std::size_t bytes = page_bytes_of(tape);
  std::fill_n(tape.begin() + static_cast<std::ptrdiff_t>(page * bytes),
              std::min(bytes, tape.size() - page * bytes), '\0');
  return tape;
}

TEST_F(Repair, AnyPageMayBeZero) {
  record("tape");
  const auto before = frames_of(*open_tape(path("tape")));
  const std::string whole = test::read_file(path("tape"));
  std::uint64_t most = 0;
  for (std::size_t page = 0; page < whole.size() / page_bytes_of(whole); ++page) {
    SCOPED_TRACE("page " + std::to_string(page + 1));
    const auto report = expect_repaired(without_page(whole, page), before);
    ASSERT_TRUE(report);
    most = std::max(most, report->frames_lost);
  }
  EXPECT_GT(most, 30U);   // a page of frames
  EXPECT_LT(most, 100U);  // and not more
}

TEST_F(Repair, AnyPageOfADeepTreeMayBeZero) {
  record_small_pages("tape", 1024);
  const auto before = frames_of(*open_tape(path("tape")));
  const std::string whole = test::read_file(path("tape"));
  const std::size_t pages = whole.size() / page_bytes_of(whole);
  ASSERT_GT(pages, 1000U);
  Random random(11);
  for (int i = 0; i < 40; ++i) {
    const auto page = static_cast<std::size_t>(random.below(pages));
    SCOPED_TRACE("page " + std::to_string(page + 1));
    const auto report = expect_repaired(without_page(whole, page), before);
    ASSERT_TRUE(report);
    EXPECT_LE(report->frames_lost, 5U);
  }
}

TEST_F(Repair, AnyBitsMayBeTurned) {
  for (const int page_bytes : {65'536, 4096, 512}) {
    record_small_pages("tape", page_bytes);
    const auto before = frames_of(*open_tape(path("tape")));
    const std::string whole = test::read_file(path("tape"));
    std::filesystem::remove(path("tape"));
    std::vector<std::size_t> places;  // of what says how the file is made, more often than of text
    for (std::size_t i = 0; i < whole.size(); ++i) {
      if (whole[i] != 0 && (whole[i] < 'a' || whole[i] > 'z' || i % 50 == 0)) {
        places.push_back(i);
      }
    }
    Random random(static_cast<std::uint64_t>(page_bytes));
    for (int i = 0; i < 40; ++i) {
      std::string damaged = whole;
      const auto turned = static_cast<std::size_t>(1 + random.below(i % 2 == 0 ? 1 : 8));
      for (std::size_t bit = 0; bit < turned; ++bit) {
        const std::size_t place = places[static_cast<std::size_t>(random.below(places.size()))];
        damaged[place] = static_cast<char>(damaged[place] ^ (1 << random.below(8)));
      }
      SCOPED_TRACE("pages of " + std::to_string(page_bytes) + ", damage " + std::to_string(i));
      expect_repaired(damaged, before, turned);
    }
  }
}

TEST_F(Repair, CutOffAnywhere) {
  record("tape");
  const auto before = frames_of(*open_tape(path("tape")));
  const std::string whole = test::read_file(path("tape"));
  Random random(3);
  std::uint64_t saved = 0;
  for (std::size_t page = 0; page < whole.size() / page_bytes_of(whole); ++page) {
    for (const std::size_t more :
         {std::size_t{0}, static_cast<std::size_t>(random.below(65'536))}) {
      const std::size_t size = page * page_bytes_of(whole) + more;
      SCOPED_TRACE("cut to " + std::to_string(size) + " bytes");
      if (const auto report = expect_repaired(whole.substr(0, size), before)) {
        EXPECT_TRUE(report->has_losses());
        saved = std::max(saved, report->frames);
      }
    }
  }
  EXPECT_GT(saved, frame_count / 2);
}

/// The page that the schema says a table or an index begins at, counted from 0.
std::size_t root_of(const std::string& path, const std::string& name) {
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  sqlite3_open(path.c_str(), &database);
  const std::string sql = "SELECT rootpage FROM sqlite_schema WHERE name = '" + name + "'";
  sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr);
  EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
  const auto root = static_cast<std::size_t>(sqlite3_column_int64(statement, 0));
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return root - 1;
}

TEST_F(Repair, WithoutAnInnerPageNoFrameIsLost) {
  for (const int page_bytes : {65'536, 2048}) {
    record_small_pages("tape", page_bytes);
    const auto before = frames_of(*open_tape(path("tape")));
    const std::string whole = test::read_file(path("tape"));
    const auto report =
        expect_repaired(without_page(whole, root_of(path("tape"), "frames")), before);
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->has_losses()) << text_of(*report);
    EXPECT_EQ(report->frames, frame_count);
    EXPECT_EQ(report->digest, open_tape(path("tape"))->verify_bytes()->digest);
    std::filesystem::remove(path("tape"));
  }
}

TEST_F(Repair, WithoutTheFirstPageNothingIsLost) {
  record("tape");
  const auto before = frames_of(*open_tape(path("tape")));
  const auto report = expect_repaired(without_page(test::read_file(path("tape")), 0), before);
  ASSERT_TRUE(report);
  EXPECT_TRUE(text_of(*report).starts_with("0 frames lost; the header of the file; "))
      << text_of(*report);
  EXPECT_FALSE(report->has_losses()) << text_of(*report);
  const auto saved = open_tape(path("saved"));
  EXPECT_EQ(saved->summary().bytes, open_tape(path("tape"))->summary().bytes);
  EXPECT_EQ(saved->exchanges()->size(), 3U);
  EXPECT_EQ(saved->gaps()->size(), 3U);
  EXPECT_EQ(saved->marks()->size(), 3U);
  EXPECT_EQ(saved->connections()->at(1).start.source, "source 101");
}

TEST_F(Repair, WithoutAnIndexNothingIsLost) {
  record("tape");
  const auto before = frames_of(*open_tape(path("tape")));
  const std::size_t root = root_of(path("tape"), "frames_by_time");
  const auto report = expect_repaired(without_page(test::read_file(path("tape")), root), before);
  ASSERT_TRUE(report);
  EXPECT_EQ(text_of(*report), "0 frames lost; the index of the frames by their times");
}

/// A tape as a death of its recorder leaves it: of `committed` frames most are in the log.
void record_dead(const std::string& path, const std::string& scratch, std::uint64_t committed) {
  auto writer = *TapeWriter::open(scratch, {.commit_frames_max = 10});
  const auto id = *writer->open_connection({});
  for (std::uint64_t seq = 1; seq <= committed; ++seq) {
    const auto now_ns = static_cast<std::int64_t>(seq * 10);
    const std::string block =
        "id: " + std::to_string(seq) + "\ndata: " + std::string(5000, 'x') + "\n\n";
    ASSERT_TRUE(writer->accept({0, id, now_ns, true, block}));
  }
  ASSERT_TRUE(writer->commit());
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(scratch + suffix, path + suffix,
                               std::filesystem::copy_options::overwrite_existing);
  }
}

TEST_F(Repair, ALogThatIsWholeIsTakenOver) {
  record_dead(path("damaged"), path("scratch"), 100);
  const auto report = repair("damaged");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(text_of(*report), "0 frames lost; what its -wal file holds is taken over");
  EXPECT_EQ(report->frames, 100U);
  EXPECT_FALSE(open_tape(path("saved"))->summary().closed);
  EXPECT_EQ(broken_rules(path("saved")), std::vector<std::string>{});
}

TEST_F(Repair, ALogThatIsLostLeavesWhatIsInTheTape) {
  record_dead(path("damaged"), path("scratch"), 100);
  std::filesystem::remove(path("damaged-wal"));
  const auto report = repair("damaged");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->remarks, std::vector<std::string>{
                                 "it asks for a -wal file, and nothing is left in one beside it"});
  EXPECT_EQ(broken_rules(path("saved")), std::vector<std::string>{});
}

TEST_F(Repair, ADamagedPageOfTheLogCostsNoOther) {
  record_dead(path("damaged"), path("scratch"), 100);
  const auto before = frames_of(*open_tape(path("damaged")));
  const std::string log = test::read_file(path("damaged-wal"));
  constexpr std::size_t step = 24 + 65'536;
  std::vector<std::size_t> places{3, 17, 30};  // in its header
  for (std::size_t at = 32; at + step <= log.size(); at += 5 * step) {
    places.insert(places.end(), {at + 3, at + 17, at + 50, at + 9000});
  }
  places.push_back(log.size() - 1);
  std::uint64_t least = before.size();
  for (const std::size_t place : places) {
    SCOPED_TRACE("byte " + std::to_string(place) + " of the log");
    std::string damaged = log;
    damaged[place] = static_cast<char>(damaged[place] ^ 1);
    write_all(path("damaged-wal"), damaged);
    const auto report = repair("damaged");
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(test::read_file(path("damaged-wal")), damaged);
    expect_saved(*report, before);
    least = std::min(least, report->frames);
  }
  // What SQLite would take: nothing behind the first damaged page.
  EXPECT_GT(least, 80U);
}

TEST_F(Repair, ATornLogLosesWhatItHeld) {
  record_dead(path("damaged"), path("scratch"), 100);
  const auto before = frames_of(*open_tape(path("damaged")));
  const std::string log = test::read_file(path("damaged-wal"));
  std::uint64_t saved = 0;
  for (const std::size_t part : {1U, 2U, 3U, 10U, 100U}) {
    write_all(path("damaged-wal"), log.substr(0, log.size() - log.size() / part));
    const auto report = repair("damaged");
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(broken_rules(path("saved")), std::vector<std::string>{});
    const auto after = frames_of(*open_tape(path("saved")));
    ASSERT_LE(after.size(), before.size());
    EXPECT_TRUE(std::equal(after.begin(), after.end(), before.begin()));
    EXPECT_GE(after.size(), saved);
    saved = after.size();
  }
  EXPECT_GT(saved, 50U);
}

/// What breaks the rules of a tape, and what becomes of it.
class BrokenRules : public Repair {
 protected:
  BrokenRules() { record("damaged"); }

  RepairReport repaired(const std::string& sql) {
    run_sql(path("damaged"), sql);
    const auto report = repair("damaged");
    EXPECT_TRUE(report) << report.error().message;
    EXPECT_EQ(broken_rules(path("saved")), std::vector<std::string>{});
    return report ? *report : RepairReport{};
  }
};

TEST_F(BrokenRules, HolesAreClosedAndNamed) {
  const auto report = repaired("DELETE FROM frames WHERE seq IN (50, 150, 151)");
  EXPECT_EQ(report.frames, frame_count - 3);
  ASSERT_EQ(report.lost.size(), 2U);
  EXPECT_EQ(report.lost[1].first_seq, 150U);
  EXPECT_EQ(report.lost[1].last_seq, 151U);
  const auto tape = open_tape(path("saved"));
  EXPECT_EQ(tape->summary().frame_count, frame_count - 3);
  const auto gaps = *tape->gaps();
  ASSERT_EQ(gaps.size(), 5U);
  EXPECT_EQ(gaps[3].reason, "lost to damage: frame 50");
  EXPECT_EQ(gaps[4].reason, "lost to damage: frames 150 to 151");
  EXPECT_EQ(gaps[4].after_connection, 2U);
  EXPECT_EQ(gaps[4].start_ns, report.lost[1].start_ns);
  EXPECT_EQ(report.losses.front(),
            "connection 1: " + std::to_string(block_of(50).size()) + " bytes of 355,722");
}

TEST_F(BrokenRules, ATimeThatIsTooLateIsTheOneThatIsWrong) {
  const auto before = frames_of(*open_tape(path("damaged")));
  const auto report = repaired("UPDATE frames SET recv_ns = 1 << 60 WHERE seq = 50");
  EXPECT_FALSE(report.has_losses());
  EXPECT_EQ(report.mended.back(), "1 time that did not fit those around it");
  auto after = frames_of(*open_tape(path("saved")));
  EXPECT_EQ(after[49].recv_ns, before[48].recv_ns);
  after[49] = before[49];
  EXPECT_EQ(after, before);
}

TEST_F(BrokenRules, ATimeThatIsTooEarlyIsTheOneThatIsWrong) {
  const auto before = frames_of(*open_tape(path("damaged")));
  repaired("UPDATE frames SET recv_ns = 0 WHERE seq = 120");
  auto after = frames_of(*open_tape(path("saved")));
  EXPECT_EQ(after[119].recv_ns, before[118].recv_ns);
  after[119] = before[119];
  EXPECT_EQ(after, before);
}

TEST_F(BrokenRules, AFrameOfNoConnectionIsOfThatAroundIt) {
  const auto before = frames_of(*open_tape(path("damaged")));
  const auto report = repaired("UPDATE frames SET connection_id = 77 WHERE seq = 120");
  EXPECT_FALSE(report.has_losses());
  EXPECT_EQ(frames_of(*open_tape(path("saved"))), before);
}

TEST_F(BrokenRules, AConnectionWithoutARowGetsOne) {
  const auto before = frames_of(*open_tape(path("damaged")));
  const auto report = repaired("DELETE FROM connections WHERE id = 2");
  EXPECT_EQ(report.losses,
            std::vector<std::string>{"connection 2: whence it came, and how it ended"});
  const auto tape = open_tape(path("saved"));
  EXPECT_EQ(frames_of(*tape), before);
  const auto connections = *tape->connections();
  ASSERT_EQ(connections.size(), 3U);
  EXPECT_FALSE(connections[1].end);
  EXPECT_EQ(connections[1].start.wall_ns,
            TapeBuilder::wall_start_ns + connections[1].start.opened_ns);
}

TEST_F(BrokenRules, OtherValuesAreBroughtWithinTheirBounds) {
  const auto report = repaired(
      "UPDATE connections SET closed_ns = 0 WHERE id = 1;"
      "UPDATE connections SET opened_ns = 1 << 50 WHERE id = 2;"
      "UPDATE connections SET ended = 'exploded', bytes = 7 WHERE id = 3;"
      "UPDATE gaps SET end_ns = 0, after_connection = 9 WHERE id = 1;"
      "UPDATE frames SET complete = 7 WHERE seq = 10;"
      "UPDATE reads SET recv_ns = 0 WHERE connection_id = 2 AND offset > 100000;"
      "UPDATE marks SET at_ns = -1 WHERE kind = 'note' AND id = 2;"
      "UPDATE exchanges SET status = -1 WHERE id = 1");
  EXPECT_EQ(report.frames_lost, 0U);
  EXPECT_EQ(report.losses.size(), 2U) << text_of(report);  // the mark and the exchange
  EXPECT_EQ(report.frames, frame_count);
}

TEST_F(Repair, OtherTablesAreNotTakenForTheTapes) {
  record("damaged");
  const auto before = frames_of(*open_tape(path("damaged")));
  run_sql(path("damaged"),
          "CREATE TABLE twin (seq INTEGER PRIMARY KEY, connection_id, recv_ns, complete, raw);"
          "INSERT INTO twin SELECT seq + 300, 1, recv_ns, 1, CAST('data: forged' || char(10, 10) AS"
          " BLOB) FROM frames");
  for (const bool with_damage : {false, true}) {
    SCOPED_TRACE(with_damage);
    const std::string whole = test::read_file(path("damaged"));
    const std::size_t root = root_of(path("damaged"), "frames");
    const auto report = expect_repaired(with_damage ? without_page(whole, root) : whole, before);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->frames, frame_count);
    EXPECT_EQ(report->frames_lost, 0U);
    EXPECT_EQ(report->remarks.back(), "the table 'twin', which is none of a tape, is left out");
    write_all(path("damaged"), whole);
  }
}

TEST_F(Repair, RemovedRowsStayRemoved) {
  record("damaged");
  run_sql(path("damaged"), "DELETE FROM exchanges; DELETE FROM frames WHERE seq > 200");
  const auto before = frames_of(*open_tape(path("damaged")));
  const auto report = expect_repaired(
      without_page(test::read_file(path("damaged")), root_of(path("damaged"), "frames")), before);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->frames, 200U);
  EXPECT_TRUE(open_tape(path("saved"))->exchanges()->empty());
}

std::string refusal_to_repair(const std::string& tape, const std::string& output,
                              bool overwrite = false) {
  const auto report = repair_tape(tape, output, {.overwrite = overwrite});
  return report ? "" : report.error().message;
}

TEST_F(Repair, RefusesWhatIsNoTape) {
  EXPECT_EQ(refusal_to_repair(path("none"), path("out")),
            "cannot open '" + path("none") + "': No such file or directory");
  write_all(path("text"), std::string(300'000, 'x'));
  EXPECT_EQ(refusal_to_repair(path("text"), path("out")),
            "'" + path("text") + "' is not a tape, nor what is left of one");
  write_all(path("empty"), "");
  EXPECT_EQ(refusal_to_repair(path("empty"), path("out")),
            "'" + path("empty") + "' is not a tape, nor what is left of one");
  run_sql(path("other"), "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
  EXPECT_EQ(refusal_to_repair(path("other"), path("out")), "'" + path("other") + "' is not a tape");
  EXPECT_FALSE(std::filesystem::exists(path("out")));
  EXPECT_FALSE(std::filesystem::exists(path("out.part")));
}

TEST_F(Repair, RefusesAFileThatIsMostlyHoles) {
  record("tape");
  std::string head = test::read_file(path("tape")).substr(0, 100);
  head[16] = 2;  // pages of 512 bytes
  head[17] = 0;
  write_all(path("sparse"), head);
  std::filesystem::resize_file(path("sparse"), std::uintmax_t{1} << 37U);
  EXPECT_EQ(refusal_to_repair(path("sparse"), path("out")),
            "cannot read '" + path("sparse") + "': it has more pages than any tape");
}

TEST_F(Repair, RefusesANewerVersion) {
  record("tape");
  run_sql(path("tape"), "ALTER TABLE frames ADD COLUMN more TEXT; PRAGMA user_version = 2");
  EXPECT_EQ(refusal_to_repair(path("tape"), path("out")),
            "'" + path("tape") +
                "' was written by a newer tapedeck (format version 2, this one knows 1); upgrade "
                "tapedeck to repair it");
}

TEST_F(Repair, RefusesATapeThatIsBeingRecorded) {
  TapeBuilder tape(path("tape"));
  EXPECT_EQ(refusal_to_repair(path("tape"), path("out")),
            "'" + path("tape") + "' is being recorded by another process");
  EXPECT_EQ(refusal_to_repair(path("tape"), path("tape"), true),
            "the damaged tape is not written to: name another output");
}

TEST_F(Repair, ReplacesAnOutputOnDemandOnly) {
  record("tape");
  write_all(path("text"), "mine");
  record("out");
  EXPECT_EQ(refusal_to_repair(path("tape"), path("out")),
            "'" + path("out") + "' exists; --overwrite replaces it");
  EXPECT_EQ(refusal_to_repair(path("tape"), path("text"), true),
            "'" + path("text") + "' exists and is not a tape; name another output");
  write_all(path("out-wal"), "of the old one");
  EXPECT_EQ(refusal_to_repair(path("tape"), path("out"), true), "");
  EXPECT_FALSE(std::filesystem::exists(path("out-wal")));
  EXPECT_EQ(refusal_to_repair(path("tape"), path("no/out")), "cannot make '" + path("no/out.part") +
                                                                 "': there is no folder '" +
                                                                 path("no") + "'; make it first");
}

TEST_F(Repair, AnEmptyTapeIsATape) {
  TapeBuilder(path("tape")).finish();
  EXPECT_EQ(refusal_to_repair(path("tape"), path("out")), "");
  EXPECT_TRUE(open_tape(path("out"))->summary().closed);
}

TEST_F(Repair, TextInAnotherEncodingIsTheSameText) {
  run_sql(path("tape"),
          "PRAGMA encoding = 'UTF-16';" + test::read_file(TAPEDECK_FIXTURES "/tapes/v1/tape.sql"));
  EXPECT_EQ(refusal_to_repair(path("tape"), path("out")), "");
  const auto tape = open_tape(path("out"));
  EXPECT_EQ(tape->connections()->at(0).end->detail, "connection reset by peer");
  EXPECT_EQ(tape->verify_bytes()->digest, "160caedbd5118ed5d887871059b09534");
}

TEST(RepairDisk, WhateverOperationFailsThereIsNoHalfTape) {
  const TemporaryFolder folder;
  test::FaultyDisk disk;
  disk.skip_syncs();
  test::make_full_tape(folder.path("tape"));
  std::uint64_t failed = 0;
  for (std::uint64_t operation = 1;; ++operation) {
    disk.fail_at(operation, test::Fault::disk_full, true);
    const auto report = repair_tape(folder.path("tape"), folder.path("out"));
    disk.heal();
    if (report) {
      break;
    }
    ++failed;
    EXPECT_EQ(report.error().message,
              "cannot write '" + folder.path("out") + "': the disk is full");
    EXPECT_FALSE(std::filesystem::exists(folder.path("out")));
    EXPECT_FALSE(std::filesystem::exists(folder.path("out.part")));
  }
  EXPECT_GT(failed, 3U);
  EXPECT_EQ(broken_rules(folder.path("out")), std::vector<std::string>{});
}

}  // namespace
}  // namespace tapedeck::schema
