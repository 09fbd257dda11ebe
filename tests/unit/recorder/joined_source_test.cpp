#include "recorder/joined_source.hpp"

#include <algorithm>
#include <csignal>

#include <unistd.h>

#include "core/base/units.hpp"
#include "tests/support/files.hpp"
#include "tests/unit/recorder/http_recording.hpp"

namespace tapedeck::recorder {
namespace {

using test::ScriptedConnection;
using test::ScriptedServer;
using test::stream_head;
using Ending = Summary::Ending;

ScriptedServer::Script answers(int status, const std::string& body) {
  return says("HTTP/1.1 " + std::to_string(status) +
              " X\r\nContent-Type: application/json\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
}
ScriptedServer::Script lets_in(const std::string& token, const std::string& more = "",
                               const std::string& expires = "120") {
  return answers(200, R"({"status":"success","result":{"token":")" + token + R"(","expires":")" +
                          expires + R"(","participant_uuid":"uuid-of-)" + token + "\"" + more +
                          "}}");
}
ScriptedServer::Script lets_go() {
  return answers(200, R"({"status":"success","result":true})");
}
ScriptedServer::Script refreshes(const std::string& token) {
  return answers(200,
                 R"({"status":"success","result":{"token":")" + token + R"(","expires":"120"}})");
}
ScriptedServer::Script streams(const std::string& bytes) {
  return says(stream_head() + bytes);
}
/// And leaves the connection open.
ScriptedServer::Script keeps_streaming(const std::string& bytes) {
  return [bytes](ScriptedConnection& connection) {
    connection.send(stream_head() + bytes);
    connection.wait_for_client();
  };
}

/// Joins and records for real; `node` is a script for each request.
class JoinedSourceTest : public HttpRecording {
 protected:
  Result<Summary> join(ScriptedServer& node, SessionOptions options = {}) {
    return join({node.url("")}, options);
  }
  Result<Summary> join(const std::vector<std::string>& nodes, SessionOptions options = {}) {
    JoinOptions join{.nodes = {},
                     .wishes = wishes_,
                     .follow = follow_,
                     .headers = {},
                     .wall_now_ns = [] { return 0; },
                     .network = network_};
    for (const std::string& node : nodes) {
      join.nodes.push_back(*parse_node(node));
    }
    source_ = std::make_unique<JoinedSource>(loop_, redactor_, std::move(join));
    path_ = folder_.path(std::to_string(++recordings_) + ".tape");
    Session session({.source = *source_,
                     .clock = loop_,
                     .open_sink = [&]() -> Result<port::RecordingSink*> {
                       writer_ = *schema::TapeWriter::open(path_, {});
                       return writer_.get();
                     },
                     .wall_now_ns = [] { return 0; },
                     .stop_requested = [&] { return loop_.take_stop(); },
                     .on_progress = {}},
                    options);
    auto summary = session.run();
    writer_.reset();
    if (summary && summary->totals.connections > 0) {
      tape_ = *schema::TapeReader::open(path_);
    }
    return summary;
  }
  std::string refusal(std::vector<ScriptedServer::Script> scripts) {
    ScriptedServer node(std::move(scripts));
    const auto summary = join(node);
    EXPECT_FALSE(summary);
    EXPECT_FALSE(schema::TapeReader::open(path_)) << "no tape is left behind";
    return summary ? "" : summary.error().message;
  }
  /// "METHOD PATH-BELOW-THE-CONFERENCES" of each request, of `node` in the order they came.
  static std::vector<std::string> asked(const ScriptedServer& node) {
    std::vector<std::string> lines;
    for (const std::string& request : node.requests()) {
      const std::string line = request.substr(0, request.find(" HTTP/1.1"));
      const std::string base = "/api/client/v2/conferences/";
      const std::size_t at = line.find(base);
      lines.push_back(at == std::string::npos ? line
                                              : line.substr(0, at) + line.substr(at + base.size()));
    }
    return lines;
  }
  [[nodiscard]] std::string file_text() const { return test::read_file(path_); }

