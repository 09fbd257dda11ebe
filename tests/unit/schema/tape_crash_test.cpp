// Nothing committed is lost: whatever dies or fails at whatever moment, the tape opens, is whole as
// far as it goes, and holds what was reported as committed.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <new>
#include <random>

#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/support/tape_faults.hpp"
#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

using test::Fault;
using test::FaultyDisk;
using test::TemporaryFolder;

constexpr std::uint64_t frames_recorded = 12;
constexpr std::uint64_t commit_frames = 3;

/// Every frame is another one, so that a lost or doubled one shows.
std::string frame_text(std::uint64_t seq) {
  return "data: " + std::to_string(seq) + std::string(seq * 700, '.') + "\n\n";
}

/// What a recording has reported when it ended, by itself or not.
struct Reported {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> committed{0};
  std::atomic<bool> opened{false};
  std::atomic<bool> finished{false};
};

/// Records frames on two connections up to the first failure.
Result<void> record(const std::string& path, const TapeWriterOptions& options, Reported& reported) {
  auto opened = TapeWriter::open(path, options);
  if (!opened) {
    return fail(opened.error());
  }
  TapeWriter& writer = **opened;
  reported.opened = true;
  std::uint64_t seq = 0;
  std::int64_t now_ns = writer.session_start_ns();
  const std::int64_t begin_ns = now_ns;
  while (seq < frames_recorded) {
    const auto id = writer.open_connection({now_ns, 0, "test", 200, "", ""});
    if (!id) {
      return fail(id.error());
    }
    std::uint64_t offset = 0;
    for (std::uint64_t i = 0; i < frames_recorded / 2; ++i) {
      const std::string text = frame_text(++seq);
      now_ns = begin_ns + static_cast<std::int64_t>(seq);
      if (auto noted = writer.note_read(*id, offset += text.size(), now_ns); !noted) {
        return noted;
      }
      const auto accepted = writer.accept({0, *id, now_ns, true, text});
      reported.committed = writer.committed_seq();
      if (!accepted) {
        return accepted;
      }
      reported.accepted = seq;
    }
    const auto closed = writer.close_connection(*id, now_ns, port::ConnectionEnd::finished, "");
    reported.committed = writer.committed_seq();
    if (!closed) {
      return closed;
    }
  }
  const auto finished = writer.finish();
  reported.committed = writer.committed_seq();
  reported.finished = finished.has_value();
  return finished;
}

/// The tape is whole, and what is on it is the beginning of what was recorded.
void expect_whole(const std::string& path, const Reported& reported) {
  const auto tape = open_tape(path);
  ASSERT_TRUE(tape);
  const auto report = tape->verify_bytes();
  ASSERT_TRUE(report) << report.error().message;
  for (const Problem& problem : report->problems) {
    ADD_FAILURE() << problem.rule << ": " << problem.sentence;
  }
  std::uint64_t seq = 0;
  for (const auto& frame : test::frames_of(*tape)) {
    EXPECT_EQ(frame.raw, frame_text(++seq));
  }
  EXPECT_GE(seq, reported.committed);
  EXPECT_LE(reported.accepted - reported.committed, commit_frames) << "the bound of a commit";
  if (reported.finished) {
    EXPECT_TRUE(tape->summary().closed);
    EXPECT_EQ(seq, frames_recorded);
  }
  EXPECT_FALSE(tape->summary().recording);
}

/// Runs `body` in a child that may be killed. Where it ends by itself, it has to return true.
template <class Body>
void in_child(Body body) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::_exit(body() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) << status;
}

