// The server as a live node: its time, its tokens, its faults and its journal, over real sockets.
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/unit/replayer/http_client.hpp"
#include "tests/unit/replayer/running_server.hpp"

namespace tapedeck::replayer {
namespace {

using test::HttpClient;
using test::HttpResponse;
using test::joined;
using test::play;
using test::RunningServer;
using test::StoredFrame;
using namespace std::chrono_literals;

const std::string api = "/api/client/v2/conferences/meet.alice/";
const std::vector<StoredFrame> two_frames{{0, "data: 1\n\n"}, {0, "data: 2\n\n"}};
const std::vector<StoredFrame> no_end{
    {0, "data: 1\n\n"}, {0, "data: 2\n\n"}, {3600 * ns_per_s, "data: 3\n\n"}};

ServerOptions live() {
  ServerOptions options;
  options.sharing = Sharing::live;
  return options;
}

/// What the journal says, a line each.
class Notes {
 public:
  Journal journal() {
    return [this](const JournalEntry& entry) {
      const std::lock_guard lock(mutex_);
      stream_ = std::to_string(entry.stream);
      std::visit(*this, entry.what);
    };
  }
  [[nodiscard]] std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  void operator()(const RequestAnswered& answered) {
    add(std::string(answered.method) + ' ' + std::string(answered.path) + ' ' +
        std::to_string(answered.status));
  }
  void operator()(const StreamOpened& opened) { add("open " + opened.who.alias); }
  void operator()(const FrameSent& sent) {
    add((sent.complete ? "frame " : "torn ") + std::string(sent.raw));
  }
  void operator()(const StreamClosed& closed) {
    add(closed.broken      ? "broken off by us"
        : closed.by_server ? "closed by us"
                           : "closed by the client");
  }

 private:
  void add(const std::string& text) { lines_.push_back(stream_ + ' ' + text); }

  std::mutex mutex_;
  std::string stream_;
  std::vector<std::string> lines_;
};

TEST(NodeServer, ALiveStreamEndsWithItsSource) {
  RunningServer server(play(two_frames), live());
  HttpClient client(server.port());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked_to_end(), joined(two_frames));
}

TEST(NodeServer, ItsTimeGoesAsFastAsItIsTold) {
  ServerOptions options = live();
  options.timeline.rate = Rate::parse("1000").value();
  Programme programme = play({{100 * ns_per_s, "data: 1\n\n"}});
  std::atomic<std::int64_t> joined_ns = -1;
  programme.join = [&](const JoinInfo& who) -> Result<Entrance> {
    joined_ns = who.now_ns;
    return Entrance::conference;
  };
  RunningServer server(std::move(programme), options);
  HttpClient client(server.port());
  const auto start = std::chrono::steady_clock::now();
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked_to_end(), "data: 1\n\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s * test::slowdown);
  EXPECT_EQ(client.closes(), true);
  HttpClient rest(server.port());
  EXPECT_EQ(rest.ask("POST", api + "request_token", "", "{}").status, 200);
  EXPECT_GE(joined_ns, 100 * ns_per_s);
}

TEST(NodeServer, WhoDoesNotRefreshItsTokenIsDisconnectedWithTheReason) {
  ServerOptions options = live();
  options.tokens = {.life = 1s, .strict = true};
  std::atomic<int> left = 0;
  Programme programme = play(no_end);
  programme.leave = [&](const JoinInfo&) { ++left; };
  RunningServer server(std::move(programme), options);
  HttpClient rest(server.port());
  EXPECT_EQ(rest.ask("POST", api + "request_token", "", "{}").status, 200);
  HttpClient stream(server.port());
  stream.request("GET", api + "events?token=token-1");
  EXPECT_EQ(stream.head().status, 200);
  EXPECT_EQ(stream.chunked_to_end(),
            joined(two_frames) +
                "event: disconnect\n"
                "data: {\"reason\":\"Timer expired awaiting token refresh\"}\n\n");
  EXPECT_EQ(left, 1);
  HttpClient again(server.port());
  const HttpResponse refused = again.ask("GET", api + "events?token=token-1");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.header("Content-Type"), "application/json");
}

TEST(NodeServer, WhoIsNotInTheConferenceAnyMoreGetsNoStream) {
  Programme programme = play(two_frames);
  programme.open_stream = [](const JoinInfo&) -> test::Opened {
    return fail_usage("nobody has joined under this uuid");
  };
  RunningServer server(std::move(programme), live());
  HttpClient client(server.port());
  EXPECT_EQ(client.ask("POST", api + "request_token", "", "{}").status, 200);
  const HttpResponse refused = client.ask("GET", api + "events?token=token-1");
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("Invalid token"), std::string::npos) << refused.body;
}

