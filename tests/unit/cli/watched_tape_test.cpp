// What can be seen of a tape while it is recorded: real tapes, under a clock of the test.
#include "cli/watched_tape.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/support/tape_faults.hpp"

namespace tapedeck::cli {
namespace {

using test::Fault;
using test::FaultyDisk;
using test::TemporaryFolder;

class HandClock final : public port::Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() override { return at_ns; }
  port::Wait wait_until(std::int64_t due_ns) override {
    at_ns = std::max(at_ns, due_ns);
    return port::Wait::reached;
  }
  std::int64_t at_ns = 0;
};

class Watched : public testing::Test {
 protected:
  void open(schema::OnFull on_full = schema::OnFull::stop, WatchedTapeOptions options = {}) {
    auto writer = *schema::TapeWriter::open(
        folder_.path(), {.on_full = on_full, .commit_frames_max = 3, .commit_ns_max = ns_per_s});
    options.commit_ns_max = ns_per_s;
    const schema::TapeWriter& look_at = *writer;
    tape_ = std::make_unique<WatchedTape>(
        std::move(writer), options,
        WatchedTape::Ports{.clock = clock_,
                           .look =
                               [&look_at] {
                                 return WriterState{look_at.commits(), look_at.held_bytes()};
                               },
                           .opened = [this] { ++opened_; },
                           .gone = [this](const WatchedTape& gone) { left_ = gone.counters(); }});
  }
  void connect() {
    port::ConnectionStart start;
    start.opened_ns = clock_.at_ns;
    id_ = *tape_->open_connection(start);
  }
  void disconnect(port::ConnectionEnd end = port::ConnectionEnd::broken) {
    ASSERT_TRUE(tape_->close_connection(id_, clock_.at_ns, end, "reset"));
  }
  Result<void> frame(std::string_view raw) {
    return tape_->accept({0, id_, clock_.at_ns, true, raw});
  }
  void event(const std::string& name, const std::string& data) {
    ASSERT_TRUE(frame("event: " + name + "\ndata: " + data + "\n\n"));
  }
  Result<void> pass(std::int64_t ns) {
    clock_.at_ns += ns;
    return tape_->commit_if_due(clock_.at_ns);
  }

