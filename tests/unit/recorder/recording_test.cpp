#include "recorder/recording.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::recorder {
namespace {

using test::OwnedFrame;

/// A recording onto a real tape.
class RecordingTest : public testing::Test {
 protected:
  void begin(std::optional<std::uint64_t> frames_max = {}) {
    reader_.reset();
    auto opened = schema::TapeWriter::open(folder_.path(), {.existing = existing_});
    ASSERT_TRUE(opened) << opened.error().message;
    writer_ = *std::move(opened);
    recording_ = std::make_unique<Recording>(
        *writer_, clock_, [] { return 77; }, frames_max);
  }
  void connect() {
    ASSERT_TRUE(recording_->connect({.source = "test",
                                     .http_status = 200,
                                     .headers = "Server: x",
                                     .last_event_id = recording_->last_event_id()}));
  }
  void read_at(std::int64_t at_ns, std::string_view bytes) {
    clock_.wait_until(at_ns);
    ASSERT_TRUE(recording_->take(bytes));
  }
  void disconnect() { ASSERT_TRUE(recording_->disconnect(port::ConnectionEnd::finished, "over")); }
  const schema::TapeReader& tape() {
    EXPECT_TRUE(recording_->finish());
    recording_.reset();
    writer_.reset();
    reader_ = *schema::TapeReader::open(folder_.path());
    return *reader_;
  }
  static std::vector<std::pair<std::uint64_t, std::int64_t>> reads_of(
      const schema::TapeReader& tape, std::uint32_t connection_id = 1) {
    std::vector<std::pair<std::uint64_t, std::int64_t>> all;
    const auto source = *tape.reads(connection_id);
    while (const auto read = *source->next()) {
      all.emplace_back(read->end_offset, read->recv_ns);
    }
    return all;
  }

  test::TemporaryFolder folder_;
  schema::Existing existing_ = schema::Existing::refuse;
  port::VirtualClock clock_;
  std::unique_ptr<schema::TapeWriter> writer_;
  std::unique_ptr<Recording> recording_;
  std::unique_ptr<schema::TapeReader> reader_;
};

TEST_F(RecordingTest, AFrameHasTheTimeOfItsLastByte) {
  begin();
  connect();
  read_at(10, "data: 1\n");
  read_at(20, "\ndata: 2\n\ndata: 3");
  read_at(30, "\n\n");
  disconnect();
  const std::vector<OwnedFrame> expected{{1, 1, 20, true, "data: 1\n\n"},
                                         {2, 1, 20, true, "data: 2\n\n"},
                                         {3, 1, 30, true, "data: 3\n\n"}};
  EXPECT_EQ(test::frames_of(tape()), expected);
}

TEST_F(RecordingTest, AFrameThatOnlyTheNextByteProvesWholeHasTheTimeOfTheReadThatEndedIt) {
  begin();
  connect();
  read_at(10, "data: 1\r\n\r");  // an LF may follow, or not
  read_at(20, "data: 2\r\n\r\n");
  disconnect();
  const std::vector<OwnedFrame> expected{{1, 1, 10, true, "data: 1\r\n\r"},
                                         {2, 1, 20, true, "data: 2\r\n\r\n"}};
  EXPECT_EQ(test::frames_of(tape()), expected);
}

TEST_F(RecordingTest, ReadsKeepTheirBorders) {
  begin();
  connect();
  read_at(10, ":");
  read_at(20, "ok\n\ndata");
  read_at(30, ": torn");
  disconnect();
  const std::vector<std::pair<std::uint64_t, std::int64_t>> expected{{1, 10}, {9, 20}, {15, 30}};
  EXPECT_EQ(reads_of(tape()), expected);
}

TEST_F(RecordingTest, WhatTheConnectionLeftUnfinishedIsKept) {
  begin();
  connect();
  read_at(10, "data: 1\n\ndata: to");
  clock_.wait_until(99);
  disconnect();
  const std::vector<OwnedFrame> expected{{1, 1, 10, true, "data: 1\n\n"},
                                         {2, 1, 10, false, "data: to"}};
  EXPECT_EQ(test::frames_of(tape()), expected);
}

TEST_F(RecordingTest, AnUnfinishedFrameDoesNotRunIntoTheNextConnection) {
  begin();
  connect();
  read_at(10, "id: a\ndata: to");
  disconnect();
  connect();
  read_at(20, "rn\n\n");
  disconnect();
  EXPECT_EQ(recording_->last_event_id(), "") << "the id of a torn message does not count";
  const std::vector<OwnedFrame> expected{{1, 1, 10, false, "id: a\ndata: to"},
                                         {2, 2, 20, true, "rn\n\n"}};
  EXPECT_EQ(test::frames_of(tape()), expected);
}

TEST_F(RecordingTest, TheLastEventIdAndRetryLastOverConnections) {
  begin();
  connect();
  read_at(10, "id: 7\n\nretry: 1500\n\n");
  EXPECT_EQ(recording_->last_event_id(), "7") << "a block without data sets it too";
  EXPECT_EQ(recording_->retry_ms(), 1500U);
  disconnect();
  connect();
  read_at(20, "data: no id here\n\n");
  EXPECT_EQ(recording_->last_event_id(), "7");
  read_at(30, "id\n\n");
  EXPECT_EQ(recording_->last_event_id(), "") << "the stream took it back";
  EXPECT_EQ(recording_->retry_ms(), 1500U);
  disconnect();
  const auto connections = *tape().connections();
  EXPECT_EQ(connections[0].start.last_event_id, "");
  EXPECT_EQ(connections[1].start.last_event_id, "7");
}

TEST_F(RecordingTest, AConnectionIsOnTheTapeWithAllThatIsKnownOfIt) {
  begin();
  clock_.wait_until(5);
  connect();
  read_at(10, ":\n\n");
  disconnect();
  const auto connections = *tape().connections();
  ASSERT_EQ(connections.size(), 1U);
  EXPECT_EQ(connections[0].start.opened_ns, 5);
  EXPECT_EQ(connections[0].start.wall_ns, 77);
  EXPECT_EQ(connections[0].start.source, "test");
  EXPECT_EQ(connections[0].start.http_status, 200);
  EXPECT_EQ(connections[0].start.headers, "Server: x");
  EXPECT_EQ(connections[0].end->closed_ns, 10);
  EXPECT_EQ(connections[0].end->end, port::ConnectionEnd::finished);
  EXPECT_EQ(connections[0].end->detail, "over");
  EXPECT_EQ(connections[0].end->bytes, 3U);
}

TEST_F(RecordingTest, AGapLastsFromTheEndOfAConnectionUntilNow) {
  begin();
  connect();
  read_at(10, ":\n\n");
  disconnect();
  clock_.wait_until(50);
  ASSERT_TRUE(recording_->note_gap("why"));
  const auto gaps = *tape().gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].after_connection, 1U);
  EXPECT_EQ(gaps[0].start_ns, 10);
  EXPECT_EQ(gaps[0].end_ns, 50);
  EXPECT_EQ(gaps[0].reason, "why");
}

