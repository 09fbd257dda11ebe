// Want of room on the disk: a recording stops and says so, or holds what comes until there is room.
#include <filesystem>

#include "core/base/units.hpp"
#include "tests/support/tape_faults.hpp"
#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

using test::Fault;
using test::FaultyDisk;
using test::TemporaryFolder;

constexpr std::uint64_t more_than_any_disk = std::uint64_t{1} << 62;

std::string frame_text(std::uint64_t seq) {
  return "data: " + std::to_string(seq) + std::string(3000, '.') + "\n\n";
}

void expect_frames(const std::string& path, std::uint64_t count) {
  const auto tape = open_tape(path);
  ASSERT_TRUE(tape);
  std::uint64_t seq = 0;
  for (const auto& frame : test::frames_of(*tape)) {
    EXPECT_EQ(frame.seq, ++seq);
    EXPECT_EQ(frame.raw, frame_text(seq));
  }
  EXPECT_EQ(seq, count);
  EXPECT_TRUE(broken_rules(path).empty());
}

/// A whole recording on one connection, with 4 frames a commit. `before_end` is called when all
/// frames are handed in.
template <class BeforeEnd>
Result<void> record_all(TapeWriter& writer, std::uint64_t count, BeforeEnd before_end) {
  const auto id = *writer.open_connection({});
  std::uint64_t offset = 0;
  std::int64_t at_ns = 0;
  for (std::uint64_t seq = 1; seq <= count; ++seq) {
    const std::string text = frame_text(seq);
    at_ns = static_cast<std::int64_t>(seq) * ns_per_ms;
    if (auto noted = writer.note_read(id, offset += text.size(), at_ns); !noted) {
      return noted;
    }
    if (auto accepted = writer.accept({0, id, at_ns, true, text}); !accepted) {
      return accepted;
    }
  }
  before_end(at_ns);
  if (auto closed = writer.close_connection(id, at_ns, port::ConnectionEnd::finished, "");
      !closed) {
    return closed;
  }
  return writer.finish();
}

constexpr TapeWriterOptions holding{.on_full = OnFull::hold, .commit_frames_max = 4};

TEST(TapeRoom, WhateverOperationFindsTheDiskFullNothingIsLostOrDoubledWhenThereIsRoomAgain) {
  constexpr std::uint64_t count = 20;
  std::uint64_t operations = 0;
  {
    const TemporaryFolder folder;
    const FaultyDisk disk;
    ASSERT_TRUE(record_all(**TapeWriter::open(folder.path(), holding), count, [](auto) {}));
    operations = disk.operations();
  }
  for (std::uint64_t n = 1; n <= operations; ++n) {
    SCOPED_TRACE("full from operation " + std::to_string(n));
    const TemporaryFolder folder;
    FaultyDisk disk;
    disk.skip_syncs();
    disk.fail_at(n, Fault::disk_full, true);
    auto writer = TapeWriter::open(folder.path(), holding);
    if (!writer) {
      continue;  // before there is a tape
    }
    const auto recorded = record_all(**writer, count, [&](auto) {
      EXPECT_EQ((*writer)->frames_lost(), 0U);
      disk.heal();
    });
    ASSERT_TRUE(recorded) << recorded.error().message;
    EXPECT_EQ((*writer)->held_bytes(), 0U);
    EXPECT_EQ((*writer)->committed_seq(), count);
    expect_frames(folder.path(), count);
    EXPECT_TRUE(open_tape(folder.path())->summary().closed);
  }
}

TEST(TapeRoom, WhatIsHeldIsWrittenWhileTheRecordingGoesOn) {
  const TemporaryFolder folder;
  FaultyDisk disk;
  const auto writer = *TapeWriter::open(folder.path(), holding);
  const auto recorded = record_all(*writer, 9, [&](std::int64_t at_ns) {
    ASSERT_EQ(writer->committed_seq(), 8U);
    disk.fail_at(1, Fault::disk_full, true);
    ASSERT_TRUE(writer->commit_if_due(at_ns += ns_per_s));
    EXPECT_GT(writer->held_bytes(), 3000U);
    ASSERT_TRUE(writer->commit_if_due(at_ns += 2 * ns_per_s)) << "tried again, without success";
    EXPECT_EQ(writer->committed_seq(), 8U);
    disk.heal();
    ASSERT_TRUE(writer->commit_if_due(at_ns + 2 * ns_per_s));
    EXPECT_EQ(writer->committed_seq(), 9U);
    EXPECT_EQ(writer->held_bytes(), 0U);
  });
  ASSERT_TRUE(recorded);
  expect_frames(folder.path(), 9);
}

