// Nodes that send what no node should, over real sockets onto real tapes: every byte is kept within
// bounds of memory. docs/RELIABILITY.md lists these and those of http_source_test.cpp.
#include <cstdlib>
#include <fstream>
#include <string>

#include "core/base/limits.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/unit/recorder/http_recording.hpp"

namespace tapedeck::recorder {
namespace {

using test::ScriptedConnection;
using test::ScriptedServer;
using test::stream_head;

using HostileNode = HttpRecording;

/// The most that this process has ever had in memory.
std::size_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
    }
  }
  return 0;
}

/// Times what the suite has time for: TAPEDECK_HOSTILE=8 makes a line of a GiB and a million
/// events.
std::size_t times() {
  const char* const given = std::getenv("TAPEDECK_HOSTILE");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

TEST_F(HostileNode, ALineWithoutEndIsRecordedInFramesOfBoundedSize) {
  constexpr std::size_t piece = std::size_t{1} << 20;
  const std::size_t pieces = times() * limits::frame_bytes_max / piece + 3;
  ScriptedServer server({[&](ScriptedConnection& connection) {
    connection.send(stream_head());
    const std::string bytes(piece, 'x');
    for (std::size_t i = 0; i < pieces; ++i) {
      connection.send(bytes);
    }
  }});
  const std::size_t before = peak_bytes();
  ASSERT_TRUE(record(server.url()));
  EXPECT_TRUE(!test::memory_is_own || peak_bytes() - before < 4 * limits::frame_bytes_max);
  const auto frames = tape_->frames();
  ASSERT_TRUE(frames);
  std::size_t bytes = 0;
  for (auto frame = (*frames)->next(); frame && *frame; frame = (*frames)->next()) {
    EXPECT_FALSE((*frame)->complete);
    EXPECT_LE((*frame)->raw.size(), limits::frame_bytes_max);
    bytes += (*frame)->raw.size();
  }
  EXPECT_EQ(bytes, pieces * piece);
  EXPECT_EQ(tape_->summary().frame_count, times() + 1);
}

TEST_F(HostileNode, TinyEventsInMassesAreAllFramesAndCostNoMemory) {
  const std::size_t events = 125'000 * times();
  ScriptedServer server({[&](ScriptedConnection& connection) {
    connection.send(stream_head());
    std::string batch;
    for (int i = 0; i < 1000; ++i) {
      batch += "data\n\n";
    }
    for (std::size_t sent = 0; sent < events; sent += 1000) {
      connection.send(batch);
    }
  }});
  const std::size_t before = peak_bytes();
  ASSERT_TRUE(record(server.url()));
  EXPECT_TRUE(!test::memory_is_own || peak_bytes() - before < std::size_t{64} << 20);
  EXPECT_EQ(tape_->summary().frame_count, events);
  EXPECT_EQ(tape_->summary().bytes, events * 6);
  EXPECT_EQ(end().end, port::ConnectionEnd::finished);
}

}  // namespace
}  // namespace tapedeck::recorder