TEST_F(RecordingTest, TimeBeginsWhereTheSinkSaysWhateverTheClockShows) {
  clock_.wait_until(5 * ns_per_s);
  begin();
  connect();
  read_at(5 * ns_per_s + 10, ":\n\n");
  disconnect();
  EXPECT_EQ(test::frames_of(tape()).back().recv_ns, 10);
  existing_ = schema::Existing::append;
  begin();
  connect();
  read_at(5 * ns_per_s + 20, ":\n\n");
  disconnect();
  const auto frames = test::frames_of(tape());
  EXPECT_EQ(frames.back().seq, 2U);
  EXPECT_EQ(frames.back().recv_ns, 21) << "the session starts past everything on the tape";
}

TEST_F(RecordingTest, AFrameLimitCutsExactlyWhereverTheReadsEnd) {
  const std::string body = "data: 1\r\n\r\n: c\n\ndata: 3\r\r\rdata: 5\r\n\r\n\n\ndata: 8";
  std::vector<std::string> all;
  {
    sse::FrameSplitter splitter;
    splitter.push(body);
    while (const auto block = splitter.next()) {
      all.emplace_back(block->raw);
    }
    all.emplace_back(splitter.finish()->raw);
  }
  for (std::uint64_t wanted = 1; wanted <= all.size() + 1; ++wanted) {
    for (std::size_t step = 1; step <= body.size(); ++step) {
      existing_ = schema::Existing::overwrite;
      begin(wanted);
      connect();
      for (std::size_t at = 0; at < body.size() && !recording_->full(); at += step) {
        ASSERT_TRUE(recording_->take(std::string_view(body).substr(at, step)));
      }
      disconnect();
      EXPECT_EQ(recording_->full(), wanted <= all.size());
      std::string expected;
      for (std::uint64_t i = 0; i < std::min<std::uint64_t>(wanted, all.size()); ++i) {
        expected += all[i];
      }
      const schema::TapeReader& recorded = tape();
      EXPECT_EQ(recorded.summary().frame_count, std::min<std::uint64_t>(wanted, all.size()));
      EXPECT_EQ(test::body_of(recorded), expected) << wanted << " frames, reads of " << step;
      EXPECT_EQ(reads_of(recorded).back().first, expected.size());
    }
  }
}

}  // namespace
}  // namespace tapedeck::recorder