  JoinWishes wishes_{.alias = "a"};
  bool follow_ = true;
  std::string path_;
  std::unique_ptr<JoinedSource> source_;
};

TEST_F(JoinedSourceTest, JoinsRecordsAndGivesTheTokenBack) {
  wishes_.pin = "471199";
  ScriptedServer node({lets_in("secret+1"), keeps_streaming("data: 1\n\n"), lets_go()});
  const auto summary = join(node, {.frames_max = 1});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(asked(node),
            (std::vector<std::string>{"POST a/request_token", "GET a/events?token=secret+1",
                                      "POST a/release_token"}));
  EXPECT_NE(node.requests()[0].find("\r\npin: 471199\r\n"), std::string::npos);
  EXPECT_NE(node.requests()[2].find("\r\ntoken: secret+1\r\n"), std::string::npos);
  EXPECT_TRUE(node.requests()[2].ends_with(R"({"reason":"User initiated disconnect"})"));
  EXPECT_EQ(source_->participant_uuid(), "uuid-of-secret+1");
  const auto exchanges = *tape_->exchanges();
  ASSERT_EQ(exchanges.size(), 2U);
  EXPECT_LT(exchanges[0].request_ns, ns_per_ms);
  EXPECT_NE(exchanges[0].request_headers.find("pin: PIN-1"), std::string::npos);
  EXPECT_NE(exchanges[0].response_body.find(R"("token":"TOKEN-1")"), std::string::npos);
  EXPECT_NE(exchanges[1].request_headers.find("token: TOKEN-1"), std::string::npos);
  EXPECT_EQ(exchanges[1].response_body, R"({"status":"success","result":true})");
  EXPECT_NE(connection().start.source.find("/events?token=TOKEN-1"), std::string::npos);
  EXPECT_TRUE(tape_->summary().closed);
  for (const char* secret : {"471199", "secret+1\""}) {
    EXPECT_EQ(file_text().find(secret), std::string::npos) << secret;
  }
}

TEST_F(JoinedSourceTest, ALostStreamIsTakenUpWithTheSameToken) {
  ScriptedServer node(
      {lets_in("t1"), streams("id: 7\ndata: 1\n\n"), keeps_streaming("data: 2\n\n"), lets_go()});
  const auto summary = join(node, {.frames_max = 2});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(asked(node)[2], "GET a/events?token=t1");
  EXPECT_EQ(node.requests()[2].find("Last-Event-ID"), std::string::npos);
  EXPECT_EQ(summary->totals.gaps, 1U);
}

TEST_F(JoinedSourceTest, ATokenThatIsNotKnownAnyMoreIsReplacedByANewJoin) {
  ScriptedServer node({lets_in("t1"), streams("data: 1\n\n"),
                       answers(403, R"({"status":"failed","result":"Invalid token"})"),
                       lets_in("t2"), keeps_streaming("data: 2\n\n"), lets_go()});
  const auto summary = join(node, {.frames_max = 2});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(asked(node),
            (std::vector<std::string>{"POST a/request_token", "GET a/events?token=t1",
                                      "GET a/events?token=t1", "POST a/request_token",
                                      "GET a/events?token=t2", "POST a/release_token"}));
  EXPECT_EQ(source_->participant_uuid(), "uuid-of-t1") << "the one that the tape is about";
}

TEST_F(JoinedSourceTest, AConferenceThatIsGoneEndsTheRecording) {
  ScriptedServer node({lets_in("t1"), streams("data: 1\n\n"), answers(404, ""),
                       answers(404, R"({"status":"failed","result":"Neither found"})")});
  const auto summary = join(node);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::refused);
  EXPECT_NE(summary->detail.find("no conference of that alias"), std::string::npos);
}

TEST_F(JoinedSourceTest, TheTokenIsRefreshedInTimeAndTheNewOneUsed) {
  ScriptedServer node({lets_in("t1", "", "3"),
                       [](ScriptedConnection& connection) {
                         connection.send(stream_head() + "data: 1\n\n");
                         connection.wait_for_client();
                       },
                       refreshes("t2"), refreshes("t3"), lets_go()});
  const auto summary = join(node, {.duration_ns = 2'400 * ns_per_ms});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(asked(node), (std::vector<std::string>{"POST a/request_token", "GET a/events?token=t1",
                                                   "POST a/refresh_token", "POST a/refresh_token",
                                                   "POST a/release_token"}));
  EXPECT_NE(node.requests()[2].find("\r\ntoken: t1\r\n"), std::string::npos);
  EXPECT_NE(node.requests()[3].find("\r\ntoken: t2\r\n"), std::string::npos);
  EXPECT_NE(node.requests()[4].find("\r\ntoken: t3\r\n"), std::string::npos);
  const auto exchanges = *tape_->exchanges();
  ASSERT_EQ(exchanges.size(), 4U);
  EXPECT_NEAR(static_cast<double>(exchanges[1].request_ns), 1e9, 3e8);
  EXPECT_NE(exchanges[2].response_body.find("TOKEN-3"), std::string::npos);
}

