// A disk that fails while checkpoints are put on a tape or taken off it.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/tape_check.hpp"
#include "cli/tape_indexing.hpp"
#include "core/base/limits.hpp"
#include "core/sim/sim_source.hpp"
#include "core/state/snapshot.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/support/tape_faults.hpp"

namespace tapedeck::cli {
namespace {

using tapedeck::test::Fault;
using tapedeck::test::FaultyDisk;
using tapedeck::test::TapeBuilder;
using tapedeck::test::TemporaryFolder;

enum class Change { index, drop };

/// What is on a tape, for a comparison.
struct Contents {
  std::string bodies;  ///< their digest
  std::vector<std::string> checkpoints;
};

Contents contents_of(const std::string& path) {
  const auto tape = schema::TapeReader::open(path);
  if (!tape) {
    ADD_FAILURE() << tape.error().message;
    return {};
  }
  const schema::ByteReport report = (*tape)->verify_bytes().value();
  for (const schema::Problem& problem : report.problems) {
    ADD_FAILURE() << problem.rule << ": " << problem.sentence;
  }
  Contents contents{report.digest, {}};
  for (std::uint64_t seq = 1;;) {
    const auto found = (*tape)->checkpoint_from(seq, state::snapshot_version).value();
    if (!found) {
      return contents;
    }
    contents.checkpoints.push_back(std::to_string(found->seq) + found->state);
    seq = found->seq + 1;
  }
}

/// Long enough for two checkpoints, with little to derive.
void record(const std::string& path) {
  constexpr int frames = 24;
  const std::string comment = ":" + std::string(std::size_t{24} * 1024, '-') + "\n\n";
  sim::SimSource source({.seed = 3, .participants = 30});
  TapeBuilder builder(path);
  builder.connect();
  for (int i = 0; i < frames; ++i) {
    const auto frame = source.next().value();
    builder.frame(frame->recv_ns, frame->raw).frame(frame->recv_ns, comment);
  }
  builder.finish();
}

/// One frame more, which is still in the log when the recording dies.
void go_on_and_die(const std::string& path) {
  const std::string at_death = path + ".at-death";
  {
    TapeBuilder builder(path, schema::Existing::append);
    const std::int64_t now_ns = builder.writer().session_start_ns();
    builder.connect(now_ns).frame(now_ns, ":\n\n");
    ASSERT_TRUE(builder.writer().commit_if_due(now_ns + 2 * limits::commit_ns_max));
    std::filesystem::copy_file(path, at_death);
    std::filesystem::copy_file(path + "-wal", at_death + "-wal");
  }
  std::filesystem::rename(at_death, path);
  std::filesystem::rename(at_death + "-wal", path + "-wal");
}

std::string failure_of(Change change, const std::string& path) {
  if (change == Change::index) {
    const auto indexed = index_tape(path, {});
    return indexed ? "" : indexed.error().message;
  }
  const auto dropped = drop_index(path);
  return dropped ? "" : dropped.error().message;
}

void expect_verified(const std::string& path) {
  CheckOptions options;
  options.join = recorded_join;
  const TapeVerdict verdict = check_tape(path, options);
  EXPECT_FALSE(verdict.error) << verdict.error->message;
  EXPECT_TRUE(verdict.passed());
}

/// A tape before the change and after it, and what becomes of it when the disk fails meanwhile.
class Index : public testing::TestWithParam<Change> {
 protected:
  void SetUp() override {
    disk_.skip_syncs();  // nothing dies here
  }

  /// The tape and what SQLite has beside it, as `begin` is.
  void begin_anew() {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(path_ + suffix);
      if (std::filesystem::exists(begin_ + suffix)) {
        std::filesystem::copy_file(begin_ + suffix, path_ + suffix);
      }
    }
  }

  void make_tape(bool recording_died) {
    record(begin_);
    if (GetParam() == Change::drop) {
      ASSERT_EQ(failure_of(Change::index, begin_), "");
    }
    if (recording_died) {
      ASSERT_NO_FATAL_FAILURE(go_on_and_die(begin_));
    }
    ASSERT_EQ(std::filesystem::exists(begin_ + "-wal"), recording_died);
    begin_anew();
    before_ = contents_of(path_);
    expect_verified(path_);
    begin_anew();
    ASSERT_EQ(failure_of(GetParam(), path_), "");
    after_ = contents_of(path_);
    expect_verified(path_);
    const auto& indexed = GetParam() == Change::index ? after_ : before_;
    const auto& bare = GetParam() == Change::index ? before_ : after_;
    ASSERT_GT(indexed.checkpoints.size(), 1U);
    ASSERT_TRUE(bare.checkpoints.empty());
  }

  /// True if the fault was met.
  bool fail_at(std::uint64_t operation, Fault fault, bool lasting) {
    SCOPED_TRACE(std::string(fault == Fault::disk_full ? "full" : "broken") +
                 (lasting ? " from operation " : " at operation ") + std::to_string(operation));
    begin_anew();
    disk_.fail_at(operation, fault, lasting);
    const std::string failure = failure_of(GetParam(), path_);
    const bool met = disk_.operations() >= operation;
    disk_.heal();
    if (!failure.empty()) {
      EXPECT_NE(failure.find("'" + path_ + "'"), std::string::npos) << failure;
      EXPECT_NE(failure.find(fault == Fault::disk_full ? "the disk is full" : "disk"),
                std::string::npos)
          << failure;
    }
    const Contents found = contents_of(path_);
    EXPECT_EQ(found.bodies, before_.bodies);
    const bool made = found.checkpoints == after_.checkpoints;
    EXPECT_TRUE(made || found.checkpoints == before_.checkpoints) << "half a change";
    EXPECT_TRUE(made || !failure.empty()) << "what was not made is told";
    if (!made && lasting) {
      EXPECT_EQ(failure_of(GetParam(), path_), "") << "it can be made again";
      EXPECT_EQ(contents_of(path_).checkpoints, after_.checkpoints);
    }
    return met;
  }

  TemporaryFolder folder_;
  FaultyDisk disk_;
  std::string begin_ = folder_.path("begin.tape");
  std::string path_ = folder_.path();
  Contents before_;
  Contents after_;
};

TEST_P(Index, WhateverDiskOperationFailsTheTapeIsWhole) {
  for (const bool recording_died : {false, true}) {
    SCOPED_TRACE(recording_died ? "of a recording that died" : "of a closed tape");
    begin_ = folder_.path(recording_died ? "died.tape" : "closed.tape");
    ASSERT_NO_FATAL_FAILURE(make_tape(recording_died));
    for (const Fault fault : {Fault::disk_full, Fault::disk_error}) {
      for (const bool lasting : {true, false}) {
        std::uint64_t operation = 1;
        while (fail_at(operation, fault, lasting)) {
          ++operation;
        }
        EXPECT_GT(operation, 5U) << "a change writes";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Index, testing::Values(Change::index, Change::drop),
                         [](const auto& change) {
                           return change.param == Change::index ? "index" : "drop";
                         });

}  // namespace
}  // namespace tapedeck::cli
