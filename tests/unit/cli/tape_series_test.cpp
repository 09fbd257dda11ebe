// A recording in parts is the recording: nothing lost, nothing doubled, no time shifted.
#include "cli/tape_series.hpp"

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/join_parts.hpp"
#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "core/sim/sim_source.hpp"
#include "recorder/recording.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/support/tape_faults.hpp"

namespace tapedeck::cli {
namespace {

using schema::Existing;
using schema::TapeReader;
using test::TemporaryFolder;

std::string conference(std::uint64_t seed) {
  sim::SimSource source(
      {.seed = seed, .participants = 8, .breakouts = 1, .duration_ns = 30 * ns_per_s});
  std::string body;
  while (const auto frame = source.next().value()) {
    body += frame->raw;
  }
  return body;
}

/// How a test records: one body on each connection, in reads of random sizes at random times.
struct Plan {
  std::uint64_t seed = 1;
  std::size_t read_bytes_max = 3000;
  std::vector<std::string> bodies;
};

Result<void> record(port::RecordingSink& sink, const Plan& plan) {
  std::mt19937_64 random(plan.seed);
  port::VirtualClock clock;
  recorder::Recording recording(
      sink, clock, [] { return 1'790'000'000 * ns_per_s; }, {}, 0);
  bool first = true;
  for (const std::string& body : plan.bodies) {
    if (!std::exchange(first, false)) {
      clock.wait_until(clock.now_ns() + ns_per_s);
      if (auto noted = recording.note_gap("the line was cut"); !noted) {
        return noted;
      }
    }
    if (auto done = recording.connect(
            {.source = "test", .http_status = 200, .headers = "a: b", .last_event_id = ""});
        !done) {
      return done;
    }
    for (std::string_view rest = body; !rest.empty();) {
      clock.wait_until(clock.now_ns() + static_cast<std::int64_t>(random() % 50) * ns_per_ms);
      const auto part = rest.substr(0, 1 + random() % plan.read_bytes_max);
      rest.remove_prefix(part.size());
      if (auto done = recording.take(part); !done) {
        return done;
      }
      if (auto done = recording.commit_if_due(); !done) {
        return done;
      }
    }
    if (auto done = recording.disconnect(port::ConnectionEnd::broken, "reset"); !done) {
      return done;
    }
  }
  return recording.finish();
}

std::vector<std::string> files_in(const TemporaryFolder& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path(""))) {
    paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  return paths;
}

std::unique_ptr<TapeReader> open_tape(const std::string& path) {
  auto tape = TapeReader::open(path);
  if (!tape) {
    ADD_FAILURE() << tape.error().message;
    return nullptr;
  }
  return *std::move(tape);
}

void expect_whole(const TapeReader& tape) {
  const auto verified = tape.verify_bytes();
  ASSERT_TRUE(verified) << verified.error().message;
  for (const auto& problem : verified->problems) {
    ADD_FAILURE() << problem.rule << ": " << problem.sentence;
  }
}

std::set<std::pair<std::uint64_t, std::int64_t>> reads_of(const TapeReader& tape,
                                                          std::uint32_t connection_id) {
  std::set<std::pair<std::uint64_t, std::int64_t>> reads;
  const auto source = *tape.reads(connection_id);
  while (const auto read = *source->next()) {
    reads.emplace(read->end_offset, read->recv_ns);
  }
  return reads;
}

/// Every frame, connection and gap is the same, and every read is there.
void expect_same(const TapeReader& joined, const TapeReader& whole) {
  EXPECT_EQ(test::frames_of(joined), test::frames_of(whole));
  const auto connections = *whole.connections();
  const auto joined_connections = *joined.connections();
  ASSERT_EQ(joined_connections.size(), connections.size());
  for (std::size_t i = 0; i < connections.size(); ++i) {
    const auto& a = joined_connections[i];
    const auto& b = connections[i];
    EXPECT_EQ(a.start.opened_ns, b.start.opened_ns);
    EXPECT_EQ(a.start.source, b.start.source);
    EXPECT_EQ(a.start.headers, b.start.headers);
    ASSERT_TRUE(a.end && b.end);
    EXPECT_EQ(a.end->closed_ns, b.end->closed_ns);
    EXPECT_EQ(a.end->end, b.end->end);
    EXPECT_EQ(a.end->detail, b.end->detail);
    EXPECT_EQ(a.end->bytes, b.end->bytes);
    const auto reads = reads_of(joined, a.id);
    const auto whole_reads = reads_of(whole, b.id);
    EXPECT_TRUE(std::ranges::includes(reads, whole_reads));
  }
  const auto gaps = *whole.gaps();
  const auto joined_gaps = *joined.gaps();
  ASSERT_EQ(joined_gaps.size(), gaps.size());
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    EXPECT_EQ(joined_gaps[i].after_connection, gaps[i].after_connection);
    EXPECT_EQ(joined_gaps[i].start_ns, gaps[i].start_ns);
    EXPECT_EQ(joined_gaps[i].end_ns, gaps[i].end_ns);
    EXPECT_EQ(joined_gaps[i].reason, gaps[i].reason);
  }
}

/// Records `plan` in one and in parts; how many parts there are.
std::size_t compare(const Plan& plan, SeriesOptions options) {
  options.writing.durability = schema::Durability::normal;  // nobody pulls the plug
  const TemporaryFolder folder;
  const TemporaryFolder other;
  EXPECT_TRUE(
      record(**TapeSeries::begin(other.path("whole.tape"), {.writing = options.writing}), plan));
  const auto recorded = record(**TapeSeries::begin(folder.path("part.tape"), options), plan);
  EXPECT_TRUE(recorded) << recorded.error().message;
  const auto parts = files_in(folder);
  for (const std::string& part : parts) {
    expect_whole(*open_tape(part));
  }
  const auto joined = join_parts(parts, other.path("joined.tape"), Existing::refuse);
  EXPECT_TRUE(joined) << joined.error().message;
  const auto tape = open_tape(other.path("joined.tape"));
  if (tape) {
    expect_whole(*tape);
    expect_same(*tape, *open_tape(other.path("whole.tape")));
  }
  return parts.size();
}

TEST(TapeSeries, JoinedIsWhatOneTapeWouldHaveBeen) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Plan plan{.seed = seed, .read_bytes_max = seed % 2 == 0 ? 200U : 6000U, .bodies = {}};
    for (std::uint64_t i = 0; i < 1 + seed % 3; ++i) {
      std::string body = conference(seed + i).substr(0, 30'000);
      if (seed % 4 == 3) {
        std::ranges::replace(body, '\n', '\r');  // the end of a block shows with the next byte
      }
      plan.bodies.push_back(std::move(body));
    }
    EXPECT_GT(compare(plan, {.writing = {}, .rotate_bytes = 6000}), 2U);
    EXPECT_GT(compare(plan, {.writing = {}, .rotate_bytes = {}, .rotate_ns = ns_per_s}),
              plan.read_bytes_max > 200 ? 0U : 2U);
  }
}

TEST(TapeSeries, APartEndsNeitherInABlockNorInARoster) {
  const TemporaryFolder folder;
  std::string body = "event: participant_sync_begin\ndata: null\n\n";
  for (int i = 0; i < 30; ++i) {
    body += "event: participant_create\ndata: {\"uuid\":\"u" + std::to_string(i) + "\"}\n\n";
  }
  body += "event: participant_sync_end\ndata: null\n\n: " + std::string(500, 'x') + "\n\n: y\n\n";
  const Plan plan{.read_bytes_max = 40, .bodies = {body}};
  ASSERT_TRUE(record(
      **TapeSeries::begin(folder.path("x.tape"), {.writing = {}, .rotate_bytes = 1000}), plan));
  const auto first = open_tape(folder.path("x.001.tape"));
  const std::string bytes = test::body_of(*first);
  EXPECT_TRUE(bytes.find("participant_sync_end\ndata: null\n\n") != std::string::npos);
  for (const std::string& path : files_in(folder)) {
    for (const auto& frame : test::frames_of(*open_tape(path))) {
      EXPECT_TRUE(frame.complete);
    }
  }
  const auto second = open_tape(folder.path("x.002.tape"));
  EXPECT_EQ(second->value("state_connection"), "1");
  EXPECT_EQ(test::frames_of(*second, {.connection_id = 1}).size(), 32U) << "the roster";
}

TEST(TapeSeries, ARosterThatNeverEndsDoesNotKeepAPartFromEnding) {
  const TemporaryFolder folder;
  std::string body = "event: participant_sync_begin\ndata: null\n\n";
  for (int i = 0; i < 100; ++i) {
    body += ": " + std::to_string(i) + "\n\n";
  }
  ASSERT_TRUE(
      record(**TapeSeries::begin(folder.path("x.tape"), {.writing = {}, .rotate_bytes = 100}),
             {.read_bytes_max = 20, .bodies = {body}}));
  EXPECT_GT(files_in(folder).size(), 2U);
}

TEST(TapeSeries, WhoWasSentAwayIsNotInTheNextState) {
  const TemporaryFolder folder;
  const auto series =
      *TapeSeries::begin(folder.path("x.tape"), {.writing = {}, .rotate_bytes = 200});
  const std::string first =
      "event: participant_create\ndata: {\"uuid\":\"old\"}\n\n"
      "event: disconnect\ndata: {\"reason\":\"over\"}\n\n";
  const std::string second =
      "event: participant_create\ndata: {\"uuid\":\"new\"}\n\n: " + std::string(200, 'x') +
      "\n\n: y\n\n: z\n\n";
  ASSERT_TRUE(record(*series, {.read_bytes_max = 30, .bodies = {first, second}}));
  const auto part = open_tape(folder.path("x.002.tape"));
  const std::string state = test::body_of(*part, {.connection_id = 1});
  EXPECT_NE(state.find("\"new\""), std::string::npos) << state;
  EXPECT_EQ(state.find("\"old\""), std::string::npos) << state;
}

TEST(TapeSeries, KeepsWhatAJoinWasAnswered) {
  const TemporaryFolder folder;
  const auto series =
      *TapeSeries::begin(folder.path("x.tape"), {.writing = {}, .rotate_bytes = 10});
  port::Exchange exchange;
  exchange.method = "POST";
  exchange.target = "/api/client/v2/conferences/meet.bob/request_token";
  exchange.status = 200;
  exchange.response_body =
      R"({"status":"success","result":{"participant_uuid":"me","conference_name":"Bob",)"
      R"("current_service_type":"conference","display_name":"tapedeck","role":"GUEST"}})";
  ASSERT_TRUE(series->note_exchange(exchange));
  ASSERT_TRUE(record(*series, {.read_bytes_max = 9, .bodies = {": one\n\n: two\n\n: three\n\n"}}));
  const auto second = open_tape(folder.path("x.002.tape"));
  EXPECT_EQ(second->value("self"), "me");
  EXPECT_EQ(second->value("alias"), "meet.bob");
  EXPECT_EQ(second->value("conference_name"), "Bob");
  EXPECT_EQ(second->value("role"), "GUEST");
}

TEST(TapeSeries, WhateverFailsWhenAPartBeginsTheTapesAreWholeAndInOrder) {
  const std::string body = conference(2).substr(0, 8'000);
  const Plan plan{.read_bytes_max = 1000, .bodies = {body}};
  const SeriesOptions options{.writing = {.durability = schema::Durability::normal},
                              .rotate_bytes = 2500};
  std::uint64_t operations = 0;
  {
    const TemporaryFolder folder;
    const test::FaultyDisk disk;
    ASSERT_TRUE(record(**TapeSeries::begin(folder.path("x.tape"), options), plan));
    operations = disk.operations();
  }
  for (const test::Fault fault : {test::Fault::disk_full, test::Fault::disk_error}) {
    for (std::uint64_t n = 1; n <= operations; ++n) {
      SCOPED_TRACE("operation " + std::to_string(n));
      const TemporaryFolder folder;
      {
        test::FaultyDisk disk;
        disk.skip_syncs();
        disk.fail_at(n, fault, true);
        const auto series = TapeSeries::begin(folder.path("x.tape"), options);
        (void)(series && record(**series, plan));
      }
      std::string received;
      for (const std::string& path : files_in(folder)) {
        if (!path.ends_with(".tape")) {
          continue;  // a log that could not be merged
        }
        const auto tape = open_tape(path);
        ASSERT_TRUE(tape);
        expect_whole(*tape);
        const bool has_state = tape->value("state_connection").has_value();
        for (const auto& frame : test::frames_of(*tape)) {
          received += has_state && frame.connection_id == 1 ? "" : frame.raw;
        }
      }
      EXPECT_TRUE(body.starts_with(received));
    }
  }
}

TEST(TapeSeries, WhereverTheDiskIsFullForAMomentARecordingThatWaitsLosesNothing) {
  const std::string body = conference(3).substr(0, 8'000);
  const Plan plan{.read_bytes_max = 1000, .bodies = {body}};
  const SeriesOptions options{
      .writing = {.durability = schema::Durability::normal, .on_full = schema::OnFull::hold},
      .rotate_bytes = 2500};
  for (std::uint64_t n = 1;; ++n) {
    SCOPED_TRACE("full at operation " + std::to_string(n));
    const TemporaryFolder folder;
    const TemporaryFolder other;
    std::uint64_t operations = 0;
    {
      test::FaultyDisk disk;
      disk.skip_syncs();
      disk.fail_at(n, test::Fault::disk_full, false);
      const auto series = TapeSeries::begin(folder.path("x.tape"), options);
      if (!series) {
        continue;  // before there is a tape
      }
      (void)record(**series, plan);  // at the end, merging may fail: that loses nothing
      operations = disk.operations();
    }
    std::vector<std::string> parts = files_in(folder);
    std::erase_if(parts, [](const std::string& path) { return !path.ends_with(".tape"); });
    ASSERT_TRUE(join_parts(parts, other.path(), Existing::refuse));
    EXPECT_EQ(test::body_of(*open_tape(other.path())), body);
    if (operations < n) {
      break;
    }
  }
}

TEST(TapeSeries, AFileInTheWayOfAPartIsLeftAlone) {
  const TemporaryFolder folder;
  const Plan plan{.read_bytes_max = 500, .bodies = {conference(3).substr(0, 20'000)}};
  const auto series =
      *TapeSeries::begin(folder.path("x.tape"), {.writing = {}, .rotate_bytes = 15'000});
  std::filesystem::create_directory(folder.path("x.002.tape"));
  ASSERT_TRUE(record(*series, plan));
  EXPECT_EQ(test::body_of(*open_tape(folder.path("x.001.tape"))) +
                test::body_of(*open_tape(folder.path("x.003.tape")), {.connection_id = 2}),
            plan.bodies.front());
}

}  // namespace
}  // namespace tapedeck::cli