TEST(NodeServer, WhoRefreshesItsTokenStays) {
  ServerOptions options = live();
  options.tokens = {.life = 1s, .strict = true};
  RunningServer server(play(no_end), options);
  HttpClient rest(server.port());
  EXPECT_EQ(rest.ask("POST", api + "request_token", "", "{}").status, 200);
  HttpClient stream(server.port());
  stream.request("GET", api + "events?token=token-1");
  EXPECT_EQ(stream.head().status, 200);
  EXPECT_EQ(stream.chunked(joined(two_frames).size()), joined(two_frames));
  for (int i = 1; i <= 4; ++i) {
    EXPECT_TRUE(stream.is_silent_for(400)) << i;
    const std::string token = "token: token-" + std::to_string(i) + "\r\n";
    EXPECT_EQ(rest.ask("POST", api + "refresh_token", token).status, 200) << i;
  }
}

TEST(NodeServer, AConnectionThatBreaksOffHasAllBytesUpToThereAndNoEnd) {
  ServerOptions options = live();
  FaultPlan faults({parse_fault("drop:stream=1,frame=2").value(),
                    parse_fault("drop:stream=2,frame=1,torn=1").value()},
                   1);
  options.faults = &faults;
  Notes notes;
  options.journal = notes.journal();
  const std::vector<StoredFrame> frames{{0, "data: 1\n\n"}, {2, "data: 2\n\n"}, {3, "data: 3\n\n"}};
  RunningServer server(play(frames), options);
  for (const char* bytes : {"data: 1\n\ndata: 2\n\n", "d"}) {
    HttpClient client(server.port());
    client.request("GET", "/events");
    EXPECT_EQ(client.head().status, 200);
    EXPECT_EQ(client.chunked(std::string(bytes).size()), bytes);
    EXPECT_EQ(client.chunked_to_end(), std::nullopt) << "it can tell";
  }
  server.stop();
  const auto lines = notes.lines();
  ASSERT_EQ(lines.size(), 9U);
  EXPECT_TRUE(lines[7].starts_with("2 torn d")) << lines[7];
  EXPECT_EQ(faults.report(), "drop:stream=1,frame=2 1 time, drop:stream=2,frame=1,torn=1 1 time");
  EXPECT_EQ(std::vector(lines.begin(), lines.begin() + 7),
            (std::vector<std::string>{"0 GET /events 200", "1 open ", "1 frame data: 1\n\n",
                                      "1 frame data: 2\n\n", "1 broken off by us",
                                      "0 GET /events 200", "2 open "}));
  EXPECT_EQ(lines.back(), "2 broken off by us");
}

TEST(NodeServer, TheJournalSaysWhatWasSentAndNoToken) {
  ServerOptions options = live();
  Notes notes;
  options.journal = notes.journal();
  RunningServer server(play(no_end), options);
  HttpClient rest(server.port());
  EXPECT_EQ(rest.ask("POST", api + "request_token", "", "{}").status, 200);
  {
    HttpClient stream(server.port());
    stream.request("GET", api + "events?token=token-1");
    EXPECT_EQ(stream.head().status, 200);
    EXPECT_EQ(stream.chunked(joined(two_frames).size()), joined(two_frames));
  }
  EXPECT_TRUE(test::eventually([&] { return notes.lines().size() == 6; }));
  server.stop();
  EXPECT_EQ(notes.lines(), (std::vector<std::string>{
                               "0 POST " + api + "request_token 200", "0 GET " + api + "events 200",
                               "1 open meet.alice", "1 frame data: 1\n\n", "1 frame data: 2\n\n",
                               "1 closed by the client"}));
}

TEST(NodeServer, TheJournalSaysWhatARefusedStreamWasAnswered) {
  ServerOptions options = live();
  Notes notes;
  options.journal = notes.journal();
  Programme programme;
  programme.open_stream = [](const JoinInfo&) -> test::Opened {
    return fail_io("the conference is over");
  };
  RunningServer server(std::move(programme), options);
  HttpClient client(server.port());
  EXPECT_EQ(client.ask("GET", "/events").status, 500);
  EXPECT_EQ(client.ask("GET", "/events?token=x").status, 500);
  server.stop();
  EXPECT_EQ(notes.lines(), (std::vector<std::string>{"0 GET /events 500", "0 GET /events 500"}));
}

TEST(NodeServer, ThePinComesInItsHeader) {
  ServerOptions options = live();
  options.admission.host_pin = "1234";
  RunningServer server(play(no_end), options);
  HttpClient rest(server.port());
  EXPECT_EQ(rest.ask("POST", api + "request_token", "", "{}").status, 403);
  EXPECT_EQ(rest.ask("POST", api + "request_token", "pin: 4321\r\n", "{}").status, 403);
  EXPECT_EQ(rest.ask("POST", api + "request_token", "pin: 1234\r\n", "{}").status, 200);
  EXPECT_EQ(server.stop().joins, 1U);
}

}  // namespace
}  // namespace tapedeck::replayer