TEST_F(JoinedSourceTest, TheTokenIsRefreshedWhileThereIsNoStreamToo) {
  ScriptedServer node({lets_in("t1", "", "3"), streams("retry: 1800\ndata: 1\n\n"), refreshes("t2"),
                       keeps_streaming("data: 2\n\n"), lets_go()});
  ASSERT_TRUE(join(node, {.frames_max = 2}));
  EXPECT_EQ(asked(node)[2], "POST a/refresh_token");
  EXPECT_EQ(asked(node)[3], "GET a/events?token=t2");
}

TEST_F(JoinedSourceTest, ARefreshThatGetsNoAnswerIsTriedAgainAndDoesNotCostTheStream) {
  ScriptedServer node({lets_in("t1", "", "3"), keeps_streaming("data: 1\n\n"),
                       says("HTTP/1.1 502 Bad Gateway\r\n\r\n"), refreshes("t2"), lets_go()});
  const auto summary = join(node, {.duration_ns = 2'500 * ns_per_ms});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_NE(node.requests()[4].find("\r\ntoken: t2\r\n"), std::string::npos);
  EXPECT_EQ(summary->totals.connections, 1U);
  EXPECT_EQ(tape_->exchanges()->at(1).status, 502);
}

TEST_F(JoinedSourceTest, ARefreshTokenEventIsHeard) {
  ScriptedServer node({lets_in("t1"), keeps_streaming("event: refresh_token\ndata: null\n\n"),
                       refreshes("t2"), lets_go()});
  ASSERT_TRUE(join(node, {.duration_ns = 1'500 * ns_per_ms}));
  EXPECT_EQ(asked(node)[2], "POST a/refresh_token");
}

TEST_F(JoinedSourceTest, ATransferIsFollowedWithItsOneTimeToken) {
  wishes_.pin = "4711";
  wishes_.call_tag = "tag";
  // The release of the old token and the request for the new one cross on their way: either of them
  // may come first, and is content with the same answer.
  ScriptedServer node(
      {lets_in("t1"),
       keeps_streaming("event: refer\ndata: {\"alias\":\"b c\",\"token\":\"once\"}\n\n"),
       lets_in("t2"), lets_in("t2"), keeps_streaming("data: 2\n\n"), lets_go()});
  const auto summary = join(node, {.frames_max = 2});
  ASSERT_TRUE(summary) << summary.error().message;
  auto lines = asked(node);
  std::ranges::sort(lines);
  EXPECT_EQ(lines,
            (std::vector<std::string>{"GET a/events?token=t1", "GET b%20c/events?token=t2",
                                      "POST a/release_token", "POST a/request_token",
                                      "POST b%20c/release_token", "POST b%20c/request_token"}));
  for (const std::string& request : node.requests()) {
    if (request.starts_with("POST /api/client/v2/conferences/b%20c/request_token")) {
      EXPECT_TRUE(
          request.ends_with(R"({"display_name":"tapedeck","call_tag":"tag","token":"once"})"));
      EXPECT_EQ(request.find("pin:"), std::string::npos) << "the PIN of another conference";
    }
    if (request.starts_with("POST /api/client/v2/conferences/a/release_token")) {
      EXPECT_TRUE(request.ends_with(R"({"reason":"Transfer"})"));
    }
  }
  EXPECT_EQ(tape_->gaps()->at(0).reason, "the node transferred us to 'b c'");
  EXPECT_EQ(summary->totals.connections, 2U);
}

TEST_F(JoinedSourceTest, ATransferThatIsNotToBeFollowedIsTheEndWhenTheNodeSaysSo) {
  follow_ = false;
  ScriptedServer node({lets_in("t1"),
                       streams("event: refer\ndata: {\"alias\":\"b\",\"token\":\"once\"}\n\n:\n\n"),
                       lets_go()});
  const auto summary = join(node);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::dismissed);
  EXPECT_NE(summary->detail.find("transferred us to 'b', and --no-follow"), std::string::npos);
  EXPECT_EQ(summary->totals.frames, 2U);
}

TEST_F(JoinedSourceTest, ADisconnectEndsTheRecordingWithItsReason) {
  ScriptedServer node(
      {lets_in("t1"),
       keeps_streaming("data: 1\n\nevent: disconnect\ndata: {\"reason\":\"All gone t1\"}\n\n"),
       lets_go()});
  const auto summary = join(node);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->ending, Ending::dismissed);
  EXPECT_EQ(summary->detail, "the node disconnected us: 'All gone t1'");
  EXPECT_EQ(summary->totals.frames, 2U);
  EXPECT_TRUE(node.requests()[2].ends_with(R"({"reason":"All gone t1"})"));
}

TEST_F(JoinedSourceTest, ASignalGivesTheTokenBack) {
  ASSERT_TRUE(loop_.catch_signals());
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    ScriptedServer node({lets_in("t1"),
                         [signal](ScriptedConnection& connection) {
                           connection.send(stream_head() + ":\n\n");
                           ::kill(::getpid(), signal);
                           connection.wait_for_client();
                         },
                         lets_go()});
    const auto summary = join(node);
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->ending, Ending::stopped);
    EXPECT_EQ(asked(node).back(), "POST a/release_token") << signal;
    EXPECT_EQ(tape_->exchanges()->size(), 2U);
  }
}

TEST_F(JoinedSourceTest, ASignalDuringTheJoinGivesTheTokenBackToo) {
  ASSERT_TRUE(loop_.catch_signals());
  ScriptedServer node({lets_in("t1"), lets_go()});
  ::raise(SIGINT);  // heard as soon as the loop runs, which is before any answer
  const auto summary = join(node);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->totals.connections, 0U);
  EXPECT_EQ(asked(node),
            (std::vector<std::string>{"POST a/request_token", "POST a/release_token"}));
}

