#include "recorder/proxy_server.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>

#include <gtest/gtest.h>

#include "recorder/event_loop.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/unit/recorder/client.hpp"

namespace tapedeck::recorder {
namespace {

using test::ScriptedConnection;
using test::ScriptedServer;

constexpr std::string_view conference = "/api/client/v2/conferences/meet%20alice/";

std::string json_answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string granted(const std::string& token, const std::string& uuid = "uuid-1") {
  return json_answer(R"({"status":"success","result":{"token":")" + token +
                     R"(","expires":"120","participant_uuid":")" + uuid +
                     R"(","role":"HOST","version":{}}})");
}

std::string post(const std::string& endpoint, const std::string& fields = "",
                 const std::string& body = "") {
  return "POST " + std::string(conference) + endpoint + " HTTP/1.1\r\nHost: here\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string get_events(const std::string& token) {
  return "GET " + std::string(conference) + "events?token=" + token +
         " HTTP/1.1\r\nHost: here\r\n\r\n";
}

/// Says `answers` to one request each and ends the connection when the client has.
ScriptedServer::Script answers(std::vector<std::string> all) {
  return [all = std::move(all)](ScriptedConnection& connection) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0) {
        connection.read_request();
      }
      connection.send(all[i]);
    }
    connection.wait_for_client();
  };
}

class Proxy : public testing::Test {
 protected:
  void listen(const std::string& node) {
    auto server = ProxyServer::listen(
        loop_, {.node = *parse_url(node), .network = {*TlsContext::make({}), {}}, .port = 0},
        {.clock = loop_,
         .wall_now_ns = [] { return 0; },
         .open_tape = [this](const ProxyJoin& join) -> Result<ProxyTape> {
           joins_.push_back(join);
           if (joins_.size() > tapes_max_) {
             return ProxyTape{};
           }
           auto tape = schema::TapeWriter::open(tape_path(joins_.size()), {});
           if (!tape) {
             return fail(tape.error());
           }
           return ProxyTape{.sink = *std::move(tape), .why_stop = [this] { return why_stop_; }};
         },
         .log = [this](const std::string& sentence) { log_ += sentence + "\n"; },
         .on_tape = on_tape_,
         .scrub = scrub_});
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
    const std::string& url = server_->url();
    port_ = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }

  /// Serves while `client` does its part in a thread of its own.
  template <class Function>
  auto serve(Function client) {
    auto part = std::async(std::launch::async, std::move(client));
    while (part.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      server_->serve(loop_.now_ns() + 1'000'000);
    }
    return part.get();
  }

  /// What a client that sends `request` gets until the end.
  std::string ask(const std::string& request) {
    return serve([this, request] {
      Client client(port_);
      client.send(request);
      return client.read_all();
    });
  }

  [[nodiscard]] std::string tape_path(std::size_t number) const {
    return folder_.path(std::to_string(number) + ".tape");
  }
  [[nodiscard]] std::unique_ptr<schema::TapeReader> tape(std::size_t number = 1) const {
    return *schema::TapeReader::open(tape_path(number));
  }
  /// Everything that was written, side files too.
  [[nodiscard]] std::string all_bytes() const {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path(""))) {
      all += test::read_file(entry.path());
    }
    return all;
  }

  test::TemporaryFolder folder_;
  EventLoop loop_;
  std::vector<ProxyJoin> joins_;
  std::size_t tapes_max_ = 10;
  std::string why_stop_;
  OnTape on_tape_ = OnTape::placeholders;
  bool scrub_ = false;
  std::string log_;
  std::unique_ptr<ProxyServer> server_;
  std::uint16_t port_ = 0;
};