TEST(TapeRoom, ADiskThatStaysFullIsToldAtTheEnd) {
  const TemporaryFolder folder;
  FaultyDisk disk;
  {
    const auto writer = *TapeWriter::open(folder.path(), holding);
    const auto recorded =
        record_all(*writer, 10, [&](auto) { disk.fail_at(1, Fault::disk_full, true); });
    ASSERT_FALSE(recorded);
    EXPECT_EQ(recorded.error().message,
              "cannot record onto '" + folder.path() +
                  "': the disk is full; the tape keeps 8 frames, those after them (at least 2) are "
                  "lost, and --append continues it");
    EXPECT_EQ(writer->frames_lost(), 2U);
  }
  disk.heal();
  expect_frames(folder.path(), 8);
}

TEST(TapeRoom, AnotherErrorThanAFullDiskIsNotWaitedOut) {
  const TemporaryFolder folder;
  FaultyDisk disk;
  const auto writer = *TapeWriter::open(folder.path(), holding);
  const auto recorded =
      record_all(*writer, 10, [&](auto) { disk.fail_at(1, Fault::disk_error, true); });
  ASSERT_FALSE(recorded);
  EXPECT_NE(recorded.error().message.find("the disk reports an error"), std::string::npos);
  EXPECT_EQ(writer->held_bytes(), 0U);
}

TEST(TapeRoom, AnErrorWhileWhatIsHeldIsWrittenTakesAllOfItBack) {
  for (std::uint64_t n = 1; n <= 4; ++n) {
    SCOPED_TRACE("operation " + std::to_string(n));
    const TemporaryFolder folder;
    std::uint64_t committed = 0;
    std::uint64_t lost = 0;
    {
      FaultyDisk disk;
      disk.skip_syncs();
      const auto writer = *TapeWriter::open(folder.path(), holding);
      const auto recorded = record_all(*writer, 10, [&](std::int64_t at_ns) {
        disk.fail_at(1, Fault::disk_full, true);
        ASSERT_TRUE(writer->commit_if_due(at_ns += ns_per_s));
        ASSERT_GT(writer->held_bytes(), 0U);
        disk.fail_at(n, Fault::disk_error, true);
      });
      if (recorded) {
        continue;  // it was the merging, or nothing, that failed
      }
      committed = writer->committed_seq();
      lost = writer->frames_lost();
    }
    EXPECT_EQ(committed + lost, 10U);
    expect_frames(folder.path(), committed);
  }
}

TEST(TapeRoom, ARecordingThatStopsSaysOnTheTapeWhatIsMissingAndClosesIt) {
  const TemporaryFolder folder;
  {
    FaultyDisk disk;
    const auto writer = *TapeWriter::open(folder.path(), {.commit_frames_max = 4});
    const auto recorded =
        record_all(*writer, 10, [&](auto) { disk.fail_at(1, Fault::disk_full, false); });
    ASSERT_FALSE(recorded);
    EXPECT_EQ(writer->frames_lost(), 2U);
  }
  expect_frames(folder.path(), 8);
  const auto tape = open_tape(folder.path());
  EXPECT_TRUE(tape->summary().closed);
  const auto gaps = *tape->gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].reason, "the disk is full");
  EXPECT_EQ(gaps[0].start_ns, 8 * ns_per_ms);
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "-wal")) << "one file";
}

TEST(TapeRoom, ARecordingIsNotBegunWhereTooLittleIsFree) {
  const TemporaryFolder folder;
  const std::string refusal =
      refusal_to_record(folder.path(), {.free_bytes_min = more_than_any_disk});
  EXPECT_NE(refusal.find("is free there"), std::string::npos) << refusal;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path("")));
}

TEST(TapeRoom, TheRoomThatIsToStayFreeIsTakenForWhatWouldBeLostAtTheEnd) {
  const TemporaryFolder folder;
  const auto writer = *TapeWriter::open(
      folder.path(), {.on_full = OnFull::hold, .free_bytes_min = more_than_any_disk});
  EXPECT_TRUE(writer->lacks_room());
  const auto recorded = record_all(*writer, 5, [&](std::int64_t at_ns) {
    ASSERT_TRUE(writer->commit_if_due(at_ns + 10 * ns_per_s));
    EXPECT_GT(writer->held_bytes(), 15'000U);
    EXPECT_EQ(writer->committed_seq(), 0U);
  });
  ASSERT_TRUE(recorded);
  expect_frames(folder.path(), 5);
}

}  // namespace
}  // namespace tapedeck::schema
