// What is recorded comes back: bytes, order, times, borders, connections, gaps, exchanges.
#include <filesystem>

#include "core/base/units.hpp"
#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

using port::ConnectionEnd;
using test::OwnedFrame;
using test::TapeBuilder;
using test::TemporaryFolder;

std::vector<std::uint64_t> seqs(const TapeReader& tape, const FrameRange& range) {
  std::vector<std::uint64_t> seqs;
  for (const OwnedFrame& frame : test::frames_of(tape, range)) {
    seqs.push_back(frame.seq);
  }
  return seqs;
}

std::vector<std::pair<std::uint64_t, std::int64_t>> reads_of(const TapeReader& tape,
                                                             std::uint32_t connection_id) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> reads;
  const auto source = tape.reads(connection_id);
  while (true) {
    const auto read = (*source)->next();
    EXPECT_TRUE(read);
    if (!read || !*read) {
      return reads;
    }
    reads.emplace_back((*read)->end_offset, (*read)->recv_ns);
  }
}

TEST(Tape, GivesBackTheBytesOfABodyInWhateverReadsItCame) {
  const TemporaryFolder folder;
  const std::string body("\xef\xbb\xbf: hello\r\ndata: a\0b\n\n\r\rdata: torn", 34);
  for (std::size_t step = 1; step <= body.size(); ++step) {
    const std::string path = folder.path(std::to_string(step));
    TapeBuilder tape(path);
    tape.connect();
    for (std::size_t at = 0; at < body.size(); at += step) {
      tape.read(static_cast<std::int64_t>(at), std::string_view(body).substr(at, step));
    }
    tape.finish();
    EXPECT_EQ(test::body_of(*open_tape(path)), body) << "in reads of " << step;
    EXPECT_EQ(broken_rules(path), std::vector<std::string>{}) << "in reads of " << step;
  }
}

TEST(Tape, GivesBackOrderTimesAndWhetherABlockIsWhole) {
  const TemporaryFolder folder;
  TapeBuilder(folder.path())
      .connect(5)
      .frame(10, "data: a\n\n")
      .frame(10, ": b\n\n")
      .frame(30, "data: torn", false)
      .finish();
  const std::vector<OwnedFrame> expected{{1, 1, 10, true, "data: a\n\n"},
                                         {2, 1, 10, true, ": b\n\n"},
                                         {3, 1, 30, false, "data: torn"}};
  EXPECT_EQ(test::frames_of(*open_tape(folder.path())), expected);
}

TEST(Tape, HoldsAFrameOfManyPages) {
  const TemporaryFolder folder;
  std::string large = "data: ";
  for (std::size_t i = 0; large.size() < std::size_t{3} * 1024 * 1024; ++i) {
    large += std::to_string(i);
  }
  large += "\n\n";
  TapeBuilder(folder.path()).connect().frame(1, large).frame(2, "\n").finish();
  EXPECT_EQ(test::body_of(*open_tape(folder.path())), large + "\n");
}