TEST_F(Proxy, AStreamPassesAsItCameAndItsBodyIsOnTheTape) {
  const std::string chunks = test::chunk("\xef\xbb\xbf: hi\r\n\r\ndata: a", ";x=y") +
                             test::chunk("\n\ndata: torn") + "0\r\n\r\n";
  const std::string head = test::stream_head("Transfer-Encoding: chunked\r\n");
  ScriptedServer node({[&](ScriptedConnection& connection) {
    connection.send(granted("s3cr3t-1"));
    connection.read_request();
    connection.send_bytewise(head + chunks);
    connection.let_go();
  }});
  listen(node.url(""));
  const std::string stream = serve([this] {
    const Client client(port_);
    client.send(post("request_token", "", R"({"display_name":"Me"})"));
    EXPECT_TRUE(client.read_to("{}}}").ends_with("{}}}"));
    client.send(get_events("s3cr3t-1"));
    return client.read_to("0\r\n\r\n");
  });
  server_->finish();
  EXPECT_EQ(stream.substr(stream.find("\r\n\r\n") + 4), chunks);
  EXPECT_EQ(test::body_of(*tape()), "\xef\xbb\xbf: hi\r\n\r\ndata: a\n\ndata: torn");
  ASSERT_EQ(joins_.size(), 1U);
  EXPECT_EQ(joins_[0].alias, "meet alice");
  EXPECT_EQ(joins_[0].participant_uuid, "uuid-1");
  const auto connections = *tape()->connections();
  ASSERT_EQ(connections.size(), 1U);
  EXPECT_EQ(connections[0].start.source, node.url(conference) + "events?token=TOKEN-1");
  EXPECT_EQ(connections[0].end->end, port::ConnectionEnd::finished);
  EXPECT_TRUE(tape()->summary().closed);
  EXPECT_EQ(server_->totals().recorded.frames, 3U);
}

TEST_F(Proxy, AttemptsToJoinAreJournalledAndNoSecretIsWrittenAnywhere) {
  ScriptedServer node({answers(
      {json_answer(R"({"status":"failed","result":"Invalid PIN"})", "403 Forbidden"),
       granted("s3cr3t-1"),
       json_answer(R"({"status":"success","result":{"token":"s3cr3t-2","expires":"120"}})"),
       json_answer(R"({"status":"success","result":true})")})});
  listen(node.url(""));
  serve([this] {
    const Client client(port_);
    client.send(post("request_token", "pin: 47114711\r\n", R"({"display_name":"Me"})"));
    (void)client.read_to("PIN\"}");
    client.send(post("request_token", "pin: none\r\n", R"({"sso_token":"s3cr3t-sso","x":"none"})"));
    (void)client.read_to("{}}}");
    client.send(post("refresh_token", "token: s3cr3t-1\r\n"));
    (void)client.read_to("}}");
    client.send(
        post("release_token", "token: s3cr3t-2\r\nCookie: s3cr3t-c\r\n", R"({"reason":"x"})"));
    (void)client.read_to("true}");
    return 0;
  });
  const std::string before_the_end = all_bytes();
  server_->finish();
  const std::string bytes = before_the_end + all_bytes() + log_;
  EXPECT_EQ(bytes.find("s3cr3t"), std::string::npos);
  EXPECT_EQ(bytes.find("47114711"), std::string::npos);
  const auto exchanges = *tape()->exchanges();
  ASSERT_EQ(exchanges.size(), 4U);
  EXPECT_EQ(exchanges[0].status, 403);
  EXPECT_NE(exchanges[0].request_headers.find("pin: PIN-1"), std::string::npos);
  EXPECT_NE(exchanges[1].request_headers.find("pin: none"), std::string::npos);
  EXPECT_EQ(exchanges[1].request_body, R"({"sso_token":"SSO_TOKEN-1","x":"none"})");
  EXPECT_NE(exchanges[1].response_body.find(R"("token":"TOKEN-1")"), std::string::npos);
  EXPECT_NE(exchanges[2].request_headers.find("token: TOKEN-1"), std::string::npos);
  EXPECT_NE(exchanges[3].request_headers.find("token: TOKEN-2"), std::string::npos);
  EXPECT_EQ(exchanges[3].target, std::string(conference) + "release_token");
  EXPECT_GE(exchanges[0].request_ns, 0);
  EXPECT_LE(exchanges[0].response_ns, exchanges[1].request_ns);
}

/// Joins, and reads a stream that says `body` to its end.
std::string join_and_read(std::uint16_t port) {
  const Client client(port);
  client.send(post("request_token", "", R"({"display_name":"Me"})"));
  (void)client.read_to("{}}}");
  client.send(get_events("s3cr3t-1"));
  return client.read_to("the end\n\n");
}