  TemporaryFolder folder_;
  HandClock clock_;
  FaultyDisk disk_;
  int opened_ = 0;
  TapeCounters left_;
  std::unique_ptr<WatchedTape> tape_;
  std::uint32_t id_ = 0;
};

TEST_F(Watched, CountsWhatPassesAndWhatIsCommitted) {
  open();
  connect();
  EXPECT_EQ(opened_, 1);
  EXPECT_EQ(tape_->open_connections(), 1U);
  EXPECT_FALSE(tape_->frame_age_ns());
  ASSERT_TRUE(frame(": a\n\n"));
  clock_.at_ns += 40;
  ASSERT_TRUE(frame(": bcd\n\n"));
  clock_.at_ns += 2;
  EXPECT_EQ(tape_->counters().frames, 2U);
  EXPECT_EQ(tape_->counters().bytes, 12U);
  EXPECT_EQ(tape_->counters().committed_frames, 0U);
  EXPECT_EQ(tape_->commit_lag_ns(), 42);
  EXPECT_EQ(tape_->frame_age_ns(), 2);
  ASSERT_TRUE(frame(": e\n\n"));
  EXPECT_EQ(tape_->counters().committed_frames, 3U);
  EXPECT_EQ(tape_->counters().commits, 1U);
  EXPECT_EQ(tape_->commit_lag_ns(), 0);
  EXPECT_EQ(tape_->commit_age_ns(), 0);
  disconnect();
  ASSERT_TRUE(
      tape_->note_gap({.after_connection = id_, .start_ns = 42, .end_ns = 43, .reason = "reset"}));
  connect();
  ASSERT_TRUE(tape_->note_exchange({}));
  ASSERT_TRUE(pass(ns_per_s));
  disconnect();
  ASSERT_TRUE(tape_->finish());
  tape_.reset();
  EXPECT_EQ(left_.gaps, 1U);
  EXPECT_EQ(left_.reconnects, 1U);
  EXPECT_EQ(left_.exchanges, 1U);
  EXPECT_EQ((*schema::TapeReader::open(folder_.path()))->summary().frame_count, left_.frames);
}

TEST_F(Watched, AStreamThatIsAwayForLongAilsIt) {
  open();
  EXPECT_EQ(tape_->ailment(), "");
  connect();
  ASSERT_TRUE(pass(3600 * ns_per_s));
  EXPECT_EQ(tape_->ailment(), "") << "a silent stream is none that is lost";
  disconnect();
  ASSERT_TRUE(pass(5 * ns_per_s));
  EXPECT_EQ(tape_->ailment(), "");
  ASSERT_TRUE(pass(1));
  EXPECT_EQ(tape_->ailment(), "there is no connection since 5.000s");
  connect();
  EXPECT_EQ(tape_->ailment(), "");
  disconnect();
  ASSERT_TRUE(tape_->finish());
  ASSERT_TRUE(clock_.wait_until(3600 * 2 * ns_per_s) == port::Wait::reached);
  EXPECT_EQ(tape_->ailment(), "") << "it is over";
}

TEST_F(Watched, WhereTheStreamIsTheClientsAffairItsAbsenceIsNone) {
  open(schema::OnFull::stop, {.is_for_one_stream = false});
  ASSERT_TRUE(pass(3600 * ns_per_s));
  EXPECT_EQ(tape_->ailment(), "");
}

TEST_F(Watched, FramesThatNobodyCommitsAilItAndItDoesNotLive) {
  open();
  connect();
  ASSERT_TRUE(frame(": a\n\n"));
  clock_.at_ns += 6 * ns_per_s;
  EXPECT_TRUE(tape_->keeps_committing());
  clock_.at_ns += 1;
  EXPECT_FALSE(tape_->keeps_committing());
  EXPECT_EQ(tape_->ailment(), "nothing was committed for 6.000s");
  ASSERT_TRUE(pass(0));
  EXPECT_TRUE(tape_->keeps_committing());
  EXPECT_EQ(tape_->ailment(), "");
}

TEST_F(Watched, AFullDiskAilsItAndItLives) {
  disk_.skip_syncs();
  open(schema::OnFull::hold);
  connect();
  disk_.fail_at(1, Fault::disk_full, true);
  ASSERT_TRUE(frame(": " + std::string(4'000'000, 'x') + "\n\n"));
  ASSERT_TRUE(pass(60 * ns_per_s));
  EXPECT_TRUE(tape_->keeps_committing());
  EXPECT_EQ(tape_->ailment(), "the disk is full, and 3.8 MiB of what came is held in memory");
  EXPECT_EQ(tape_->counters().committed_frames, 0U);
  EXPECT_EQ(tape_->commit_lag_ns(), 60 * ns_per_s);
  disk_.heal();
  ASSERT_TRUE(pass(2 * ns_per_s));
  EXPECT_EQ(tape_->counters().committed_frames, 1U);
  EXPECT_EQ(tape_->ailment(), "");
}

TEST_F(Watched, AFailureOfTheTapeAilsItForGood) {
  disk_.skip_syncs();
  open();
  connect();
  ASSERT_TRUE(frame(": a\n\n"));
  disk_.fail_at(1, Fault::disk_full, true);
  const auto done = pass(2 * ns_per_s);
  ASSERT_FALSE(done);
  EXPECT_EQ(tape_->ailment(), done.error().message);
  EXPECT_EQ(tape_->counters().committed_frames, 0U);
}

TEST_F(Watched, ParticipantsAreKnownWhenTheStreamTellsOfThem) {
  open();
  connect();
  ASSERT_TRUE(frame(": hello\n\n"));
  event("layout", R"({"view":"1:7"})");
  EXPECT_FALSE(tape_->participants()) << "another kind of stream would look like this";
  event("participant_sync_begin", "null");
  event("participant_create", R"({"uuid":"u1","display_name":"A"})");
  event("participant_create", R"({"uuid":"u2","display_name":"B"})");
  event("participant_sync_end", "null");
  EXPECT_EQ(tape_->participants(), 2U);
  event("participant_delete", R"({"uuid":"u1"})");
  EXPECT_EQ(tape_->participants(), 1U);
  event("disconnect", R"({"reason":"bye"})");
  disconnect();
  connect();
  EXPECT_FALSE(tape_->participants()) << "who comes back is told anew";
}

}  // namespace
}  // namespace tapedeck::cli