TEST(Tape, GivesTheFramesOfARange) {
  const TemporaryFolder folder;
  TapeBuilder tape(folder.path());
  tape.connect();
  for (const std::int64_t recv_ns : {10, 20, 20, 30, 40}) {
    tape.frame(recv_ns, "\n");
  }
  tape.disconnect(40);
  tape.connect(50).frame(50, "\n").finish();
  const auto reader = open_tape(folder.path());
  using Seqs = std::vector<std::uint64_t>;
  EXPECT_EQ(seqs(*reader, {}), (Seqs{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(seqs(*reader, {.first_seq = 2, .last_seq = 4}), (Seqs{2, 3, 4}));
  EXPECT_EQ(seqs(*reader, {.from_ns = 20, .until_ns = 40}), (Seqs{2, 3, 4}));
  EXPECT_EQ(seqs(*reader, {.from_ns = 11}), (Seqs{2, 3, 4, 5, 6}));
  EXPECT_EQ(seqs(*reader, {.from_ns = 51}), Seqs{});
  EXPECT_EQ(seqs(*reader, {.until_ns = 10}), Seqs{});
  EXPECT_EQ(seqs(*reader, {.first_seq = 3, .until_ns = 30}), Seqs{3});
  EXPECT_EQ(seqs(*reader, {.first_seq = 7}), Seqs{});
  EXPECT_EQ(seqs(*reader, {.first_seq = ~std::uint64_t{0}}), Seqs{});
  EXPECT_EQ(seqs(*reader, {.connection_id = 2}), Seqs{6});
  EXPECT_EQ(seqs(*reader, {.connection_id = 3}), Seqs{});
}

TEST(Tape, SourcesOfOneReaderAreReadInTurns) {
  const TemporaryFolder folder;
  TapeBuilder(folder.path()).connect().frame(1, "a\n\n").frame(2, "b\n\n").finish();
  const auto reader = open_tape(folder.path());
  const auto one = *reader->frames();
  const auto other = *reader->frames();
  EXPECT_EQ((**one->next()).raw, "a\n\n");
  EXPECT_EQ((**other->next()).raw, "a\n\n");
  EXPECT_EQ((**one->next()).raw, "b\n\n");
  EXPECT_FALSE(*one->next());
  EXPECT_FALSE(*one->next()) << "the end stays the end";
  EXPECT_EQ((**other->next()).raw, "b\n\n");
}

TEST(Tape, GivesBackTheBordersAndTimesOfReads) {
  const TemporaryFolder folder;
  TapeBuilder tape(folder.path());
  tape.connect().read(10, "data: a").read(20, "\n\n: b\n\n").read(30, "torn").finish();
  using Reads = std::vector<std::pair<std::uint64_t, std::int64_t>>;
  const auto reader = open_tape(folder.path());
  EXPECT_EQ(reads_of(*reader, 1), (Reads{{7, 10}, {14, 20}, {18, 30}}));
  EXPECT_EQ(reads_of(*reader, 2), Reads{});
}

TEST(Tape, GivesBackConnectionsGapsExchangesAndValues) {
  const TemporaryFolder folder;
  {
    auto writer = *TapeWriter::open(folder.path(), {.wall_now_ns = 1000});
    const port::ConnectionStart start{5,
                                      1005,
                                      "https://node.example/events?token=<token-1>",
                                      200,
                                      "Content-Type: text/event-stream\n",
                                      "17"};
    const auto id = writer->open_connection(start);
    ASSERT_TRUE(id);
    EXPECT_EQ(*id, 1U);
    ASSERT_TRUE(writer->close_connection(*id, 9, ConnectionEnd::broken, "reset by peer"));
    ASSERT_TRUE(writer->note_gap({1, 9, 20, "reset by peer"}));
    ASSERT_TRUE(writer->open_connection({20, 1020, "-", 0, "", ""}));
    ASSERT_TRUE(writer->note_exchange({30, 31, "POST", "/token", "Pin: <pin-1>\n", "{}", 200,
                                       "Server: node\n", std::string("\0\xff", 2)}));
    ASSERT_TRUE(writer->set("self", "a"));
    ASSERT_TRUE(writer->set("self", "b"));
    ASSERT_TRUE(writer->finish());
  }
  const auto tape = open_tape(folder.path());
  const auto connections = *tape->connections();
  ASSERT_EQ(connections.size(), 2U);
  EXPECT_EQ(connections[0].id, 1U);
  EXPECT_EQ(connections[0].start.opened_ns, 5);
  EXPECT_EQ(connections[0].start.wall_ns, 1005);
  EXPECT_EQ(connections[0].start.source, "https://node.example/events?token=<token-1>");
  EXPECT_EQ(connections[0].start.http_status, 200);
  EXPECT_EQ(connections[0].start.headers, "Content-Type: text/event-stream\n");
  EXPECT_EQ(connections[0].start.last_event_id, "17");
  ASSERT_TRUE(connections[0].end);
  EXPECT_EQ(connections[0].end->closed_ns, 9);
  EXPECT_EQ(connections[0].end->end, ConnectionEnd::broken);
  EXPECT_EQ(connections[0].end->detail, "reset by peer");
  EXPECT_FALSE(connections[1].end);
  const auto gaps = *tape->gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].after_connection, 1U);
  EXPECT_EQ(gaps[0].start_ns, 9);
  EXPECT_EQ(gaps[0].end_ns, 20);
  EXPECT_EQ(gaps[0].reason, "reset by peer");
  const auto exchanges = *tape->exchanges();
  ASSERT_EQ(exchanges.size(), 1U);
  EXPECT_EQ(exchanges[0].request_ns, 30);
  EXPECT_EQ(exchanges[0].response_ns, 31);
  EXPECT_EQ(exchanges[0].method, "POST");
  EXPECT_EQ(exchanges[0].target, "/token");
  EXPECT_EQ(exchanges[0].request_headers, "Pin: <pin-1>\n");
  EXPECT_EQ(exchanges[0].request_body, "{}");
  EXPECT_EQ(exchanges[0].status, 200);
  EXPECT_EQ(exchanges[0].response_headers, "Server: node\n");
  EXPECT_EQ(exchanges[0].response_body, std::string("\0\xff", 2));
  EXPECT_EQ(tape->value("self"), "b");
  EXPECT_EQ(tape->value("other"), std::nullopt);
}

TEST(Tape, TellsWhatIsOnIt) {
  const TemporaryFolder folder;
  TapeBuilder tape(folder.path());
  tape.connect(1).frame(10, "data: a\n\n").frame(30, ": b\n\n").finish();
  const Summary summary = open_tape(folder.path())->summary();
  EXPECT_EQ(summary.version, 1);
  EXPECT_TRUE(summary.closed);
  EXPECT_FALSE(summary.recording);
  EXPECT_EQ(summary.wall_start_ns, TapeBuilder::wall_start_ns);
  EXPECT_EQ(summary.last_ns, 30);
  EXPECT_EQ(summary.frame_count, 2U);
  EXPECT_EQ(summary.bytes, 14U);
  EXPECT_EQ(summary.exchange_count, 0U);
  EXPECT_EQ(summary.file_bytes, std::filesystem::file_size(folder.path()));
}

TEST(Tape, OverlappingConnectionsKeepOneOrderOfTime) {
  const TemporaryFolder folder;
  auto writer = *TapeWriter::open(folder.path(), {});
  const auto one = *writer->open_connection({});
  const auto other = *writer->open_connection({});
  ASSERT_TRUE(writer->note_read(one, 4, 10));
  ASSERT_TRUE(writer->accept({0, other, 20, true, "x\n\n"}));
  // The torn end of the first connection arrived earlier, and is handed over later.
  ASSERT_TRUE(writer->accept({0, one, 10, false, "torn"}));
  ASSERT_TRUE(writer->close_connection(one, 30, ConnectionEnd::finished, ""));
  ASSERT_TRUE(writer->close_connection(other, 30, ConnectionEnd::finished, ""));
  ASSERT_TRUE(writer->finish());
  const std::vector<OwnedFrame> expected{{1, 2, 20, true, "x\n\n"}, {2, 1, 20, false, "torn"}};
  EXPECT_EQ(test::frames_of(*open_tape(folder.path())), expected);
  EXPECT_EQ(broken_rules(folder.path()), std::vector<std::string>{});
}

TEST(Tape, IsOneFileWhenItIsFinished) {
  const TemporaryFolder folder;
  TapeBuilder tape(folder.path());
  tape.connect().frame(1, "data: a\n\n").finish();
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path(""))) {
    files.push_back(entry.path().filename());
  }
  EXPECT_EQ(files, std::vector<std::string>{"test.tape"});
}