/// Shared with children.
class Shared {
 public:
  Shared()
      : memory_(::mmap(nullptr, sizeof(Reported), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    reset();
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { ::munmap(memory_, sizeof(Reported)); }

  void reset() { new (memory_) Reported; }
  Reported& get() { return *static_cast<Reported*>(memory_); }

 private:
  void* memory_;
};

/// Disk operations of a recording that nothing disturbs.
std::uint64_t operations_of(const TapeWriterOptions& options) {
  const TemporaryFolder folder;
  const FaultyDisk disk;
  Reported reported;
  EXPECT_TRUE(record(folder.path(), options, reported));
  return disk.operations();
}

class TapeCrash : public testing::TestWithParam<Durability> {
 protected:
  TapeWriterOptions options() const {
    return {.durability = GetParam(), .commit_frames_max = commit_frames};
  }
};

TEST_P(TapeCrash, KilledAtAnyDiskOperationTheTapeIsWhole) {
  const std::uint64_t operations = operations_of(options());
  ASSERT_GT(operations, 20U);
  Shared shared;
  for (std::uint64_t n = 1; n <= operations; ++n) {
    SCOPED_TRACE("killed before disk operation " + std::to_string(n));
    const TemporaryFolder folder;
    shared.reset();
    in_child([&] {
      FaultyDisk disk;
      disk.skip_syncs();  // what is written outlives a process
      disk.fail_at(n, Fault::kill, false);
      return record(folder.path(), options(), shared.get()).has_value();
    });
    EXPECT_FALSE(shared.get().finished);
    expect_whole(folder.path(), shared.get());
  }
}

TEST_P(TapeCrash, KilledWhenItIsContinuedTheTapeIsWhole) {
  const TemporaryFolder folder;
  Reported first;
  ASSERT_TRUE(record(folder.path("first"), options(), first));
  std::uint64_t operations = 0;
  {
    std::filesystem::copy_file(folder.path("first"), folder.path());
    const FaultyDisk disk;
    auto writer = *TapeWriter::open(folder.path(), {.existing = Existing::append});
    ASSERT_TRUE(writer->finish());
    operations = disk.operations();
  }
  for (std::uint64_t n = 1; n <= operations; ++n) {
    SCOPED_TRACE("killed before disk operation " + std::to_string(n));
    const std::string path = folder.path(std::to_string(n));
    std::filesystem::copy_file(folder.path("first"), path);
    in_child([&] {
      FaultyDisk disk;
      disk.skip_syncs();  // what is written outlives a process
      disk.fail_at(n, Fault::kill, false);
      auto writer = TapeWriter::open(path, {.existing = Existing::append});
      return writer && (*writer)->finish();
    });
    const auto tape = open_tape(path);
    ASSERT_TRUE(tape);
    EXPECT_EQ(tape->summary().frame_count, frames_recorded);
    EXPECT_TRUE(tape->verify_bytes()->problems.empty());
  }
}

TEST_P(TapeCrash, KilledFromOutsideTheTapeIsWhole) {
  constexpr std::uint32_t seed = 20261124;
  std::mt19937 random(seed);
  Shared shared;
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE("round " + std::to_string(round) + " of seed " + std::to_string(seed));
    const TemporaryFolder folder;
    shared.reset();
    const std::uint64_t enough = random() % (frames_recorded + 1);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::_exit(record(folder.path(), options(), shared.get()) ? 0 : 1);
    }
    bool ended = false;
    while (!ended && (!shared.get().opened || shared.get().accepted < enough)) {
      ended = ::waitpid(child, nullptr, WNOHANG) == child;
    }
    if (!ended) {
      ::kill(child, SIGKILL);
      ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    }
    expect_whole(folder.path(), shared.get());
  }
}

TEST_P(TapeCrash, AnyDiskOperationMayFailAndTheTapeIsWhole) {
  const std::uint64_t operations = operations_of(options());
  for (const Fault fault : {Fault::disk_full, Fault::disk_error}) {
    for (const bool lasting : {true, false}) {
      for (std::uint64_t n = 1; n <= operations; ++n) {
        SCOPED_TRACE(std::string(fault == Fault::disk_full ? "full" : "broken") +
                     (lasting ? " from operation " : " at operation ") + std::to_string(n));
        const TemporaryFolder folder;
        Reported reported;
        {
          FaultyDisk disk;
          disk.skip_syncs();
          disk.fail_at(n, fault, lasting);
          const auto recorded = record(folder.path(), options(), reported);
          if (!recorded && fault == Fault::disk_full && lasting) {
            EXPECT_NE(recorded.error().message.find("the disk is full"), std::string::npos)
                << recorded.error().message;
          }
        }
        if (reported.opened) {
          expect_whole(folder.path(), reported);
        } else {
          EXPECT_TRUE(std::filesystem::is_empty(folder.path("")))
              << "a tape that could not be begun leaves no file";
        }
      }
    }
  }
}