const std::string with_tokens =
    "event: refer\ndata: {\"alias\":\"b\",\"token\":\"0ne-t1me\"}\n\n"
    "data: {\"text\":\"s3cr3t-1\"}\n\n: the end\n\n";

ScriptedServer::Script streams_tokens() {
  return answers(
      {granted("s3cr3t-1"),
       test::stream_head("Content-Length: " + std::to_string(with_tokens.size()) + "\r\n") +
           with_tokens});
}

TEST_F(Proxy, WhatIsScrubbedIsScrubbedOnTheTapeOnly) {
  scrub_ = true;
  ScriptedServer node({streams_tokens()});
  listen(node.url(""));
  const std::string stream = serve([this] { return join_and_read(port_); });
  server_->finish();
  EXPECT_TRUE(stream.ends_with(with_tokens));
  EXPECT_EQ(test::body_of(*tape()),
            "event: refer\ndata: {\"alias\":\"b\",\"token\":\"TOKEN-2-\"}\n\n"
            "data: {\"text\":\"TOKEN-1-\"}\n\n: the end\n\n");
  EXPECT_EQ(all_bytes().find("s3cr3t"), std::string::npos);
}

TEST_F(Proxy, SecretsThatAreKeptAreOnTheTapeAsTheyCame) {
  on_tape_ = OnTape::secrets;
  ScriptedServer node({streams_tokens()});
  listen(node.url(""));
  serve([this] { return join_and_read(port_); });
  server_->finish();
  EXPECT_EQ(test::body_of(*tape()), with_tokens);
  EXPECT_NE(tape()->exchanges()->at(0).response_body.find("s3cr3t-1"), std::string::npos);
  EXPECT_EQ((*tape()->connections())[0].start.source,
            node.url(conference) + "events?token=s3cr3t-1");
}

TEST_F(Proxy, ATapeThatWantsNoMoreIsClosedAndAllStillPasses) {
  ScriptedServer node({[](ScriptedConnection& connection) {
    connection.send(granted("s3cr3t-1"));
    connection.read_request();
    connection.send(test::stream_head("Content-Length: 28\r\n") + "data: 1\n\n");
    connection.read_request();  // none comes
  }});
  listen(node.url(""));
  serve([this] {
    const Client client(port_);
    client.send(post("request_token", "", R"({"display_name":"Me"})"));
    (void)client.read_to("{}}}");
    client.send(get_events("s3cr3t-1"));
    return client.read_to("data: 1\n\n");
  });
  EXPECT_FALSE(tape()->summary().closed);
  why_stop_ = "the disk is almost full";
  server_->serve(loop_.now_ns() + 1'000'000);
  EXPECT_TRUE(tape()->summary().closed);
  EXPECT_EQ(test::body_of(*tape()), "data: 1\n\n");
  EXPECT_NE(log_.find("while it is passed on: the disk is almost full"), std::string::npos);
  EXPECT_EQ(server_->totals().unfinished, 1U);
}

TEST_F(Proxy, AStreamThatIsOpenedAgainIsOnTheSameTapeWithTheGap) {
  const auto stream = [](const std::string& body) {
    return [body](ScriptedConnection& connection) {
      connection.send(test::stream_head("Content-Length: 9\r\n") + body);
    };
  };
  ScriptedServer node(
      {answers({granted("s3cr3t-1")}), stream("data: a\n\n"), stream("data: b\n\n")});
  listen(node.url(""));
  serve([this] {
    const Client client(port_);
    client.send(post("request_token"));
    return client.read_to("{}}}");
  });
  ask(get_events("s3cr3t-1"));
  ask(get_events("s3cr3t-1"));
  server_->finish();
  EXPECT_EQ(joins_.size(), 1U);
  EXPECT_EQ(test::body_of(*tape()), "data: a\n\ndata: b\n\n");
  const auto gaps = *tape()->gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].reason, "the response is over");
}

