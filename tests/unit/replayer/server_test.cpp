// The server over real sockets on loopback.
#include "replayer/server.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/unit/replayer/http_client.hpp"
#include "tests/unit/replayer/running_server.hpp"

namespace tapedeck::replayer {
namespace {

using test::eventually;
using test::HttpClient;
using test::HttpResponse;
using test::joined;
using test::memory_source;
using test::Opened;
using test::play;
using test::RunningServer;
using test::StoredFrame;
using namespace std::chrono_literals;

constexpr const char* api = "/api/client/v2/conferences/meet.alice/";

const std::vector<StoredFrame> three_frames{
    {0, "event: a\ndata: 1\n\n"}, {0, ": comment\r\n\r\n"}, {1000, "data: torn", 1, false}};

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

std::string join(HttpClient& client, const std::string& name = "Me") {
  const HttpResponse response = client.ask("POST", api + std::string("request_token"), "",
                                           R"({"display_name":")" + name + "\"}");
  EXPECT_EQ(response.status, 200);
  const std::string key = R"("token":")";
  const std::size_t from = response.body.find(key) + key.size();
  return response.body.substr(from, response.body.find('"', from) - from);
}

TEST(Server, AStreamHasTheHeadersThatBrowsersAndProxiesNeed) {
  RunningServer server(play({}));
  HttpClient client(server.port());
  client.request("GET", "/events");
  const HttpResponse head = client.head();
  EXPECT_EQ(head.head,
            "HTTP/1.1 200 OK\r\n"
            "Server: tapedeck\r\n"
            "Vary: Origin\r\n"
            "Access-Control-Allow-Origin: *\r\n"
            "Content-Type: text/event-stream\r\n"
            "Cache-Control: no-cache, no-transform\r\n"
            "X-Accel-Buffering: no\r\n"
            "Transfer-Encoding: chunked\r\n"
            "Connection: close\r\n");
}

TEST(Server, ABodyIsTheFramesByteForByteAndStaysOpen) {
  RunningServer server(play(three_frames));
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  const std::string body = joined(three_frames);
  EXPECT_EQ(client.chunked(body.size()), body);
  EXPECT_TRUE(client.is_silent_for(50)) << "a tape that is over is not over for a client";
  server.request_stop();
  EXPECT_EQ(client.chunked_to_end(), "") << "the body ends as HTTP says";
  const ServerReport report = server.stop();
  EXPECT_EQ(report.streams, 1U);
  EXPECT_EQ(report.played.frames, 3U);
  EXPECT_EQ(report.played.bytes, body.size());
}

TEST(Server, WhatIsDueTogetherIsOneChunk) {
  RunningServer server(play({{0, "a\n\n"}, {0, "b\n\n"}, {0, "c\n\n"}}));
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked(9), "a\n\nb\n\nc\n\n");
  EXPECT_TRUE(client.is_silent_for(10));
}

TEST(Server, FramesComeWhenTheyAreDue) {
  RunningServer server(play({{0, "a\n\n"}, {200 * ns_per_ms, "b\n\n"}}));
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(client.chunked(3), "a\n\n");
  EXPECT_TRUE(client.is_silent_for(50));
  EXPECT_EQ(client.chunked(3), "b\n\n");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);
}

TEST(Server, OnceEndsTheBodyAndThenTheServer) {
  RunningServer server(play(three_frames), {.once = true});
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked_to_end(), joined(three_frames));
  EXPECT_TRUE(client.closes());
  EXPECT_FALSE(server.wait().failure);
}

TEST(Server, OnceGoesOnWhenAClientLeavesBeforeTheEnd) {
  RunningServer server(play({{0, "a\n\n"}, {150 * ns_per_ms, "b\n\n"}}), {.once = true});
  {
    HttpClient impatient(server.port());
    impatient.request("GET", "/events");
    EXPECT_EQ(impatient.head().status, 200);
    EXPECT_EQ(impatient.chunked(3), "a\n\n");
  }
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked_to_end(), "a\n\nb\n\n");
  EXPECT_EQ(server.wait().streams, 2U);
}

TEST(Server, AnEmptyTapeIsOverAtOnce) {
  RunningServer server(play({}), {.once = true});
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked_to_end(), "");
  server.wait();
}

