#include "recorder/http_source.hpp"

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/session.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/unit/recorder/http_recording.hpp"

namespace tapedeck::recorder {
namespace {

using port::ConnectionEnd;
using test::chunk;
using test::ScriptedConnection;
using test::ScriptedServer;
using test::stream_head;
using Ending = Summary::Ending;
using namespace std::string_literals;

std::string no_more() {
  return "HTTP/1.1 204 No Content\r\n\r\n";
}

std::string redirect_to(const std::string& location, int status = 302) {
  return "HTTP/1.1 " + std::to_string(status) + " Go\r\nLocation: " + location +
         "\r\nContent-Length: 0\r\n\r\n";
}

using HttpSourceTest = HttpRecording;

// Everything a body can hold: lone CRs and LFs, a mark, comments, bytes that are no UTF-8, a torn
// end.
const std::string awkward_body =
    "\xef\xbb\xbf: hi\n\r\ndata: 1\r\n\r\nid: 2\rdata: \xff\xfe\r\r\n\n"
    "data: 3\n\n\n\ndata: to\0rn"s;

TEST_F(HttpSourceTest, ABodyUntilCloseArrivesByteForByte) {
  ScriptedServer server({says(stream_head() + awkward_body)});
  EXPECT_EQ(body_of(server.url()), awkward_body);
  EXPECT_EQ(end().end, ConnectionEnd::finished);
}

TEST_F(HttpSourceTest, AServerThatWritesOneByteAtATimeMakesNoDifference) {
  ScriptedServer server({[](ScriptedConnection& connection) {
    connection.send_bytewise(stream_head("Transfer-Encoding: chunked\r\n") + chunk(awkward_body) +
                             "0\r\n\r\n");
  }});
  EXPECT_EQ(body_of(server.url()), awkward_body);
  EXPECT_EQ(end().end, ConnectionEnd::finished);
}

TEST_F(HttpSourceTest, ChunksOfAnySizeWithExtensionsAndTrailers) {
  std::string body = stream_head("Transfer-Encoding: chunked\r\n");
  for (const char c : awkward_body) {
    body += chunk(std::string(1, c), ";a=b;c=\"d;e\"");
  }
  ScriptedServer server({says(body + "0;last\r\nX-Trailer: x\r\nX-Other: y\r\n\r\n")});
  EXPECT_EQ(body_of(server.url()), awkward_body);
  EXPECT_EQ(end().end, ConnectionEnd::finished);
}

TEST_F(HttpSourceTest, ABodyEndsWhereItsLengthSays) {
  ScriptedServer server({says(stream_head("Content-Length: 9\r\n") + "data: 1\n\nmore")});
  EXPECT_EQ(body_of(server.url()), "data: 1\n\n");
  EXPECT_EQ(end().end, ConnectionEnd::finished);
}

TEST_F(HttpSourceTest, ABodyShorterThanItsLengthIsABrokenConnection) {
  ScriptedServer server(
      {says(stream_head("Content-Length: 9000000000000000000\r\n") + "data: 1\n\n")});
  EXPECT_EQ(body_of(server.url()), "data: 1\n\n");
  EXPECT_EQ(end().end, ConnectionEnd::broken);
}

TEST_F(HttpSourceTest, ACutChunkIsABrokenConnectionAndItsBytesAreKept) {
  ScriptedServer server(
      {says(stream_head("Transfer-Encoding: chunked\r\n") + "20\r\ndata: 1\n\ndata: to")});
  EXPECT_EQ(body_of(server.url()), "data: 1\n\ndata: to");
  EXPECT_EQ(end().end, ConnectionEnd::broken);
  EXPECT_FALSE(test::frames_of(*tape_).back().complete);
}

TEST_F(HttpSourceTest, ALastChunkThatNeverCameIsABrokenConnection) {
  ScriptedServer server({says(stream_head("Transfer-Encoding: chunked\r\n") + chunk(":\n\n"))});
  EXPECT_EQ(body_of(server.url()), ":\n\n");
  EXPECT_EQ(end().end, ConnectionEnd::broken);
}

TEST_F(HttpSourceTest, AResetIsABrokenConnection) {
  ScriptedServer server({[](ScriptedConnection& connection) {
    connection.send(stream_head() + "data: 1\n\n");
    connection.reset();
  }});
  const auto summary = record(server.url());
  if (summary) {  // the reset may overtake the answer
    EXPECT_EQ(end().end, ConnectionEnd::broken);
  } else {
    EXPECT_NE(summary.error().message.find("broke"), std::string::npos);
  }
}

TEST_F(HttpSourceTest, ChunksThatAreNoneBreakTheConnection) {
  for (const char* rest : {"zz\r\n", "5\nabcde", "1ffffffffffffffff\r\n", "1\r\nab\r\n"}) {
    ScriptedServer server(
        {says(stream_head("Transfer-Encoding: chunked\r\n") + chunk(":\n\n") + rest)});
    EXPECT_EQ(body_of(server.url()).substr(0, 3), ":\n\n");
    EXPECT_EQ(end().end, ConnectionEnd::broken) << rest;
  }
}

TEST_F(HttpSourceTest, AChunkHeaderWithoutEndBreaksTheConnection) {
  ScriptedServer server(
      {says(stream_head("Transfer-Encoding: chunked\r\n") + "5;" + std::string(1'000'000, 'x'))});
  EXPECT_EQ(body_of(server.url()), "");
  EXPECT_EQ(end().end, ConnectionEnd::broken);
}

TEST_F(HttpSourceTest, ALargeBodyIsWhole) {
  std::string body;
  for (int i = 0; i < 20'000; ++i) {
    body += "id: " + std::to_string(i) + "\ndata: " + std::string(200, 'x') + "\n\n";
  }
  std::string sent = stream_head("Transfer-Encoding: chunked\r\n");
  for (std::size_t at = 0; at < body.size(); at += 10'000) {
    sent += chunk(body.substr(at, 10'000));
  }
  ScriptedServer server({says(sent + "0\r\n\r\n")});
  EXPECT_EQ(body_of(server.url()), body);
  EXPECT_EQ(tape_->summary().frame_count, 20'000U);
}

TEST_F(HttpSourceTest, TheConnectionIsOnTheTapeWithUrlStatusAndHeadersButNoSecret) {
  ScriptedServer server({says(stream_head("X-Node: 7\r\nSet-Cookie: id=hidden\r\n"
                                          "X-Echo: hidden-token\r\n") +
                              ":\n\n")});
  const std::string url = "http://user:hidden@127.0.0.1:" + std::to_string(server.port()) +
                          "/events?a=1&token=hidden-token";
  EXPECT_EQ(body_of(url), ":\n\n");
  EXPECT_EQ(
      connection().start.source,
      "http://USERINFO-1@127.0.0.1:" + std::to_string(server.port()) + "/events?a=1&token=TOKEN-1");
  EXPECT_EQ(connection().start.http_status, 200);
  EXPECT_EQ(connection().start.headers,
            "Content-Type: text/event-stream\nX-Node: 7\nSet-Cookie: SET-COOKIE-1\n"
            "X-Echo: TOKEN-1");
  EXPECT_EQ(server.requests().at(0).find("GET /events?a=1&token=hidden-token HTTP/1.1\r\n"), 0U);
}

TEST_F(HttpSourceTest, InterimResponsesAreSkipped) {
  ScriptedServer server(
      {says("HTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
            "Link: </x>\r\n\r\n" +
            stream_head() + ":\n\n")});
  EXPECT_EQ(body_of(server.url()), ":\n\n");
}

TEST_F(HttpSourceTest, InterimResponsesWithoutEndAreRefused) {
  ScriptedServer server({[](ScriptedConnection& connection) {
    for (int i = 0; i < 1000; ++i) {
      connection.send("HTTP/1.1 102 Processing\r\n\r\n");
    }
  }});
  EXPECT_NE(error_of(server.url()).find("interim"), std::string::npos);
}

TEST_F(HttpSourceTest, AnOldServerIsUnderstood) {
  ScriptedServer server({says("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\n\n")});
  EXPECT_EQ(body_of(server.url()), ":\n\n");
}

TEST_F(HttpSourceTest, WhatIsNoStreamIsRefusedInOneSentence) {
  const std::string html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>";
  const std::vector<std::pair<std::string, std::string>> cases{
      {html, "it answered with 'text/html' instead of text/event-stream"},
      {"HTTP/1.1 200 OK\r\n\r\n", "no Content-Type"},
      {"HTTP/1.1 403 Forbidden\r\n\r\n", "status 403: the token"},
      {"HTTP/1.1 404 Not Found\r\n\r\n", "status 404"},
      {"HTTP/1.1 503 No\r\nRetry-After: 1\r\n\r\n", "status 503"},
      {no_more(), "status 204"},
      {"HTTP/1.1 302 Go\r\n\r\n", "does not say where to"},
      {"HTTP/1.1 101 Up\r\nUpgrade: websocket\r\n\r\n", "status 101"},
      {stream_head("Content-Encoding: gzip\r\n") + "\x1f\x8b", "encodes the stream as 'gzip'"},
      {stream_head("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", "Transfer-Encoding"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "its answer is not HTTP/1"},
      {"HTTP/2 200\r\n\r\n", "its answer is not HTTP/1"},
      {"", "closed the connection before it had answered"},
      {"HTTP/1.1 200 OK\r\nContent-Ty", "closed the connection before it had answered"},
  };
  for (const auto& [answer, reason] : cases) {
    ScriptedServer server({says(answer)});
    const std::string error = error_of(server.url("/events?token=hidden"));
    EXPECT_NE(error.find(reason), std::string::npos) << error;
    EXPECT_EQ(error.find("cannot record from http://127.0.0.1:"), 0U) << error;
    EXPECT_EQ(error.find("hidden"), std::string::npos) << error;
    EXPECT_FALSE(schema::TapeReader::open(folder_.path())) << "no tape is left behind";
  }
}

TEST_F(HttpSourceTest, HeadersWithoutEndAreRefused) {
  // In one flood, and line by line: each line is taken in before the next one comes.
  ScriptedServer flood({[](ScriptedConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nX: " + std::string(1'000'000, 'x'));
  }});
  EXPECT_NE(error_of(flood.url()).find("larger than"), std::string::npos);
  ScriptedServer drip({[](ScriptedConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 100'000; ++i) {
      connection.send("X-" + std::to_string(i) + ": y\r\n");
    }
  }});
  EXPECT_NE(error_of(drip.url()).find("larger than"), std::string::npos);
}

TEST_F(HttpSourceTest, APortWhereNobodyListensIsRefused) {
  std::string url;
  {
    ScriptedServer server({says(no_more())});
    url = server.url();
    EXPECT_NE(error_of(url).find("204"), std::string::npos);
  }
  EXPECT_NE(error_of(url).find("Connection refused"), std::string::npos);
}

TEST_F(HttpSourceTest, AHostThatDoesNotExistIsRefused) {
  EXPECT_NE(error_of("http://tapedeck.invalid/").find("'tapedeck.invalid' cannot be resolved"),
            std::string::npos);
}

TEST_F(HttpSourceTest, RedirectsAreFollowed) {
  for (const int status : {301, 302, 303, 307, 308}) {
    ScriptedServer server(
        {says(redirect_to("/there?token=hidden", status)), says(stream_head() + ":\n\n")});
    EXPECT_EQ(body_of(server.url("/here")), ":\n\n") << status;
    EXPECT_EQ(server.requests().at(1).find("GET /there?token=hidden "), 0U);
    EXPECT_NE(connection().start.source.find("/there?token=TOKEN-1"), std::string::npos);
  }
}

TEST_F(HttpSourceTest, RedirectsInACircleAreGivenUp) {
  std::vector<ScriptedServer::Script> scripts(limits::redirects_max + 1, says(redirect_to("/x")));
  ScriptedServer server(std::move(scripts));
  EXPECT_NE(error_of(server.url()).find("redirects more than 20 times"), std::string::npos);
  EXPECT_EQ(server.requests().size(), 21U);
}

TEST_F(HttpSourceTest, ARedirectToNowhereIsRefusedAndNamesNoSecret) {
  for (const char* location : {"ftp://h/?token=hidden", "http://", "mailto:hidden"}) {
    ScriptedServer server({says(redirect_to(location))});
    const std::string error = error_of(server.url());
    EXPECT_NE(error.find("redirects to"), std::string::npos) << error;
    EXPECT_EQ(error.find("hidden"), std::string::npos) << error;
  }
}

TEST_F(HttpSourceTest, ARefusalAfterARedirectSaysWhereItWas) {
  ScriptedServer server(
      {says(redirect_to("/there?token=hidden")), says("HTTP/1.1 404 Not Found\r\n\r\n")});
  const std::string error = error_of(server.url());
  EXPECT_NE(error.find("after a redirect to " + server.url("/there?token=TOKEN-1")),
            std::string::npos)
      << error;
}

TEST_F(HttpSourceTest, CredentialsAndOwnHeadersStayWithTheOriginTheyAreFor) {
  std::string back;  // where the other server sends the client again
  ScriptedServer other(
      {[&](ScriptedConnection& connection) { connection.send(redirect_to(back)); }});
  ScriptedServer server({says(redirect_to("/near")), says(redirect_to(other.url("/far"))),
                         says(stream_head() + ":\n\n")});
  back = server.url("/back");
  const std::string url = "http://u:p@127.0.0.1:" + std::to_string(server.port()) + "/events";
  ASSERT_TRUE(record(url, {.reconnects = {.attempts_max = 0}}, {{"token", "hidden"}}));
  const auto carries_secrets = [](const std::string& request) {
    const bool token = request.find("\r\ntoken: hidden\r\n") != std::string::npos;
    const bool userinfo = request.find("\r\nAuthorization: Basic dTpw\r\n") != std::string::npos;
    EXPECT_EQ(token, userinfo) << request;
    return token;
  };
  EXPECT_TRUE(carries_secrets(server.requests().at(0)));
  EXPECT_TRUE(carries_secrets(server.requests().at(1))) << "the same origin";
  EXPECT_FALSE(carries_secrets(other.requests().at(0)));
  EXPECT_FALSE(carries_secrets(server.requests().at(2))) << "what was taken off stays off";
}

TEST_F(HttpSourceTest, ALostStreamIsAskedForAgainWithItsLastEventId) {
  ScriptedServer server({says(stream_head() + "retry: 1\nid: a/b=\ndata: 1\n\nid: c\ndata: to"),
                         says("HTTP/1.1 503 No\r\n\r\n"), says(stream_head() + "data: 2\n\n"),
                         says(no_more())});
  const auto summary = record(server.url(), {});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::refused);
  EXPECT_NE(summary->detail.find("204"), std::string::npos);
  EXPECT_EQ(test::body_of(*tape_), "retry: 1\nid: a/b=\ndata: 1\n\nid: c\ndata: todata: 2\n\n");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(requests[0].find("Last-Event-ID"), std::string::npos);
  for (const std::size_t again : {1U, 2U, 3U}) {
    EXPECT_NE(requests[again].find("\r\nLast-Event-ID: a/b=\r\n"), std::string::npos);
  }
  EXPECT_EQ(connection().start.last_event_id, "a/b=");
  EXPECT_EQ(tape_->gaps()->size(), 2U);
  EXPECT_NE(tape_->gaps()->at(0).reason.find("503"), std::string::npos);
}

TEST_F(HttpSourceTest, APermanentRedirectIsRememberedATemporaryOneIsNot) {
  ScriptedServer server({says(redirect_to("/moved", 308)), says(redirect_to("/for-now", 307)),
                         says(stream_head() + ":\n\n"), says(no_more())});
  ASSERT_TRUE(record(server.url("/old"), {}));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(requests[3].find("GET /moved "), 0U);
}

TEST_F(HttpSourceTest, ForEndsInTimeAgainstASilentServer) {
  ScriptedServer server({[](ScriptedConnection& connection) {
    connection.send(stream_head() + "data: to");
    connection.wait_for_client();
  }});
  const std::int64_t start_ns = loop_.now_ns();
  const auto summary = record(server.url(), {.duration_ns = 100 * ns_per_ms});
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->ending, Ending::time_up);
  EXPECT_LT(loop_.now_ns() - start_ns, 5 * ns_per_s);
  EXPECT_EQ(test::body_of(*tape_), "data: to");
  EXPECT_EQ(end().end, ConnectionEnd::stopped);
}

TEST_F(HttpSourceTest, ASignalEndsARecording) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    EventLoop loop;
    ScriptedServer server({[&](ScriptedConnection& connection) {
      connection.send(stream_head() + "data: 1\n\n");
      ::kill(::getpid(), signal);
      connection.wait_for_client();
    }});
    ASSERT_TRUE(loop.catch_signals());
    HttpSource source(loop, redactor_, {*parse_url(server.url()), {}, [] { return 0; }, network_});
    source.open("");
    while (!loop.stop_requested()) {
      static_cast<void>(source.next(loop.now_ns() + ns_per_s));
    }
    EXPECT_EQ(loop.stop_signal(), signal);
  }
}

TEST_F(HttpSourceTest, ASignalEndsTheWaitForAServerThatNeverAnswers) {
  ScriptedServer server({[](ScriptedConnection& connection) {
    ::kill(::getpid(), SIGINT);
    connection.wait_for_client();
  }});
  ASSERT_TRUE(loop_.catch_signals());
  const auto summary = record(server.url());
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->ending, Ending::stopped);
  EXPECT_EQ(summary->totals.connections, 0U);
}

}  // namespace
}  // namespace tapedeck::recorder
