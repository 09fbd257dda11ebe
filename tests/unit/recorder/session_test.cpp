#include "recorder/session.hpp"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/failing_sink.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/unit/recorder/scripted_source.hpp"

namespace tapedeck::recorder {
namespace {

using test::ScriptedSource;
using test::Step;
using Ending = Summary::Ending;
using port::ConnectionEnd;

constexpr std::int64_t hour_ns = 3600 * ns_per_s;

Step opens(std::int64_t after_ns = 0) {
  return {after_ns,
          Opened{.source = "test", .http_status = 200, .headers = {}, .last_event_id = {}}};
}
Step brings(std::string_view bytes, std::int64_t after_ns = ns_per_ms) {
  return {after_ns, Arrived{bytes}};
}
Step ends(ConnectionEnd end = ConnectionEnd::broken, std::int64_t after_ns = ns_per_ms) {
  return {after_ns, Ended{end, "it ended"}};
}
Step refuses(bool worth_retrying = true, std::int64_t retry_after_ns = 0) {
  return {ns_per_ms, Refused{"it is closed", worth_retrying, retry_after_ns}};
}

/// A session under a virtual clock, with a script for the network, onto a real tape.
class SessionTest : public testing::Test {
 protected:
  Result<Summary> run(std::vector<std::vector<Step>> scripts, const SessionOptions& options = {},
                      int fail_at = std::numeric_limits<int>::max()) {
    source_ = std::make_unique<ScriptedSource>(clock_, std::move(scripts), farewell_);
    Session session({.source = *source_,
                     .clock = clock_,
                     .open_sink = [&]() -> Result<port::RecordingSink*> {
                       ++sinks_opened_;
                       writer_ = *schema::TapeWriter::open(folder_.path(), {});
                       sink_ = std::make_unique<test::FailingSink>(*writer_, fail_at);
                       return sink_.get();
                     },
                     .wall_now_ns = [] { return 1; },
                     .stop_requested = [&] { return stop_requested(); },
                     .on_progress = [&](const Progress& now) { progress_.push_back(now); },
                     .is_full = [&] { return clock_.now_ns() < full_until_ns_; }},
                    options);
    auto summary = session.run();
    EXPECT_TRUE(source_->closed());
    writer_.reset();
    return summary;
  }
  std::unique_ptr<schema::TapeReader> tape() {
    auto reader = schema::TapeReader::open(folder_.path());
    EXPECT_TRUE(reader);
    return *std::move(reader);
  }

  /// Once, and again where `stop_again_ns_` says so.
  bool stop_requested() {
    const std::int64_t due_ns = stops_ == 0 ? stop_ns_ : stop_again_ns_;
    const bool due = stops_ < 2 && clock_.now_ns() >= due_ns;
    stops_ += due ? 1 : 0;
    return due;
  }