TEST(Server, AnOldClientGetsAPlainBodyThatEndsWithTheConnection) {
  RunningServer server(play(three_frames), {.once = true});
  HttpClient client(server.port());
  client.send("GET /events HTTP/1.0\r\n\r\n");
  const HttpResponse head = client.head();
  EXPECT_EQ(head.status, 200);
  EXPECT_FALSE(head.header("Transfer-Encoding"));
  EXPECT_EQ(client.to_end(), joined(three_frames));
}

TEST(Server, HeadGivesTheHeadersAndStartsNothing) {
  RunningServer server(play(three_frames), {.once = true});
  HttpClient client(server.port());
  client.request("HEAD", "/events");
  EXPECT_EQ(client.head().header("Content-Type"), "text/event-stream");
  EXPECT_EQ(client.to_end(), "");
  HttpClient second(server.port());
  const HttpResponse response = second.ask("HEAD", "/nothing");
  EXPECT_EQ(response.status, 404);
  EXPECT_NE(response.header("Content-Length"), "0");
  EXPECT_EQ(second.ask("GET", "/nothing").status, 404) << "no body stands in its way";
  EXPECT_EQ(server.stop().streams, 0U);
}

TEST(Server, AParticipantJoinsStaysAndLeaves) {
  RunningServer server(play(three_frames));
  HttpClient rest(server.port());
  const std::string token = join(rest);
  EXPECT_EQ(rest.ask("GET", api + std::string("theme/"), "token: " + token + "\r\n").status, 204);
  HttpClient stream(server.port());
  stream.request("GET", api + ("events?token=" + token));
  EXPECT_EQ(stream.head().status, 200);
  EXPECT_EQ(stream.chunked(joined(three_frames).size()), joined(three_frames));

  const HttpResponse refreshed =
      rest.ask("POST", api + std::string("refresh_token"), "token: " + token + "\r\n");
  EXPECT_EQ(refreshed.header("Content-Type"), "application/json");
  EXPECT_EQ(refreshed.body, R"({"status":"success","result":{"expires":"120","token":"token-2"}})");
  EXPECT_TRUE(stream.is_silent_for(20)) << "a refresh does not end the stream";

  EXPECT_EQ(rest.ask("POST", api + std::string("release_token"), "token: token-2\r\n",
                     R"({"reason":"User initiated disconnect"})")
                .body,
            R"({"status":"success","result":true})");
  EXPECT_EQ(stream.chunked_to_end(), "");
  HttpClient again(server.port());
  EXPECT_EQ(again.ask("GET", api + ("events?token=" + token)).status, 403);
  const ServerReport report = server.stop();
  EXPECT_EQ(report.joins, 1U);
  EXPECT_EQ(report.streams, 1U);
}

TEST(Server, ARefusedRefreshIsHeldBack) {
  ServerOptions options;
  options.limits.refused_refresh_delay = 100ms;
  RunningServer server(play({}), options);
  HttpClient client(server.port());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(client.ask("POST", api + std::string("refresh_token"), "token: no\r\n").status, 403);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
}