TEST(Tape, ReadingItChangesNothingBesideIt) {
  const TemporaryFolder folder;
  test::make_tape(folder.path(), "data: a\n\n");
  const std::string before = test::read_file(folder.path());
  const auto tape = open_tape(folder.path());
  EXPECT_EQ(test::body_of(*tape), "data: a\n\n");
  EXPECT_TRUE(tape->verify_bytes());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path("")), {}), 1);
  EXPECT_EQ(test::read_file(folder.path()), before);
}

TEST(Tape, TheSameRecordingGivesTheSameFile) {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"}) {
    test::make_tape(folder.path(name), "data: a\n\n: b\n\ndata: torn");
  }
  EXPECT_EQ(test::read_file(folder.path("a")), test::read_file(folder.path("b")));
}

TEST(Tape, CommitsAfterSoManyFrames) {
  const TemporaryFolder folder;
  auto writer = *TapeWriter::open(folder.path(), {.commit_frames_max = 3});
  const auto id = *writer->open_connection({});
  for (std::uint64_t seq = 1; seq <= 10; ++seq) {
    ASSERT_TRUE(writer->accept({0, id, 0, true, "\n"}));
    EXPECT_EQ(writer->committed_seq(), seq / 3 * 3);
    EXPECT_EQ(open_tape(folder.path())->summary().frame_count, seq / 3 * 3);
  }
}

TEST(Tape, CommitsAfterSoMuchTime) {
  const TemporaryFolder folder;
  auto writer = *TapeWriter::open(folder.path(), {.commit_ns_max = 100});
  const auto id = *writer->open_connection({});
  ASSERT_TRUE(writer->accept({0, id, 50, true, "\n"}));
  ASSERT_TRUE(writer->commit_if_due(99));
  EXPECT_EQ(writer->committed_seq(), 0U) << "the connection was noted at 0";
  ASSERT_TRUE(writer->commit_if_due(100));
  EXPECT_EQ(writer->committed_seq(), 1U);
  ASSERT_TRUE(writer->accept({0, id, 300, true, "\n"}));
  ASSERT_TRUE(writer->accept({0, id, 399, true, "\n"}));
  EXPECT_EQ(writer->committed_seq(), 1U);
  ASSERT_TRUE(writer->accept({0, id, 400, true, "\n"}));
  EXPECT_EQ(writer->committed_seq(), 4U);
}