TEST_F(Proxy, TwoParticipantsGetTwoTapesAndAThirdIsPassedOn) {
  tapes_max_ = 2;
  std::vector<ScriptedServer::Script> scripts;
  for (const std::string n : {"1", "2", "3"}) {
    scripts.push_back([n](ScriptedConnection& connection) {
      connection.send(granted("s3cr3t-" + n, "uuid-" + n));
      connection.read_request();
      connection.send(test::stream_head() + "data: " + n + "\n\n");
    });
  }
  ScriptedServer node(std::move(scripts));
  listen(node.url(""));
  for (const std::string n : {"1", "2", "3"}) {
    const std::string stream = serve([this, n] {
      const Client client(port_);
      client.send(post("request_token"));
      (void)client.read_to("{}}}");
      client.send(get_events("s3cr3t-" + n));
      return client.read_all();
    });
    EXPECT_TRUE(stream.ends_with("data: " + n + "\n\n")) << stream;
  }
  server_->finish();
  EXPECT_EQ(test::body_of(*tape(1)), "data: 1\n\n");
  EXPECT_EQ(test::body_of(*tape(2)), "data: 2\n\n");
  EXPECT_EQ(joins_.size(), 3U);
  EXPECT_EQ(server_->totals().tapes, 2U);
  EXPECT_EQ(server_->totals().unfinished, 0U);
}

TEST_F(Proxy, AStreamWhoseJoinWasNotSeenIsRecordedNevertheless) {
  ScriptedServer node({[](ScriptedConnection& connection) {
    connection.send(test::stream_head() + "data: a\n\n");
  }});
  listen(node.url(""));
  ask(get_events("s3cr3t-9"));
  server_->finish();
  EXPECT_EQ(test::body_of(*tape()), "data: a\n\n");
  EXPECT_EQ(joins_[0].participant_uuid, "");
}

TEST_F(Proxy, RequestsOnOneConnectionGoOverOneConnectionOneAfterTheOther) {
  const std::vector<std::string> said{
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none",
      "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\nuntil the end"};
  std::vector<std::string> requests;
  ScriptedServer node({[&](ScriptedConnection& connection) {
    for (std::size_t i = 0; i < said.size(); ++i) {
      if (i > 0) {
        requests.push_back(connection.read_request());
      }
      connection.send(said[i]);
    }
  }});
  listen(node.url(""));
  const auto request = [](const std::string& method, const std::string& path) {
    return method + " " + path + " HTTP/1.1\r\nHost: here\r\n\r\n";
  };
  const std::string all = ask(request("GET", "/1") + request("HEAD", "/2") + request("GET", "/3") +
                              request("GET", "/4") + request("GET", "/5"));
  EXPECT_EQ(all, said[0] + said[1] + said[2] + said[3] + said[4]);
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_TRUE(requests[3].starts_with("GET /5 HTTP/1.1\r\nHost: 127.0.0.1:")) << requests[3];
}