TEST(Server, EveryAnswerMayBeReadByAPageFromElsewhere) {
  RunningServer server(play({}));
  HttpClient client(server.port());
  const std::string origin = "Origin: https://meet.example\r\n";
  for (const char* target : {"/nothing", "/api/client/v2/status"}) {
    const HttpResponse response = client.ask("GET", target, origin);
    EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "https://meet.example");
    EXPECT_EQ(response.header("Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(response.header("Vary"), "Origin");
  }
  client.request("GET", "/events", origin);
  const HttpResponse head = client.head();
  EXPECT_EQ(head.header("Access-Control-Allow-Origin"), "https://meet.example");
  EXPECT_EQ(head.header("Access-Control-Allow-Credentials"), "true");
}

TEST(Server, APreflightIsAnsweredForWhatAClientSends) {
  RunningServer server(play({}));
  HttpClient client(server.port());
  const HttpResponse response =
      client.ask("OPTIONS", api + std::string("refresh_token"),
                 "Origin: https://meet.example\r\nAccess-Control-Request-Method: POST\r\n"
                 "Access-Control-Request-Headers: content-type,token\r\n"
                 "Access-Control-Request-Private-Network: true\r\n");
  EXPECT_EQ(response.status, 204);
  EXPECT_FALSE(response.header("Content-Length"));
  EXPECT_FALSE(response.header("Content-Type"));
  EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "https://meet.example");
  EXPECT_EQ(response.header("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(response.header("Access-Control-Allow-Methods"), "POST, OPTIONS");
  EXPECT_EQ(response.header("Access-Control-Allow-Headers"),
            "content-type, token, pin, last-event-id, cache-control");
  EXPECT_EQ(response.header("Access-Control-Max-Age"), "86400");
  EXPECT_EQ(response.header("Access-Control-Allow-Private-Network"), "true");
  EXPECT_EQ(client.ask("OPTIONS", "/events").header("Allow"), "GET, HEAD, OPTIONS");
}

TEST(Server, RequestsOnOneConnectionAreAnsweredInOrder) {
  RunningServer server(play({}));
  HttpClient client(server.port());
  client.send(
      "GET /one HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /api/client/v2/status HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /api/client/v2/conferences/a/request_token HTTP/1.1\r\nHost: x\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
      "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.response().status, 404);
  EXPECT_EQ(client.response().status, 200);
  EXPECT_EQ(client.response().status, 200);
  const HttpResponse last = client.response();
  EXPECT_EQ(last.status, 404);
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_EQ(client.to_end(), "");
}

TEST(Server, AMalformedRequestIsRefusedAndEndsTheConnection) {
  RunningServer server(play({}));
  const std::string big(300 * 1024, 'x');
  for (const auto& [status, request] : std::vector<std::pair<int, std::string>>{
           {400, "\x16\x03\x01\x02\x01\x01\r\n\r\n"},
           {400, "GET /events HTTP/9.9\r\nHost: x\r\n\r\n"},
           {400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
           {400, "GET  /events HTTP/1.1\r\nHost: x\r\n\r\n"},
           {400, "GET /events HTTP/1.1\r\nHost x\r\n\r\n"},
           {400, "GET /events HTTP/1.1\r\n\r\n"},
           {400, "GET /events HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
           {400, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
           {400, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"},
           {400,
            "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
           {400, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
           {431, "GET /" + big + " HTTP/1.1\r\nHost: x\r\n\r\n"},
           {431, "GET / HTTP/1.1\r\nHost: x\r\nX: " + big + "\r\n\r\n"},
           {413, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + big}}) {
    HttpClient client(server.port());
    client.send(request);
    const HttpResponse response = client.response();
    EXPECT_EQ(response.status, status) << request.substr(0, 80);
    EXPECT_EQ(response.header("Connection"), "close") << request.substr(0, 80);
    EXPECT_TRUE(client.closes()) << request.substr(0, 80);
  }
  HttpClient client(server.port());
  EXPECT_EQ(client.ask("GET", "/api/client/v2/status").status, 200) << "the server is well";
}

TEST(Server, ABrokenTargetIsRefusedAndTheConnectionIsKept) {
  RunningServer server(play({}));
  HttpClient client(server.port());
  EXPECT_EQ(client.ask("GET", "/%zz").status, 400);
  EXPECT_EQ(client.ask("GET", "/../events").status, 404);
  EXPECT_EQ(client.ask("GET", "/api/client/v2/status").status, 200);
}

TEST(Server, WhoIsTooSlowWithARequestIsCutOff) {
  ServerOptions options;
  options.limits.request_time_max = 50ms;
  RunningServer server(play({}), options);
  HttpClient silent(server.port());
  HttpClient half(server.port());
  half.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_TRUE(silent.closes());
  EXPECT_TRUE(half.closes());
}

TEST(Server, AConnectionWithoutARequestIsClosedAfterAWhileAndAStreamIsNot) {
  ServerOptions options;
  options.limits.idle_time_max = 50ms;
  options.limits.request_time_max = 50ms;
  options.limits.answer_time_max = 50ms;
  RunningServer server(play({{0, "a\n\n"}}), options);
  HttpClient stream(server.port());
  stream.request("GET", "/events");
  EXPECT_EQ(stream.head().status, 200);
  EXPECT_EQ(stream.chunked(3), "a\n\n");
  HttpClient idle(server.port());
  EXPECT_EQ(idle.ask("GET", "/api/client/v2/status").status, 200);
  EXPECT_TRUE(idle.closes());
  EXPECT_TRUE(stream.is_silent_for(150));
}

TEST(Server, ConnectionsPastTheLimitAreClosedAtOnce) {
  ServerOptions options;
  options.limits.connections_max = 2;
  RunningServer server(play({}), options);
  {
    HttpClient first(server.port());
    HttpClient second(server.port());
    EXPECT_EQ(first.ask("GET", "/x").status, 404);
    EXPECT_EQ(second.ask("GET", "/x").status, 404);
    HttpClient third(server.port());
    EXPECT_TRUE(third.closes());
  }
  EXPECT_TRUE(eventually([&] {
    HttpClient next(server.port());
    return next.ask("GET", "/x").status == 404;
  }));
  EXPECT_GE(server.stop().connections_refused, 1U);
}

TEST(Server, EachStreamBeginsWithTheTapeWhenTimelinesAreSeparate) {
  RunningServer server(play({{0, "a\n\n"}, {30 * ns_per_ms, "b\n\n"}}));
  for (int i = 0; i < 2; ++i) {
    HttpClient client(server.port());
    client.request("GET", "/events");
    EXPECT_EQ(client.head().status, 200);
    EXPECT_EQ(client.chunked(6), "a\n\nb\n\n");
  }
}

TEST(Server, OnASharedTimelineALateComerGetsWhatIsStillToCome) {
  RunningServer server(play({{0, "a\n\n"}, {300 * ns_per_ms, "b\n\n"}}),
                       {.sharing = Sharing::shared});
  HttpClient first(server.port());
  first.request("GET", "/events");
  EXPECT_EQ(first.head().status, 200);
  EXPECT_EQ(first.chunked(3), "a\n\n");
  HttpClient late(server.port());
  late.request("GET", "/events");
  EXPECT_EQ(late.head().status, 200);
  EXPECT_EQ(late.chunked(3), "b\n\n");
  EXPECT_EQ(first.chunked(3), "b\n\n");
  HttpClient too_late(server.port());
  too_late.request("GET", "/events");
  EXPECT_EQ(too_late.head().status, 200);
  EXPECT_TRUE(too_late.is_silent_for(20));
  EXPECT_EQ(server.stop().played.frames, 2U) << "played once for all";
}

TEST(Server, ALateComerDoesNotGetTheSecondHalfOfABlock) {
  RunningServer server(play({{0, "data: fir", 1, false},
                             {200 * ns_per_ms, "st\n\n"},
                             {200 * ns_per_ms, "data: second\n\n"},
                             {250 * ns_per_ms, "data: third\n\n"}}),
                       {.sharing = Sharing::shared});
  HttpClient first(server.port());
  first.request("GET", "/events");
  EXPECT_EQ(first.head().status, 200);
  EXPECT_EQ(first.chunked(9), "data: fir");
  HttpClient late(server.port());
  late.request("GET", "/events");
  EXPECT_EQ(late.head().status, 200);
  EXPECT_EQ(late.chunked(13), "data: third\n\n");
}

TEST(Server, ASharedTapeThatIsOverEndsTheServerWithOnce) {
  RunningServer server(play(three_frames), {.sharing = Sharing::shared, .once = true});
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked_to_end(), joined(three_frames));
  server.wait();
}

TEST(Server, AllWhoShareAStreamGetTheSameBytes) {
  std::vector<StoredFrame> frames{{0, ": start\n\n"}};
  for (int i = 0; i < 200; ++i) {
    frames.push_back(
        {(500 * test::slowdown + i / 10) * ns_per_ms, "data: " + std::string(500, 'x') + "\n\n"});
  }
  RunningServer server(play(frames), {.sharing = Sharing::shared, .once = true});
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<HttpClient>(server.port()));
    clients.back()->request("GET", "/events");
  }
  const std::string body = joined(frames);
  const std::string after_start = body.substr(frames.front().raw.size());
  for (const auto& client : clients) {
    EXPECT_EQ(client->head().status, 200);
    const auto heard = client->chunked_to_end();
    ASSERT_TRUE(heard);
    EXPECT_TRUE(*heard == body || *heard == after_start);
  }
  EXPECT_EQ(server.wait().streams_dropped, 0U);
}

/// Frames of 64 KiB each, counted as they are read.
class CountingSource final : public port::FrameSource {
 public:
  CountingSource(std::uint64_t count, std::int64_t step_ns, std::atomic<std::uint64_t>& given)
      : count_(count), step_ns_(step_ns), given_(given) {}

  Result<std::optional<port::Frame>> next() override {
    if (given_ == count_) {
      return std::optional<port::Frame>{};
    }
    const auto recv_ns = static_cast<std::int64_t>(given_++) * step_ns_;
    return std::optional<port::Frame>{port::Frame{.recv_ns = recv_ns, .raw = raw_}};
  }

  static constexpr std::size_t frame_bytes = std::size_t{64} * 1024;

 private:
  std::uint64_t count_;
  std::int64_t step_ns_;
  std::atomic<std::uint64_t>& given_;
  std::string raw_ = std::string(frame_bytes, 'x');
};

constexpr std::uint64_t frame_count = 512;
constexpr std::size_t all_bytes = frame_count * CountingSource::frame_bytes;
constexpr int small_buffer = 16 * 1024;

Programme count_frames(std::atomic<std::uint64_t>& given, std::int64_t step_ns) {
  return {.open_stream = [&given, step_ns](const JoinInfo&) -> Opened {
    return Opened(std::make_unique<CountingSource>(frame_count, step_ns, given));
  }};
}

TEST(Server, AStreamOfItsOwnWaitsForASlowClient) {
  std::atomic<std::uint64_t> given = 0;
  RunningServer server(count_frames(given, 0), {.once = true});
  HttpClient client(server.port(), small_buffer);
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  // It reads nothing: the source must come to rest well before its end.
  std::uint64_t before = 0;
  auto since = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] {
    if (before != given) {
      before = given;
      since = std::chrono::steady_clock::now();
    }
    return before != 0 && std::chrono::steady_clock::now() - since > 200ms;
  }));
  EXPECT_LT(given, frame_count / 2);
  const auto body = client.chunked_to_end();
  ASSERT_TRUE(body);
  EXPECT_EQ(body->size(), all_bytes);
  EXPECT_EQ(server.wait().streams_dropped, 0U);
}

TEST(Server, OnASharedTimelineASlowClientIsDroppedAndTheOthersHearAll) {
  std::atomic<std::uint64_t> given = 0;
  ServerOptions options{.sharing = Sharing::shared, .once = true};
  options.limits.stream_bytes_max = std::size_t{8} * 1024 * 1024;
  RunningServer server(count_frames(given, 3 * ns_per_ms * test::slowdown), options);
  HttpClient stuck(server.port(), small_buffer);
  stuck.request("GET", "/events");
  EXPECT_EQ(stuck.head().status, 200);
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  const auto body = client.chunked_to_end();
  ASSERT_TRUE(body);
  EXPECT_GT(body->size(), all_bytes / 2);
  const ServerReport report = server.wait();
  EXPECT_EQ(report.streams_dropped, 1U);
  EXPECT_EQ(server.log(), "dropped a client that does not keep up: 8.0 MiB behind the others\n");
  EXPECT_EQ(stuck.chunked_to_end(), std::nullopt) << "it can tell that something is missing";
}

TEST(Server, AtUnlimitedRateASharedStreamWaitsButNotForWhoIsStuck) {
  std::atomic<std::uint64_t> given = 0;
  ServerOptions options{.sharing = Sharing::shared};
  options.timeline.rate = Rate::unlimited();
  options.once = true;
  options.limits.stream_stall_max = 100ms * test::slowdown;
  RunningServer server(count_frames(given, 0), options);
  HttpClient stuck(server.port(), small_buffer);
  stuck.request("GET", "/events");
  EXPECT_EQ(stuck.head().status, 200);
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_TRUE(client.chunked_to_end());
  EXPECT_EQ(server.wait().streams_dropped, 1U);
  EXPECT_EQ(given, frame_count);
}

TEST(Server, ASourceThatFailsBreaksItsStreamAndIsInTheReport) {
  Programme programme;
  programme.open_stream = [](const JoinInfo&) -> Opened {
    return Opened(std::make_unique<test::BrokenSource>(std::vector<StoredFrame>{{0, "a\n\n"}}));
  };
  RunningServer server(std::move(programme));
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked_to_end(), std::nullopt);
  const ServerReport report = server.stop();
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->message, "the tape is torn");
  EXPECT_EQ(server.log(), "the tape is torn\n");
}

TEST(Server, AStreamThatCannotBeOpenedIsRefusedWithItsReason) {
  Programme programme;
  programme.open_stream = [](const JoinInfo&) -> Opened {
    return fail_io("the conference is over");
  };
  RunningServer server(std::move(programme));
  HttpClient client(server.port());
  const HttpResponse response = client.ask("GET", "/events");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, R"({"status":"failed","result":"the conference is over"})");
  EXPECT_EQ(client.ask("GET", "/api/client/v2/status").status, 200);
}

