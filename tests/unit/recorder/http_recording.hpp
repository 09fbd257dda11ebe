// What the tests of the HTTP source share: a recording from real sockets onto a real tape.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "recorder/event_loop.hpp"
#include "recorder/http_source.hpp"
#include "recorder/session.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::recorder {

/// A script that sends `bytes` and closes.
inline test::ScriptedServer::Script says(std::string bytes) {
  return
      [bytes = std::move(bytes)](test::ScriptedConnection& connection) { connection.send(bytes); };
}

/// Records from real sockets onto a real tape.
class HttpRecording : public testing::Test {
 protected:
  Result<Summary> record(const std::string& url,
                         SessionOptions options = {.reconnects = {.attempts_max = 0}},
                         std::vector<Header> headers = {}) {
    const std::string path = folder_.path(std::to_string(++recordings_) + ".tape");
    HttpSource source(loop_, redactor_,
                      {*parse_url(url), std::move(headers), [] { return 0; }, network_});
    Session session({.source = source,
                     .clock = loop_,
                     .open_sink = [&]() -> Result<port::RecordingSink*> {
                       writer_ = *schema::TapeWriter::open(path, {});
                       return writer_.get();
                     },
                     .wall_now_ns = [] { return 0; },
                     .stop_requested = [&] { return loop_.stop_requested(); },
                     .on_progress = {}},
                    options);
    auto summary = session.run();
    writer_.reset();
    if (summary && summary->totals.connections > 0) {
      tape_ = *schema::TapeReader::open(path);
    }
    return summary;
  }
  /// Records one connection that ends and gives the body on the tape.
  std::string body_of(const std::string& url) {
    const auto summary = record(url);
    EXPECT_TRUE(summary) << summary.error().message;
    return summary ? test::body_of(*tape_) : "";
  }
  std::string error_of(const std::string& url) {
    const auto summary = record(url);
    EXPECT_FALSE(summary);
    return summary ? "" : summary.error().message;
  }
  [[nodiscard]] schema::Connection::End end() const { return *tape_->connections()->back().end; }
  [[nodiscard]] schema::Connection connection() const { return tape_->connections()->back(); }

  test::TemporaryFolder folder_;
  int recordings_ = 0;  ///< each is on a tape of its own
  EventLoop loop_;
  Network network_{*TlsContext::make({}), {}};
  Redactor redactor_;
  std::unique_ptr<schema::TapeWriter> writer_;
  std::unique_ptr<schema::TapeReader> tape_;
};

}  // namespace tapedeck::recorder