TEST_F(JoinedSourceTest, AGuestJoinsWithoutAPinWhereTheNodeAllowsIt) {
  wishes_.role = WantedRole::guest;
  ScriptedServer node({answers(403, R"({"status":"success","result":{"pin":"required",)"
                                    R"("guest_pin":"none","version":{}}})"),
                       lets_in("t1"), keeps_streaming(":\n\n"), lets_go()});
  ASSERT_TRUE(join(node, {.frames_max = 1}));
  EXPECT_EQ(node.requests()[0].find("pin:"), std::string::npos);
  EXPECT_NE(node.requests()[1].find("\r\npin: none\r\n"), std::string::npos);
}

TEST_F(JoinedSourceTest, WhoWantsToBeHostDoesNotStayAsAGuest) {
  wishes_.role = WantedRole::host;
  ScriptedServer node({lets_in("t1", R"(,"role":"GUEST")"), lets_go()});
  const auto summary = join(node);
  ASSERT_FALSE(summary);
  EXPECT_NE(summary.error().message.find("as a guest only"), std::string::npos);
  EXPECT_EQ(asked(node).back(), "POST a/release_token");
}

TEST_F(JoinedSourceTest, EachRefusalIsOneSentenceWithoutASecret) {
  wishes_.pin = "471199";
  const std::string wrong =
      refusal({answers(403, R"({"status":"failed","result":"Invalid PIN"})")});
  EXPECT_EQ(wrong.find("cannot record from conference 'a' at http://127.0.0.1:"), 0U) << wrong;
  EXPECT_NE(wrong.find("the PIN given is wrong"), std::string::npos);
  const std::string echo =
      refusal({answers(403, R"({"status":"failed","result":"471199 is not it"})")});
  EXPECT_NE(echo.find("'PIN-1 is not it'"), std::string::npos) << echo;
  EXPECT_NE(refusal({says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>")})
                .find("instead of JSON"),
            std::string::npos);
  EXPECT_NE(refusal({says("HTTP/1.1 302 Go\r\nLocation: https://x/?token=471199\r\n\r\n")})
                .find("a redirect to https://x/?token=PIN-1"),
            std::string::npos);
  EXPECT_NE(refusal({answers(503, R"({"status":"failed","result":"busy"})")}).find("'busy'"),
            std::string::npos);
  EXPECT_NE(refusal({says("")}).find("closed the connection before it had answered"),
            std::string::npos);
  EXPECT_NE(refusal({says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")}).find("in the middle"),
            std::string::npos);
}

TEST_F(JoinedSourceTest, AStreamThatIsRefusedGivesTheTokenBack) {
  ScriptedServer node({lets_in("t1"), says("HTTP/1.1 500 No\r\n\r\n"), lets_go()});
  const auto summary = join(node);
  ASSERT_FALSE(summary);
  EXPECT_NE(summary.error().message.find("status 500"), std::string::npos);
  EXPECT_EQ(asked(node).back(), "POST a/release_token");
}

TEST_F(JoinedSourceTest, WhereANodeFailsTheNextOneIsJoined) {
  ScriptedServer first({lets_in("t1"), streams("data: 1\n\n")});  // and then its port is closed
  ScriptedServer second({lets_in("t2"), keeps_streaming("data: 2\n\n"), lets_go()});
  const auto summary = join({first.url(""), second.url("")}, {.frames_max = 2});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(asked(second),
            (std::vector<std::string>{"POST a/request_token", "GET a/events?token=t2",
                                      "POST a/release_token"}));
  EXPECT_EQ(test::body_of(*tape_, {.connection_id = 1}), "data: 1\n\n");
  EXPECT_EQ(test::body_of(*tape_, {.connection_id = 2}), "data: 2\n\n");
  EXPECT_EQ(summary->totals.gaps, 1U);
  EXPECT_EQ(source_->participant_uuid(), "uuid-of-t1") << "the one that the tape is about";
}

TEST_F(JoinedSourceTest, ANodeThatIsInTroubleIsToldThatWeLeaveItForAnother) {
  ScriptedServer first({lets_in("t1"), says("HTTP/1.1 503 No\r\n\r\n"), lets_go()});
  ScriptedServer second({lets_in("t2"), keeps_streaming("data: 2\n\n"), lets_go()});
  ASSERT_TRUE(join({first.url(""), second.url("")}, {.frames_max = 1}));
  EXPECT_EQ(asked(first).back(), "POST a/release_token");
}

TEST_F(JoinedSourceTest, EachAttemptAsksEachNodeOnce) {
  ScriptedServer first({answers(503, "")});
  ScriptedServer second({answers(503, "")});
  const auto summary = join({first.url(""), second.url("")});
  ASSERT_FALSE(summary);
  EXPECT_NE(summary.error().message.find(first.url("") + " or " + second.url("")),
            std::string::npos)
      << summary.error().message;
  EXPECT_EQ(asked(first).size() + asked(second).size(), 2U);
}

TEST_F(JoinedSourceTest, WhatOneNodeRefusesForGoodNoOtherIsAsked) {
  ScriptedServer first({answers(404, R"({"status":"failed","result":"Neither found"})")});
  ScriptedServer second({lets_in("t2")});
  EXPECT_FALSE(join({first.url(""), second.url("")}));
  EXPECT_TRUE(asked(second).empty());
}

TEST_F(JoinedSourceTest, SeveralConferencesAreRecordedSideBySide) {
  std::vector<std::unique_ptr<ScriptedServer>> nodes;
  std::vector<std::unique_ptr<JoinedSource>> sources;
  std::vector<std::unique_ptr<schema::TapeWriter>> writers(3);
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<Session*> all;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto body = "data: " + std::to_string(i) + "\n\n";
    auto stream = i == 1 ? says("HTTP/1.1 500 No\r\n\r\n") : keeps_streaming(body + body);
    nodes.push_back(std::make_unique<ScriptedServer>(
        std::vector<ScriptedServer::Script>{lets_in("t"), std::move(stream), lets_go()}));
    JoinOptions join{.nodes = {*parse_node(nodes[i]->url(""))},
                     .wishes = wishes_,
                     .headers = {},
                     .wall_now_ns = [] { return 0; },
                     .network = network_};
    sources.push_back(std::make_unique<JoinedSource>(loop_, redactor_, std::move(join)));
    sessions.push_back(std::make_unique<Session>(
        SessionPorts{.source = *sources[i],
                     .clock = loop_,
                     .open_sink = [&, i]() -> Result<port::RecordingSink*> {
                       const std::string name = std::to_string(i) + ".tape";
                       writers[i] = *schema::TapeWriter::open(folder_.path(name), {});
                       return writers[i].get();
                     },
                     .wall_now_ns = [] { return 0; },
                     .stop_requested = {},
                     .on_progress = {}},
        SessionOptions{.frames_max = 2}));
    all.push_back(sessions.back().get());
  }
  run_side_by_side(all, loop_);
  writers.clear();
  for (const std::size_t i : {0U, 2U}) {
    ASSERT_TRUE(all[i]->result()) << all[i]->result().error().message;
    const auto tape = *schema::TapeReader::open(folder_.path(std::to_string(i) + ".tape"));
    const auto body = "data: " + std::to_string(i) + "\n\n";
    EXPECT_EQ(test::body_of(*tape), body + body);
    EXPECT_EQ(asked(*nodes[i]).back(), "POST a/release_token");
  }
  EXPECT_FALSE(all[1]->result()) << "one that fails does not keep the others from going on";
}

}  // namespace
}  // namespace tapedeck::recorder