TEST(Server, ALiveProgrammeKnowsWhoComesWhenAndGoes) {
  std::mutex mutex;
  std::vector<std::string> events;
  std::int64_t joined_ns = -1;
  const auto note = [&](const std::string& what, const JoinInfo& who) {
    const std::lock_guard lock(mutex);
    EXPECT_GE(who.now_ns, joined_ns);
    joined_ns = who.now_ns;
    events.push_back(what + ' ' + who.participant_uuid.substr(35) + ' ' + who.display_name);
  };
  Programme programme;
  programme.join = [&](const JoinInfo& who) -> Result<Entrance> {
    note("join", who);
    return who.display_name == "Mallory" ? Result<Entrance>{fail_usage("the room is locked")}
                                         : Entrance::conference;
  };
  programme.open_stream = [&](const JoinInfo& who) -> Opened {
    note("open", who);
    return memory_source({{0, "roster\n\n"}, {who.now_ns, "now\n\n"}});
  };
  programme.leave = [&](const JoinInfo& who) { note("leave", who); };
  RunningServer server(
      std::move(programme),
      {.sharing = Sharing::live, .participant_uuid = [](std::uint64_t nth, std::string_view) {
         return std::string(35, '0') + std::to_string(nth);
       }});
  HttpClient rest(server.port());
  const std::string token = join(rest, "Ann");
  HttpClient stream(server.port());
  stream.request("GET", api + ("events?token=" + token));
  EXPECT_EQ(stream.head().status, 200);
  EXPECT_EQ(stream.chunked(13), "roster\n\nnow\n\n");
  EXPECT_EQ(
      rest.ask("POST", api + std::string("request_token"), "", R"({"display_name":"Mallory"})")
          .status,
      403);
  rest.request("POST", api + std::string("release_token"), "token: " + token + "\r\n");
  EXPECT_EQ(rest.response().status, 200);
  EXPECT_EQ(stream.chunked_to_end(), "");
  server.stop();
  EXPECT_EQ(events, (std::vector<std::string>{"join 1 Ann", "open 1 Ann", "join 2 Mallory",
                                              "leave 1 Ann"}));
}