  test::TemporaryFolder folder_;
  port::VirtualClock clock_;
  int stops_ = 0;
  std::int64_t stop_again_ns_ = std::numeric_limits<std::int64_t>::max();
  std::vector<Step> farewell_;
  std::int64_t full_until_ns_ = 0;
  std::int64_t stop_ns_ = 24 * hour_ns;
  int sinks_opened_ = 0;
  std::unique_ptr<ScriptedSource> source_;
  std::unique_ptr<schema::TapeWriter> writer_;
  std::unique_ptr<test::FailingSink> sink_;
  std::vector<Progress> progress_;
};

TEST_F(SessionTest, AFileIsRecordedToItsEnd) {
  const auto summary =
      run({{opens(), brings("data: 1\n\nda"), brings("ta: 2"), ends(ConnectionEnd::finished)}},
          {.reconnects = {.attempts_max = 0}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::source_over);
  EXPECT_EQ(summary->last_end, ConnectionEnd::finished);
  EXPECT_EQ(summary->detail, "it ended");
  EXPECT_EQ(summary->totals.frames, 2U);
  EXPECT_EQ(summary->totals.bytes, 16U);
  EXPECT_EQ(summary->totals.gaps, 0U) << "nobody waited for more";
  EXPECT_EQ(test::body_of(*tape()), "data: 1\n\ndata: 2");
  EXPECT_TRUE(tape()->summary().closed);
}

TEST_F(SessionTest, WhileTheSinkIsFullTheStreamWaits) {
  full_until_ns_ = 60 * ns_per_s;
  const auto summary = run({{opens(), brings("data: 1\n\n"), brings("data: 2\n\n"), ends()}},
                           {.stall_ns = 10 * ns_per_s, .reconnects = {.attempts_max = 0}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->totals.connections, 1U) << "it has not stalled";
  EXPECT_EQ(test::body_of(*tape()), "data: 1\n\ndata: 2\n\n");
  const auto reads = *tape()->reads(1);
  EXPECT_GE((**reads->next()).recv_ns, full_until_ns_);
}

TEST_F(SessionTest, WhoWaitsForASinkCanBeStopped) {
  full_until_ns_ = 24 * hour_ns;
  stop_ns_ = hour_ns;
  const auto summary = run({{opens(), brings("data: 1\n\n")}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::stopped);
  EXPECT_LT(clock_.now_ns(), 2 * hour_ns);
}

TEST_F(SessionTest, ForEndsInTimeWhateverTheServerDoes) {
  const auto summary =
      run({{opens(2 * ns_per_s), brings("data: 1\n\n")}}, {.duration_ns = 5 * ns_per_s});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::time_up);
  EXPECT_EQ(clock_.now_ns(), 7 * ns_per_s) << "counted from the opening";
  EXPECT_EQ(summary->elapsed_ns, 5 * ns_per_s);
  const auto connections = *tape()->connections();
  EXPECT_EQ(connections[0].end->end, ConnectionEnd::stopped);
  EXPECT_TRUE(tape()->summary().closed);
}

TEST_F(SessionTest, ForEndsInTimeAgainstAServerThatNeverAnswers) {
  const auto summary = run({{}}, {.duration_ns = 3 * ns_per_s});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().message, "cannot record from the script: it did not answer in time");
  EXPECT_EQ(clock_.now_ns(), 3 * ns_per_s);
}

TEST_F(SessionTest, ForEndsInTimeWhileThereIsNoConnection) {
  const auto summary = run({{opens(), ends()}, {refuses()}}, {.duration_ns = ns_per_s});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::time_up);
  const auto gaps = *tape()->gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].end_ns, ns_per_s);
}

TEST_F(SessionTest, FramesEndsAfterExactlySoMany) {
  const auto summary =
      run({{opens(), brings("data: 1\n\ndata: 2\n\ndata: 3\n\n")}}, {.frames_max = 2});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::frames_in);
  EXPECT_EQ(test::body_of(*tape()), "data: 1\n\ndata: 2\n\n");
}

TEST_F(SessionTest, FramesCountOverConnectionsAndATornOneIsOne) {
  const auto summary = run({{opens(), brings("data: 1\n\nda"), ends()}}, {.frames_max = 4});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::frames_in);
  EXPECT_EQ(summary->totals.frames, 4U);
  EXPECT_EQ(summary->totals.connections, 2U);
  EXPECT_EQ(summary->totals.gaps, 1U);
}