TEST(Tape, IsReadWhileItIsRecorded) {
  const TemporaryFolder folder;
  auto writer = *TapeWriter::open(folder.path(), {.commit_frames_max = 1});
  const auto id = *writer->open_connection({});
  ASSERT_TRUE(writer->accept({0, id, 1, true, "a\n\n"}));
  const auto early = open_tape(folder.path());
  EXPECT_TRUE(early->summary().recording);
  EXPECT_FALSE(early->summary().closed);
  ASSERT_TRUE(writer->accept({0, id, 2, true, "b\n\n"}));
  EXPECT_EQ(test::body_of(*early), "a\n\n") << "a reader sees one moment";
  EXPECT_EQ(test::body_of(*open_tape(folder.path())), "a\n\nb\n\n");
  ASSERT_TRUE(writer->close_connection(id, 3, ConnectionEnd::finished, ""));
  ASSERT_TRUE(writer->finish()) << "a reader does not keep a recording from its end";
  EXPECT_EQ(test::body_of(*early), "a\n\n");
  writer.reset();
  EXPECT_TRUE(open_tape(folder.path())->summary().closed);
  EXPECT_EQ(broken_rules(folder.path()), std::vector<std::string>{});
}

TEST(Tape, IsContinuedByANewSession) {
  const TemporaryFolder folder;
  TapeBuilder(folder.path()).connect(5).frame(10, "data: a\n\n").finish();
  {
    auto writer = *TapeWriter::open(
        folder.path(),
        {.existing = Existing::append, .wall_now_ns = TapeBuilder::wall_start_ns + 500});
    EXPECT_EQ(writer->session_start_ns(), 500) << "as the wall clock says";
    const auto id = writer->open_connection({500, 0, "second", 0, "", ""});
    EXPECT_EQ(*id, 2U);
    ASSERT_TRUE(writer->accept({0, *id, 600, true, "data: b\n\n"}));
    ASSERT_TRUE(writer->close_connection(*id, 600, ConnectionEnd::finished, ""));
    EXPECT_FALSE(open_tape(folder.path())->summary().closed);
    ASSERT_TRUE(writer->finish());
  }
  const auto tape = open_tape(folder.path());
  const std::vector<OwnedFrame> expected{{1, 1, 10, true, "data: a\n\n"},
                                         {2, 2, 600, true, "data: b\n\n"}};
  EXPECT_EQ(test::frames_of(*tape), expected);
  const auto sessions = *tape->sessions();
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0].start_ns, 0);
  EXPECT_EQ(sessions[0].end_ns, 10);
  EXPECT_EQ(sessions[0].wall_ns, TapeBuilder::wall_start_ns);
  EXPECT_EQ(sessions[1].start_ns, 500);
  EXPECT_EQ(sessions[1].end_ns, 600);
  EXPECT_EQ(sessions[1].wall_ns, TapeBuilder::wall_start_ns + 500);
  EXPECT_TRUE(sessions[1].program.starts_with("tapedeck "));
  const auto gaps = *tape->gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].after_connection, 1U);
  EXPECT_EQ(gaps[0].start_ns, 10);
  EXPECT_EQ(gaps[0].end_ns, 500);
  EXPECT_EQ(gaps[0].reason, "not recording");
  EXPECT_TRUE(tape->summary().closed);
  EXPECT_EQ(broken_rules(folder.path()), std::vector<std::string>{});
}

TEST(Tape, GoesOnPastItsEndWhereTheWallClockWentBack) {
  const TemporaryFolder folder;
  TapeBuilder(folder.path()).connect().frame(10, "\n").finish();
  for (const std::int64_t wall_now_ns : {TapeBuilder::wall_start_ns - ns_per_s, std::int64_t{0},
                                         std::numeric_limits<std::int64_t>::min()}) {
    const std::int64_t last_ns = open_tape(folder.path())->summary().last_ns;
    auto writer = *TapeWriter::open(folder.path(),
                                    {.existing = Existing::append, .wall_now_ns = wall_now_ns});
    EXPECT_EQ(writer->session_start_ns(), last_ns + 1);
    ASSERT_TRUE(writer->finish());
  }
}