TEST_F(Proxy, AClientThatAsksBeforeItSendsIsToldToGoOn) {
  ScriptedServer asking({[](ScriptedConnection& connection) {
    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    connection.wait_for_client();
  }});
  listen(asking.url(""));
  const std::string answer = serve([this] {
    const Client client(port_);
    client.send(
        "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
    const std::string interim = client.read_to("\r\n\r\n");
    client.send("9\r\nGET / H\r\n\r\n0\r\n\r\n");
    return interim + client.read_to("ok");
  });
  server_->finish();
  EXPECT_EQ(answer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

TEST_F(Proxy, AfterAnUpgradeAllBytesPassBothWays) {
  ScriptedServer node({[](ScriptedConnection& connection) {
    connection.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nhello");
    connection.send("got: " + connection.read_request());
  }});
  listen(node.url(""));
  const std::string all = serve([this] {
    const Client client(port_);
    client.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    std::string seen = client.read_to("hello");
    client.send(std::string("\0\x81 frames\r\n\r\n", 13));
    return seen + client.read_all();
  });
  EXPECT_TRUE(all.ends_with("\r\n\r\nhello" + std::string("got: \0\x81 frames\r\n\r\n", 18)))
      << all;
}

TEST_F(Proxy, LargeBodiesPassWhole) {
  std::string large(2'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); i += 997) {
    large[i] = static_cast<char>('a' + i % 26);
  }
  ScriptedServer node({[&](ScriptedConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size()) +
                    "\r\n\r\n" + large);
    connection.let_go();
  }});
  listen(node.url(""));
  const std::string request =
      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(large.size()) +
      "\r\n\r\n" + large;
  const std::string answer = serve([&] {
    const Client client(port_);
    client.send(request);
    return client.read_all();
  });
  ASSERT_TRUE(answer.ends_with("\r\n\r\n" + large))
      << answer.size() << ": " << answer.substr(0, 200) << log_;
  EXPECT_TRUE(node.requests()[0].ends_with(large));
}

TEST_F(Proxy, ANodeThatIsNotThereIs502AndOneSentence) {
  std::string url;
  {
    const ScriptedServer gone({});
    url = gone.url("");
  }
  listen(url);
  const std::string request = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_TRUE(ask(request).starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  EXPECT_TRUE(ask(request).ends_with("Connection refused\n"));
  EXPECT_TRUE(log_.starts_with("clients are answered with 502: cannot connect to 127.0.0.1 port "))
      << log_;
  EXPECT_EQ(std::ranges::count(log_, '\n'), 1);
}

TEST_F(Proxy, WhatIsNotHttpIsRefusedOnEitherSide) {
  ScriptedServer node({[](ScriptedConnection& connection) {
    connection.send("SSH-2.0-OpenSSH\r\n\r\n");
    connection.wait_for_client();
  }});
  listen(node.url(""));
  EXPECT_TRUE(ask("\x16\x03\x01 hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("CONNECT a:1 HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
                  .starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 502 "));
}

TEST_F(Proxy, ANodeThatBreaksOffBreaksTheClientOffAndTheTapeSaysSo) {
  ScriptedServer node({[](ScriptedConnection& connection) {
    connection.send(test::stream_head("Transfer-Encoding: chunked\r\n") +
                    test::chunk("data: a\n\n"));
  }});
  listen(node.url(""));
  const std::string stream = ask(get_events("s3cr3t-1"));
  EXPECT_TRUE(stream.ends_with("data: a\n\n\r\n")) << stream;
  server_->finish();
  EXPECT_EQ((*tape()->connections())[0].end->end, port::ConnectionEnd::broken);
  EXPECT_EQ(test::body_of(*tape()), "data: a\n\n");
}

TEST_F(Proxy, AClientThatGoesAwayTakesItsConnectionToTheNodeAlong) {
  std::promise<void> left;
  ScriptedServer node({[&](ScriptedConnection& connection) {
    connection.send(test::stream_head() + "data: a\n\n");
    connection.wait_for_client();
    left.set_value();
  }});
  listen(node.url(""));
  serve([&] {
    {
      const Client client(port_);
      client.send(get_events("s3cr3t-1"));
      (void)client.read_to("data: a\n\n");
    }
    left.get_future().wait();
    return 0;
  });
  server_->finish();
  EXPECT_EQ((*tape()->connections())[0].end->end, port::ConnectionEnd::stopped);
}

TEST_F(Proxy, ATapeThatCannotBeWrittenStopsNothing) {
  std::ofstream(tape_path(1)) << "not a tape";
  ScriptedServer node({[](ScriptedConnection& connection) {
    connection.send(test::stream_head() + "data: a\n\n");
  }});
  listen(node.url(""));
  EXPECT_TRUE(ask(get_events("s3cr3t-1")).ends_with("data: a\n\n"));
  server_->finish();
  EXPECT_EQ(server_->totals().unfinished, 1U);
  EXPECT_NE(log_.find("cannot record 'meet alice', which is passed on nevertheless: "),
            std::string::npos);
}

TEST_F(Proxy, APortInUseAndOneForEverybodyAreRefused) {
  listen("http://127.0.0.1:1");
  const ProxyOptions same{.node = *parse_url("http://127.0.0.1:1"),
                          .network = {*TlsContext::make({}), {}},
                          .port = port_};
  const auto second = ProxyServer::listen(loop_, same, {loop_, {}, {}, {}});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("the port is in use"), std::string::npos);
  ProxyOptions open = same;
  open.host = "0.0.0.0";
  open.port = 0;
  const auto third = ProxyServer::listen(loop_, open, {loop_, {}, {}, {}});
  ASSERT_FALSE(third);
  EXPECT_NE(third.error().message.find("--allow-remote"), std::string::npos);
}

}  // namespace
}  // namespace tapedeck::recorder