TEST_P(TapeCrash, WhatFailedOnceStaysFailedAndCanBeContinued) {
  const TemporaryFolder folder;
  FaultyDisk disk;
  auto writer = *TapeWriter::open(folder.path(), options());
  const auto id = *writer->open_connection({});
  ASSERT_TRUE(writer->accept({0, id, 1, true, frame_text(1)}));
  ASSERT_TRUE(writer->commit_if_due(limits::commit_ns_max));
  ASSERT_EQ(writer->committed_seq(), 1U);
  disk.fail_at(1, Fault::disk_full, true);
  ASSERT_TRUE(writer->accept({0, id, limits::commit_ns_max + 1, true, frame_text(2)}));
  const auto failed = writer->commit_if_due(3 * limits::commit_ns_max);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message,
            "cannot record onto '" + folder.path() +
                "': the disk is full; the tape keeps 1 frame, those after them (at least 1) are "
                "lost, and --append continues it");
  EXPECT_EQ(writer->frames_lost(), 1U);
  disk.heal();
  const auto refused = [&](const Result<void>& result) {
    return !result && result.error().message == failed.error().message;
  };
  EXPECT_TRUE(refused(writer->accept({0, id, 4 * limits::commit_ns_max, true, "x"})));
  EXPECT_TRUE(refused(writer->note_read(id, 10'000, 5)));
  EXPECT_TRUE(refused(writer->close_connection(id, 5, port::ConnectionEnd::broken, "")));
  EXPECT_TRUE(refused(writer->note_gap({})));
  EXPECT_TRUE(refused(writer->note_exchange({})));
  EXPECT_TRUE(refused(writer->set("a", "b")));
  EXPECT_TRUE(refused(writer->commit_if_due(9 * limits::commit_ns_max)));
  EXPECT_TRUE(refused(writer->finish()));
  EXPECT_FALSE(writer->open_connection({}));
  writer.reset();
  EXPECT_EQ(test::body_of(*open_tape(folder.path())), frame_text(1));
  auto again = *TapeWriter::open(folder.path(), {.existing = Existing::append});
  ASSERT_TRUE(again->finish());
  const auto tape = open_tape(folder.path());
  EXPECT_TRUE(tape->summary().closed);
  EXPECT_EQ(tape->sessions()->size(), 2U);
  EXPECT_FALSE(tape->sessions()->front().end_ns) << "the first session was cut off";
}

TEST_P(TapeCrash, AWriterThatIsNotFinishedLeavesTheTapeAsADeathWould) {
  const TemporaryFolder folder;
  {
    auto writer = *TapeWriter::open(folder.path(), options());
    const auto id = *writer->open_connection({});
    for (std::uint64_t seq = 1; seq <= commit_frames + 1; ++seq) {
      ASSERT_TRUE(writer->accept({0, id, 1, true, frame_text(seq)}));
    }
  }
  const auto tape = open_tape(folder.path());
  EXPECT_EQ(tape->summary().frame_count, commit_frames);
  EXPECT_FALSE(tape->summary().closed);
  EXPECT_TRUE(tape->verify_bytes()->problems.empty());
}

INSTANTIATE_TEST_SUITE_P(, TapeCrash, testing::Values(Durability::normal, Durability::full),
                         [](const auto& durability) {
                           return durability.param == Durability::full ? "full" : "normal";
                         });

}  // namespace
}  // namespace tapedeck::schema
