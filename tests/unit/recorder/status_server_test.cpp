#include "recorder/status_server.hpp"

#include <chrono>
#include <future>
#include <list>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/ticker.hpp"
#include "tests/unit/recorder/client.hpp"

namespace tapedeck::recorder {
namespace {

std::optional<StatusPage> only_page(std::string_view path) {
  return path == "/page" ? std::optional(StatusPage{200, "text/plain", "all is well\n"})
                         : std::nullopt;
}

class Status : public testing::Test {
 protected:
  /// Serves while `client` does its part in a thread of its own.
  template <class Part>
  auto served(Part client) {
    auto part = std::async(std::launch::async, std::move(client));
    while (part.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      loop_.wait_until(loop_.now_ns() + 5 * ns_per_ms);
    }
    return part.get();
  }
  std::string ask(const std::string& request) {
    return served([&] {
      const Client client(port_);
      client.send(request);
      return client.read_all();
    });
  }
  std::string status_of(const std::string& request) { return ask(request).substr(9, 3); }

  EventLoop loop_;
  std::unique_ptr<StatusServer> server_ = *StatusServer::listen(loop_, {}, only_page);
  const std::uint16_t port_ =
      static_cast<std::uint16_t>(std::stoi(server_->url().substr(server_->url().rfind(':') + 1)));
};

TEST_F(Status, APageIsAnsweredAndTheConnectionClosed) {
  EXPECT_EQ(ask("GET /page?x=1 HTTP/1.1\r\nHost: localhost:9464\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\nall is well\n");
}

TEST_F(Status, HeadIsTheSameWithoutTheBody) {
  const std::string answer = ask("HEAD /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 12\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(Status, OtherPathsAndMethodsAreRefused) {
  EXPECT_EQ(status_of("GET /page/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), "404");
  EXPECT_EQ(status_of("GET * HTTP/1.1\r\nHost: localhost\r\n\r\n"), "404");
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "404");
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "BREW"}) {
    const std::string answer =
        ask(method + " /page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(answer.substr(9, 3), "405") << method;
    EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos) << method;
  }
}

TEST_F(Status, OnTheLoopbackTheHostIsThisMachine) {
  for (const std::string host :
       {"localhost", "LOCALHOST:1", "127.0.0.1:9464", "127.1.2.3", "[::1]", "[::1]:9464"}) {
    EXPECT_EQ(status_of("GET /page HTTP/1.1\r\nHost: " + host + "\r\n\r\n"), "200") << host;
  }
  for (const std::string host : {"evil.example", "localhost.evil.example:80", "10.0.0.1", "",
                                 "[::2]", "[", "127.0.0.1.evil.example"}) {
    EXPECT_EQ(status_of("GET /page HTTP/1.1\r\nHost: " + host + "\r\n\r\n"), "421") << host;
  }
  EXPECT_EQ(status_of("GET /page HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status_of("GET /page HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"), "400");
  EXPECT_EQ(status_of("GET /page HTTP/1.0\r\n\r\n"), "200");
}

TEST_F(Status, WhatIsNoRequestIsRefused) {
  EXPECT_EQ(status_of("hello\r\n\r\n"), "400");
  EXPECT_EQ(status_of("GET /page HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(9000, 'x') +
                      "\r\n\r\n"),
            "431");
}

TEST_F(Status, ManyThatSayNothingDoNotKeepOthersOutForLong) {
  const std::string answer = served([this] {
    std::list<Client> silent;
    for (int i = 0; i < 20; ++i) {
      silent.emplace_back(port_);
    }
    const Client client(port_);
    client.send("GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.read_all();
  });
  EXPECT_TRUE(answer.ends_with("all is well\n")) << answer;
}

TEST_F(Status, AConnectionOutlivesItsServerWithoutHarm) {
  const Client client(port_);
  client.send("GET /page HTTP/1.1\r\n");
  loop_.wait_until(loop_.now_ns() + 20 * ns_per_ms);
  server_.reset();
  client.send("Host: localhost\r\n\r\n");
  loop_.wait_until(loop_.now_ns() + 20 * ns_per_ms);
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(Status, OtherMachinesAreLetInOnlyOnDemand) {
  const auto refused = StatusServer::listen(loop_, {.host = "0.0.0.0"}, only_page);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_NE(refused.error().message.find("--allow-remote"), std::string::npos);
  EXPECT_TRUE(StatusServer::listen(loop_, {.host = "0.0.0.0", .allow_remote = true}, only_page));
  const auto taken = StatusServer::listen(loop_, {.port = port_}, only_page);
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().message.find("the port is in use"), std::string::npos);
}

TEST(Ticks, ComeWhileTheLoopRunsAndEndWithTheirTicker) {
  EventLoop loop;
  int ticks = 0;
  {
    const Ticker ticker(loop, 2 * ns_per_ms, [&] { ++ticks; });
    while (ticks < 3) {
      loop.run_one_until(loop.now_ns() + ns_per_s);
    }
  }
  loop.wait_until(loop.now_ns() + 10 * ns_per_ms);
  EXPECT_EQ(ticks, 3);
}

}  // namespace
}  // namespace tapedeck::recorder
