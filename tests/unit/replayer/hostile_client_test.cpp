// Clients that mean no good, over real sockets: each gets one answer or none, costs little, and
// nobody else notices. docs/RELIABILITY.md lists these and those of server_test.cpp.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/replayer/http_client.hpp"
#include "tests/unit/replayer/running_server.hpp"

namespace tapedeck::replayer {
namespace {

using namespace std::chrono_literals;
using test::HttpClient;
using test::play;
using test::RunningServer;

void expect_well(RunningServer& server) {
  HttpClient client(server.port());
  EXPECT_EQ(client.ask("GET", "/api/client/v2/status").status, 200);
}

TEST(HostileClient, AThousandIdleConnectionsKeepNobodyOutAndAreClosed) {
  ServerOptions options;
  options.limits.request_time_max = 500ms;
  RunningServer server(play({{0, "a\n\n"}}), options);
  std::vector<std::unique_ptr<HttpClient>> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(std::make_unique<HttpClient>(server.port()));
  }
  HttpClient stream(server.port());
  stream.request("GET", "/events");
  EXPECT_EQ(stream.head().status, 200);
  EXPECT_EQ(stream.chunked(3), "a\n\n");
  for (const auto& client : idle) {
    EXPECT_TRUE(client->closes());
  }
  expect_well(server);
}

TEST(HostileClient, AByteNowAndThenIsNoRequest) {
  ServerOptions options;
  options.limits.request_time_max = 100ms;
  RunningServer server(play({}), options);
  HttpClient slow(server.port());
  slow.send("GET /events HTTP/1.1\r\n");
  // Each byte comes in time for a limit on silence; only one on the whole request ends it.
  int sent = 0;
  while (slow.is_silent_for(10) && ++sent < 1000) {
    slow.send("x");
  }
  EXPECT_LT(sent, 1000);
  EXPECT_TRUE(slow.closes());
  expect_well(server);
}

TEST(HostileClient, ASmuggledRequestIsNeverAnswered) {
  RunningServer server(play({}));
  const std::string smuggled = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string post = "POST /x HTTP/1.1\r\nHost: x\r\n";
  for (const std::string& head :
       {post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        post + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
        post + "Content-Length: +0\r\n\r\n", post + "Content-Length: 0x0\r\n\r\n",
        post + "Content-Length : 0\r\n\r\n", post + "Transfer-Encoding: xchunked\r\n\r\n",
        post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n"}) {
    HttpClient client(server.port());
    client.send(head + smuggled);
    const std::string answers = client.to_end();
    EXPECT_EQ(answers.find("text/event-stream"), std::string::npos) << head;
    EXPECT_EQ(answers.find("HTTP/1.", 1), std::string::npos) << head << answers;
  }
  expect_well(server);
}

TEST(HostileClient, PathsLeadNowhereElse) {
  RunningServer server(play({}));
  for (const char* target :
       {"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd",
        "/events/../../etc/passwd", "//etc/passwd", "/events%00.html", "/./events", "\\events",
        "/api/client/v2/conferences/../../../../etc/passwd/x",
        "/api/client/v2/conferences/%2e%2e/status/..", "/api/client/v2/conferences//",
        "file:///etc/passwd", "http://", "*"}) {
    HttpClient client(server.port());
    const test::HttpResponse answer = client.ask("GET", target);
    EXPECT_TRUE(answer.status == 400 || answer.status == 403 || answer.status == 404)
        << target << ' ' << answer.status;
    EXPECT_EQ(answer.body.find("root:"), std::string::npos) << target;
  }
  expect_well(server);
}

TEST(HostileClient, WhoNamesTwoHostsOrOriginsIsRefused) {
  RunningServer server(play({}));
  for (const char* head :
       {"GET /events HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET /events HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET http://y/events HTTP/1.1\r\nHost: x\r\n\r\n", "GET http://y/events HTTP/1.0\r\n\r\n",
        "GET http://x@y/events HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /events HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nOrigin: http://y\r\n\r\n"}) {
    HttpClient client(server.port());
    client.send(head);
    EXPECT_EQ(client.response().status, 400) << head;
    EXPECT_TRUE(client.closes()) << head;
  }
  HttpClient client(server.port());
  client.send("GET http://X:80/api/client/v2/status HTTP/1.1\r\nHost: x:80\r\n\r\n");
  EXPECT_EQ(client.response().status, 200) << "both are the same";
}

TEST(HostileClient, ManySmallHeadersAreTooLargeTogether) {
  RunningServer server(play({}));
  std::string request = "GET /events HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 10'000; ++i) {
    request += "X-" + std::to_string(i) + ": y\r\n";
  }
  HttpClient client(server.port());
  client.send(request + "\r\n");
  EXPECT_EQ(client.response().status, 431);
  EXPECT_TRUE(client.closes());
  expect_well(server);
}

}  // namespace
}  // namespace tapedeck::replayer