TEST(Server, AThousandClientsThatBreakOffLeaveNothingBehind) {
  RunningServer server(play({{0, "a\n\n"}, {3600 * ns_per_s, "b\n\n"}}));
  {
    HttpClient warm_up(server.port());
    EXPECT_EQ(warm_up.ask("GET", "/x").status, 404);
  }
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    HttpClient client(server.port());
    switch (i % 4) {
      case 0:
        break;
      case 1:
        client.send("GET /ev");
        break;
      case 2:
        client.request("GET", "/events");
        break;
      default:
        client.request("GET", "/events");
        EXPECT_EQ(client.head().status, 200);
        break;
    }
    client.reset();
  }
  EXPECT_TRUE(eventually([&] { return open_descriptors() <= before; }));
  HttpClient client(server.port());
  EXPECT_EQ(client.ask("GET", "/x").status, 404);
}

TEST(Server, StoppingWaitsForNobodyForLong) {
  std::atomic<std::uint64_t> given = 0;
  ServerOptions options;
  options.limits.stop_time_max = 100ms;
  RunningServer server(count_frames(given, 0), options);
  HttpClient stuck(server.port(), small_buffer);
  stuck.request("GET", "/events");
  EXPECT_EQ(stuck.head().status, 200);
  HttpClient idle(server.port());
  EXPECT_EQ(idle.ask("GET", "/x").status, 404);
  const auto start = std::chrono::steady_clock::now();
  server.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s * test::slowdown);
  EXPECT_TRUE(idle.closes());
}

TEST(Server, ABusyPortIsOneSentence) {
  auto first = Server::listen({.address = {"127.0.0.1", 0}}, play({}));
  ASSERT_TRUE(first);
  const std::string& url = (*first)->url();
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  const auto second = Server::listen({.address = {"127.0.0.1", port}}, play({}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::input_output);
  EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1:" + std::to_string(port) +
                                        ": the port is in use; port 0 picks a free one");
}

TEST(Server, ListensOnIPv6Too) {
  const auto server = Server::listen({.address = {"::1", 0}}, play({}));
  ASSERT_TRUE(server);
  EXPECT_TRUE((*server)->url().starts_with("http://[::1]:"));
}

TEST(Server, OtherMachinesGetInOnlyWhenAllowed) {
  const auto refused = Server::listen({.address = {"0.0.0.0", 0}}, play({}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_TRUE(Server::listen({.address = {"0.0.0.0", 0}, .allow_remote = true}, play({})));
}

TEST(Server, AHostThatIsNoneIsAnError) {
  const auto server = Server::listen({.address = {"no such host", 0}}, play({}));
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind, ErrorKind::input_output);
}

}  // namespace
}  // namespace tapedeck::replayer