TEST_F(SessionTest, AStopClosesTheConnectionAndTheTape) {
  stop_ns_ = 10 * ns_per_s;
  const auto summary = run({{opens(), brings("data: 1\n\nda")}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::stopped);
  EXPECT_EQ(test::body_of(*tape()), "data: 1\n\nda");
  EXPECT_TRUE(tape()->summary().closed);
  EXPECT_EQ((*tape()->connections())[0].end->end, ConnectionEnd::stopped);
  EXPECT_LT(clock_.now_ns(), stop_ns_ + limits::commit_ns_max);
}

TEST_F(SessionTest, AStopBeforeTheFirstConnectionLeavesNoTape) {
  stop_ns_ = 0;
  const auto summary = run({{}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::stopped);
  EXPECT_EQ(summary->totals.connections, 0U);
  EXPECT_EQ(sinks_opened_, 0);
}

TEST_F(SessionTest, AStopWhileWaitingNotesTheGap) {
  stop_ns_ = 10 * ns_per_s;
  const auto summary = run({{opens(), brings(":\n\n"), ends()}, {refuses()}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::stopped);
  EXPECT_EQ((*tape()->gaps()).size(), 1U);
}

TEST_F(SessionTest, TheFirstConnectionMustSucceed) {
  for (const bool worth_retrying : {true, false}) {
    const auto summary = run({{refuses(worth_retrying)}});
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().kind, ErrorKind::input_output);
    EXPECT_EQ(summary.error().message, "cannot record from the script: it is closed");
    EXPECT_EQ(sinks_opened_, 0) << "a source that is not there leaves no tape";
    EXPECT_EQ(source_->opened_ns().size(), 1U);
  }
}

TEST_F(SessionTest, AServerThatNeverAnswersIsGivenUp) {
  const auto summary = run({{}});
  ASSERT_FALSE(summary);
  EXPECT_EQ(clock_.now_ns(), limits::open_ns_max);
}

TEST_F(SessionTest, ALostStreamIsOpenedAgainWithItsLastEventId) {
  const auto summary = run({{opens(), brings("id: 7\ndata: 1\n\nid: 8\ndata: to"), ends()},
                            {opens(), brings("data: 2\n\n"), ends()},
                            {refuses(false)}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::refused);
  EXPECT_EQ(summary->detail, "it is closed");
  const std::vector<std::string> ids{"", "7", "7"};
  EXPECT_EQ(source_->opened_ids(), ids);
  EXPECT_EQ(test::body_of(*tape()), "id: 7\ndata: 1\n\nid: 8\ndata: todata: 2\n\n");
  EXPECT_EQ((*tape()->connections()).size(), 2U);
}

TEST_F(SessionTest, EveryGapIsOnTheTapeWithItsReason) {
  const auto summary = run({{opens(), brings(":\n\n"), ends()},
                            {refuses()},
                            {refuses()},
                            {opens(), brings(":\n\n"), ends(ConnectionEnd::finished)},
                            {refuses(false)}});
  ASSERT_TRUE(summary) << summary.error().message;
  const auto gaps = *tape()->gaps();
  const auto connections = *tape()->connections();
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].after_connection, 1U);
  EXPECT_EQ(gaps[0].start_ns, connections[0].end->closed_ns);
  EXPECT_EQ(gaps[0].end_ns, connections[1].start.opened_ns);
  EXPECT_EQ(gaps[0].reason, "it ended; then it is closed");
  EXPECT_EQ(gaps[1].after_connection, 2U);
  EXPECT_EQ(gaps[1].start_ns, connections[1].end->closed_ns);
  EXPECT_EQ(summary->totals.gaps, 2U);
}

TEST_F(SessionTest, ANodeThatStaysAwayIsGivenUpAndTheTapeIsGood) {
  const auto summary = run({{opens(), brings(":\n\n"), ends()}, {refuses()}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::gave_up);
  EXPECT_EQ(summary->detail, "it is closed");
  EXPECT_EQ(source_->opened_ns().size(), 9U);
  EXPECT_GT(clock_.now_ns(), 20 * ns_per_s);
  EXPECT_LT(clock_.now_ns(), 31 * ns_per_s);
  EXPECT_TRUE(tape()->summary().closed);
}

TEST_F(SessionTest, AStreamThatEndsAtOnceIsNoBusyLoop) {
  const auto summary = run({{opens(), ends(ConnectionEnd::finished)}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::gave_up);
  EXPECT_EQ(source_->opened_ns().size(), 9U);
}

TEST_F(SessionTest, AStreamThatBringsSomethingEachTimeIsNeverGivenUp) {
  stop_ns_ = 60 * ns_per_s;
  const auto summary = run({{opens(), brings(":\n\n"), ends()}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::stopped);
  EXPECT_GT(summary->totals.connections, 400U);
}

TEST_F(SessionTest, ASilentStreamThatIsCutEveryHourIsNeverGivenUp) {
  stop_ns_ = 10 * hour_ns;
  const auto summary = run({{opens(), ends(ConnectionEnd::broken, hour_ns)}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::stopped);
  EXPECT_EQ(summary->totals.connections, 10U);
}

TEST_F(SessionTest, TheStreamsRetryAndTheServersRetryAfterMakeTheWaits) {
  const auto summary = run({{opens(), brings("retry: 4000\n\n"), ends()},
                            {refuses(true, 60 * ns_per_s)},
                            {refuses(false)}});
  ASSERT_TRUE(summary) << summary.error().message;
  const auto& at_ns = source_->opened_ns();
  ASSERT_EQ(at_ns.size(), 3U);
  EXPECT_GE(at_ns[1] - at_ns[0], 3200 * ns_per_ms);
  EXPECT_LE(at_ns[1] - at_ns[0], 4900 * ns_per_ms);
  EXPECT_GE(at_ns[2] - at_ns[1], 60 * ns_per_s);
}

TEST_F(SessionTest, AnAttemptThatHangsIsOneThatFailed) {
  const auto summary =
      run({{opens(), brings(":\n\n"), ends()}, {}}, {.reconnects = {.attempts_max = 2}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::gave_up);
  EXPECT_EQ(summary->detail, "it did not answer in time");
  EXPECT_GT(clock_.now_ns(), 2 * limits::open_ns_max);
}

TEST_F(SessionTest, AStalledConnectionIsOpenedAgain) {
  const auto summary =
      run({{opens(), brings(":\n\n", 2 * ns_per_s)}, {refuses(false)}}, {.stall_ns = 3 * ns_per_s});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::refused);
  const auto connections = *tape()->connections();
  EXPECT_EQ(connections[0].end->end, ConnectionEnd::broken);
  EXPECT_EQ(connections[0].end->detail, "no byte came for 3.000s");
  EXPECT_EQ(connections[0].end->closed_ns, 5 * ns_per_s);
}

TEST_F(SessionTest, WithoutReconnectOneConnectionIsAll) {
  const auto summary =
      run({{opens(), brings(":\n\n"), ends()}}, {.reconnects = {.attempts_max = 0}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::source_over);
  EXPECT_EQ(summary->last_end, ConnectionEnd::broken);
  EXPECT_EQ(source_->opened_ns().size(), 1U);
}

TEST_F(SessionTest, ASinkThatFailsEndsTheRecordingAtOnceAndTheTapeIsReadable) {
  const std::vector<std::vector<Step>> scripts{
      {opens(), brings("data: 1\n\nda", 0), ends(ConnectionEnd::broken, 0)},
      {opens(), brings("data: 2\n\n", 0)}};
  const SessionOptions options{.duration_ns = ns_per_s};
  for (int fail_at = 1;; ++fail_at) {
    ::unlink(folder_.path().c_str());
    const auto summary = run(scripts, options, fail_at);
    if (summary) {
      EXPECT_GT(fail_at, 12) << "connections, reads, frames, a gap and the end are all calls";
      break;
    }
    EXPECT_EQ(summary.error().message, "the disk is full");
    EXPECT_EQ(sink_->calls(), fail_at) << "nothing is asked of it after the failure";
    const auto reader = schema::TapeReader::open(folder_.path());
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_FALSE((*reader)->summary().closed);
  }
}

TEST_F(SessionTest, ASinkThatCannotBeOpenedEndsTheRecording) {
  ScriptedSource source(clock_, {{opens()}});
  Session session({.source = source,
                   .clock = clock_,
                   .open_sink = []() -> Result<port::RecordingSink*> { return fail_io("exists"); },
                   .wall_now_ns = [] { return 1; },
                   .stop_requested = [] { return false; },
                   .on_progress = {}},
                  {});
  const auto summary = session.run();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().message, "exists");
  EXPECT_TRUE(source.closed());
}

TEST_F(SessionTest, FramesAreCommittedWithinTheBoundOnASilentStreamToo) {
  stop_ns_ = ns_per_s;
  const auto summary = run({{opens(), brings(":\n\n", 0)}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_GT(sink_->calls(), ns_per_s / limits::commit_ns_max);
}

TEST_F(SessionTest, ProgressTellsTheStateOfTheConnection) {
  stop_ns_ = 2 * ns_per_s;
  ASSERT_TRUE(run({{opens(), brings(":\n\n"), ends(ConnectionEnd::broken, ns_per_s)}, {}}));
  ASSERT_FALSE(progress_.empty());
  EXPECT_EQ(progress_.front().state, Progress::State::open);
  EXPECT_EQ(progress_.back().state, Progress::State::opening);
  EXPECT_EQ(progress_.back().totals.bytes, 3U);
  EXPECT_NEAR(static_cast<double>(progress_.back().elapsed_ns), 2e9, 1e8);
}

Step exchanges(const std::string& target, std::int64_t request_ns, std::int64_t after_ns = 0) {
  port::Exchange exchange;
  exchange.request_ns = request_ns;
  exchange.response_ns = request_ns + 5 * ns_per_ms;
  exchange.method = "POST";
  exchange.target = target;
  exchange.status = 200;
  return {after_ns, Exchanged{exchange}};
}

TEST_F(SessionTest, ExchangesFromBeforeTheTapeAreOnItWithTheirTimes) {
  stop_ns_ = ns_per_s;
  ASSERT_TRUE(run({{exchanges("/first", 0, 5 * ns_per_ms), opens(10 * ns_per_ms),
                    exchanges("/second", 20 * ns_per_ms, 20 * ns_per_ms), brings(":\n\n")}}));
  const auto exchanges = *tape()->exchanges();
  ASSERT_EQ(exchanges.size(), 2U);
  EXPECT_EQ(exchanges[0].target, "/first");
  EXPECT_EQ(exchanges[0].request_ns, 0) << "the tape's time begins with the join";
  EXPECT_EQ(exchanges[0].response_ns, 5 * ns_per_ms);
  EXPECT_EQ(exchanges[1].request_ns, 20 * ns_per_ms);
  EXPECT_EQ(tape()->connections()->at(0).start.opened_ns, 15 * ns_per_ms);
}

TEST_F(SessionTest, TheSourceHearsWhatTheStreamSays) {
  stop_ns_ = ns_per_s;
  ASSERT_TRUE(run({{opens(), brings("event: refer\ndata: {}\n\n:\n\nda"), brings("ta: x\n\n")}}));
  EXPECT_EQ(source_->heard(), (std::vector<std::string>{"refer", "message"}));
}

TEST_F(SessionTest, AStreamThatGoesOnElsewhereIsFollowedAtOnceAndTheGapIsNoted) {
  stop_ns_ = ns_per_s;
  const Step moves{ns_per_ms,
                   Ended{ConnectionEnd::stopped, "it moved", Ended::Then::reopen_at_once}};
  const auto summary = run({{opens(), brings(":\n\n"), moves}, {opens(ns_per_ms)}});
  ASSERT_TRUE(summary) << summary.error().message;
  ASSERT_EQ(source_->opened_ns().size(), 2U);
  EXPECT_EQ(source_->opened_ns()[1], 2 * ns_per_ms);
  EXPECT_EQ(tape()->gaps()->at(0).reason, "it moved");
}

TEST_F(SessionTest, AGoodbyeOfTheNodeEndsTheRecording) {
  const Step dismisses{ns_per_ms, Ended{ConnectionEnd::stopped, "goodbye", Ended::Then::never}};
  const auto summary = run({{opens(), brings(":\n\n"), dismisses}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::dismissed);
  EXPECT_EQ(summary->detail, "goodbye");
  EXPECT_EQ(source_->opened_ns().size(), 1U);
  EXPECT_TRUE(tape()->gaps()->empty());
  EXPECT_TRUE(tape()->summary().closed);
}

TEST_F(SessionTest, WhatIsSaidOnLeavingIsOnTheTapeAndTakesNoneOfTheRecordingsTime) {
  stop_ns_ = ns_per_s;
  farewell_ = {exchanges("/release_token", ns_per_s, 50 * ns_per_ms), {ns_per_ms, Left{}}};
  const auto summary = run({{opens(), brings(":\n\n")}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_NEAR(static_cast<double>(summary->elapsed_ns), 1e9, 6e7);
  ASSERT_EQ(tape()->exchanges()->size(), 1U);
  EXPECT_TRUE(tape()->summary().closed);
}

TEST_F(SessionTest, ANodeThatDoesNotLetGoIsNotWaitedForForLong) {
  stop_ns_ = ns_per_s;
  farewell_ = {{hour_ns, Left{}}};
  ASSERT_TRUE(run({{opens(), brings(":\n\n")}}));
  EXPECT_LE(clock_.now_ns(), ns_per_s + limits::leave_ns_max + 100 * ns_per_ms);
  EXPECT_GT(sink_->calls(), (ns_per_s + limits::leave_ns_max) / limits::commit_ns_max)
      << "what was taken before is committed within the bound all the same";
  EXPECT_TRUE(tape()->summary().closed);
}

TEST_F(SessionTest, ASecondStopDoesNotWaitForTheNode) {
  stop_ns_ = stop_again_ns_ = ns_per_s;
  farewell_ = {{hour_ns, Left{}}};
  ASSERT_TRUE(run({{opens(), brings(":\n\n")}}));
  EXPECT_LE(clock_.now_ns(), ns_per_s + 100 * ns_per_ms);
  EXPECT_TRUE(tape()->summary().closed);
}

TEST_F(SessionTest, LeaveIsTakenAfterAFailureToo) {
  farewell_ = {exchanges("/release_token", 0, ns_per_ms), {ns_per_ms, Left{}}};
  const auto refused = run({{refuses()}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(clock_.now_ns(), 3 * ns_per_ms);
  const auto full = run({{opens(), brings(":\n\n")}}, {}, 2);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, "the disk is full");
}

}  // namespace
}  // namespace tapedeck::recorder