TEST(Tape, AppendBeginsOneWhereThereIsNothing) {
  const TemporaryFolder folder;
  write_all(folder.path("empty"), "");
  for (const char* name : {"missing", "empty"}) {
    auto writer = TapeWriter::open(folder.path(name), {.existing = Existing::append});
    ASSERT_TRUE(writer) << writer.error().message;
    EXPECT_EQ((*writer)->session_start_ns(), 0);
    ASSERT_TRUE((*writer)->finish());
    EXPECT_TRUE(open_tape(folder.path(name))->summary().closed);
    EXPECT_TRUE(open_tape(folder.path(name))->gaps()->empty());
  }
}

TEST(Tape, OverwriteBeginsAgain) {
  const TemporaryFolder folder;
  TapeBuilder(folder.path()).connect().frame(1, "data: old\n\n").finish();
  TapeBuilder(folder.path(), Existing::overwrite).connect().frame(1, "data: new\n\n").finish();
  EXPECT_EQ(test::body_of(*open_tape(folder.path())), "data: new\n\n");
}

TEST(Tape, TakesNothingFromFilesThatAnOldOneLeftBehind) {
  const TemporaryFolder folder;
  {
    auto old = *TapeWriter::open(folder.path(), {.commit_frames_max = 1});
    const auto id = *old->open_connection({});
    ASSERT_TRUE(old->accept({0, id, 1, true, "data: old\n\n"}));
    std::filesystem::copy_file(folder.path() + "-wal", folder.path("kept"));
  }
  for (const Existing existing : {Existing::refuse, Existing::overwrite}) {
    std::filesystem::copy_file(folder.path("kept"), folder.path() + "-wal",
                               std::filesystem::copy_options::overwrite_existing);
    if (existing == Existing::refuse) {
      std::filesystem::remove(folder.path());
    }
    TapeBuilder(folder.path(), existing).connect().frame(1, "data: new\n\n").finish();
    EXPECT_EQ(test::body_of(*open_tape(folder.path())), "data: new\n\n");
  }
}

TEST(Tape, ASymbolicLinkStaysOneAndSideFilesStandBesideTheTape) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("real"));
  TapeBuilder(folder.path("real/a.tape")).connect().frame(1, "data: old\n\n").finish();
  std::filesystem::create_symlink("real/a.tape", folder.path("link"));
  TapeBuilder(folder.path("link"), Existing::overwrite).connect().frame(1, "new\n\n").finish();
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link")));
  EXPECT_EQ(test::body_of(*open_tape(folder.path("real/a.tape"))), "new\n\n");
  EXPECT_EQ(test::body_of(*open_tape(folder.path("link"))), "new\n\n");
}

TEST(Tape, OddNamesAreNames) {
  const TemporaryFolder folder;
  for (const char* name :
       {"a b?mode=memory#x%20.tape", "file:x.tape", "'quoted'.tape", ":memory:"}) {
    test::make_tape(folder.path(name), "data: a\n\n");
    EXPECT_EQ(test::body_of(*open_tape(folder.path(name))), "data: a\n\n") << name;
  }
}

TEST(Tape, FinishingTwiceIsFinishingOnce) {
  const TemporaryFolder folder;
  auto writer = *TapeWriter::open(folder.path(), {});
  EXPECT_TRUE(writer->finish());
  EXPECT_TRUE(writer->finish());
  EXPECT_EQ(open_tape(folder.path())->sessions()->size(), 1U);
}

TEST(TapeDeathTest, ARecorderThatLosesBytesIsStopped) {
  const TemporaryFolder folder;
  auto writer = *TapeWriter::open(folder.path(), {});
  const auto id = *writer->open_connection({});
  ASSERT_TRUE(writer->note_read(id, 10, 5));
  ASSERT_TRUE(writer->accept({0, id, 5, true, "data: \n\n"}));
  EXPECT_DEATH((void)writer->close_connection(id, 9, ConnectionEnd::finished, ""),
               "do not add up to the same body");
  EXPECT_DEATH((void)writer->accept({0, id, 5, true, "xyz"}), "more bytes than were read");
  EXPECT_DEATH((void)writer->accept({0, id, 4, true, "x"}), "time goes back");
  EXPECT_DEATH((void)writer->accept({0, id, 5, true, ""}), "without bytes");
  EXPECT_DEATH((void)writer->accept({0, id + 1, 5, true, "x"}), "not open");
  EXPECT_DEATH((void)writer->note_read(id, 10, 6), "ends before it begins");
}

}  // namespace
}  // namespace tapedeck::schema
