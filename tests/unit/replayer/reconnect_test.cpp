// Who comes late, who comes back, and what the recording lost: the server over real sockets.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "replayer/prefaced_source.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/unit/replayer/http_client.hpp"
#include "tests/unit/replayer/running_server.hpp"

namespace tapedeck::replayer {
namespace {

using test::eventually;
using test::HttpClient;
using test::memory_source;
using test::Opened;
using test::RunningServer;
using test::StoredFrame;

/// Plays `frames`; who comes in the middle is told `state N` first, N being the last frame before.
Programme steerable(std::vector<StoredFrame> frames) {
  const auto after = [frames](std::uint64_t seq, std::vector<std::string> preface) -> Opened {
    auto source = memory_source(frames);
    for (std::uint64_t i = 0; i < seq; ++i) {
      EXPECT_TRUE(source->next());
    }
    return std::unique_ptr<port::FrameSource>(std::make_unique<PrefacedSource>(
        std::move(preface), port::Frame{seq, 1, -1, true, ""}, std::move(source)));
  };
  const auto state = [](std::uint64_t seq) {
    return std::vector<std::string>{": state " + std::to_string(seq) + "\n\n"};
  };
  return {.open_stream = [after](const JoinInfo&) { return after(0, {}); },
          .reopen =
              [after, state](const Position& at) {
                return after(at.seq, at.needs_state ? state(at.seq) : std::vector<std::string>());
              },
          .find_event_id = [](std::string_view id) -> Result<std::optional<Position>> {
            return id == "two" ? std::optional(Position{.seq = 2}) : std::nullopt;
          },
          .open_state = [state](std::uint64_t seq) -> Opened {
            return std::unique_ptr<port::FrameSource>(
                std::make_unique<PrefacedSource>(state(seq), port::Frame(), nullptr));
          }};
}

std::string join(HttpClient& client) {
  const auto response = client.ask("POST", "/api/client/v2/conferences/meet.alice/request_token",
                                   "", R"({"display_name":"Me"})");
  const std::string key = R"("token":")";
  const std::size_t from = response.body.find(key) + key.size();
  return response.body.substr(from, response.body.find('"', from) - from);
}

std::string events_of(const std::string& token) {
  return "/api/client/v2/conferences/meet.alice/events?token=" + token;
}

/// Opens a stream; it must be one.
std::unique_ptr<HttpClient> hear(RunningServer& server, const std::string& target,
                                 std::string_view headers = {}) {
  auto client = std::make_unique<HttpClient>(server.port());
  client->request("GET", target, headers);
  EXPECT_EQ(client->head().status, 200);
  return client;
}

const std::vector<StoredFrame> three{
    {0, "a\n\n"}, {100 * ns_per_ms, "b\n\n"}, {200 * ns_per_ms, "c\n\n"}};

TEST(Reconnect, WithTheTokenOfAJoinAStreamGoesOnWhereItWas) {
  RunningServer server(steerable(three));
  HttpClient client(server.port());
  const std::string token = join(client);
  {
    const auto first = hear(server, events_of(token));
    EXPECT_EQ(first->chunked(6), "a\n\nb\n\n");
  }
  const auto second = hear(server, events_of(token));
  const std::string rest = ": state 2\n\nc\n\n";
  EXPECT_EQ(second->chunked(rest.size()), rest);
}

TEST(Reconnect, AStreamEndsTheOneThatItsMemberHadBefore) {
  RunningServer server(steerable(three));
  HttpClient client(server.port());
  const std::string token = join(client);
  const auto first = hear(server, events_of(token));
  EXPECT_EQ(first->chunked(3), "a\n\n");
  const auto second = hear(server, events_of(token));
  EXPECT_TRUE(first->closes());
  const std::string rest = ": state 1\n\nb\n\nc\n\n";
  EXPECT_EQ(second->chunked(rest.size()), rest);
}

TEST(Reconnect, AnotherJoinBeginsWithTheTape) {
  RunningServer server(steerable(three));
  HttpClient client(server.port());
  const auto first = hear(server, events_of(join(client)));
  EXPECT_EQ(first->chunked(6), "a\n\nb\n\n");
  const auto second = hear(server, events_of(join(client)));
  EXPECT_EQ(second->chunked(9), "a\n\nb\n\nc\n\n");
}

TEST(Reconnect, WithALastEventIdAStreamGoesOnBehindThatEventAndNothingElseIsTold) {
  RunningServer server(steerable(three));
  const auto known = hear(server, "/events", "Last-Event-ID: two\r\n");
  EXPECT_EQ(known->chunked(3), "c\n\n");
  const auto unknown = hear(server, "/events", "Last-Event-ID: nine\r\n");
  EXPECT_EQ(unknown->chunked(9), "a\n\nb\n\nc\n\n");
}

TEST(Reconnect, WhatAConnectionNeverTookIsSentAgain) {
  std::vector<StoredFrame> frames{{0, "a\n\n"}};
  for (int i = 0; i < 40; ++i) {
    frames.push_back({0, ": " + std::string(std::size_t{1} << 20, 'x') + "\n\n"});
  }
  frames.push_back({0, "end\n\n"});
  RunningServer server(steerable(frames), {.timeline = {.rate = Rate::unlimited()}});
  HttpClient client(server.port());
  const std::string token = join(client);
  {
    HttpClient slow(server.port(), 4096);
    slow.request("GET", events_of(token));
    EXPECT_EQ(slow.head().status, 200);
    EXPECT_EQ(slow.chunked(3), "a\n\n");
  }
  const auto second = hear(server, events_of(token));
  const auto number = second->chunked(std::string(": state 10\n\n").size());
  const int taken = std::stoi(number.substr(number.find_last_of(' ')));
  EXPECT_GE(taken, 1);
  EXPECT_LT(taken, 30) << "the connection cannot have taken so much";
}

TEST(LateComer, OnASharedTimelineIsToldHowThingsStand) {
  RunningServer server(steerable(three), {.sharing = Sharing::shared});
  const auto first = hear(server, "/events");
  EXPECT_EQ(first->chunked(3), "a\n\n");
  const auto late = hear(server, "/events");
  const std::string heard = ": state 1\n\nb\n\nc\n\n";
  EXPECT_EQ(late->chunked(heard.size()), heard);
  EXPECT_EQ(first->chunked(6), "b\n\nc\n\n");
  const auto after_all = hear(server, "/events");
  const std::string state = ": state 3\n\n";
  EXPECT_EQ(after_all->chunked(state.size()), state);
}

TEST(LateComer, IsThereFromTheFirstClientOnWhereTimeBeganWithTheServer) {
  RunningServer server(steerable({{0, "a\n\n"}, {3600 * ns_per_s, "b\n\n"}}),
                       {.sharing = Sharing::shared, .at_once = true});
  EXPECT_TRUE(eventually([&] {  // the first may come in time for the first frame
    const auto client = hear(server, "/events");
    return client->chunked(3) == ": s";
  }));
}

// ---- what the recording lost

/// Two connections, lost from 100 ms to 250 ms.
const std::vector<StoredFrame> lost_between{
    {0, "a\n\n"}, {50 * ns_per_ms, "data: torn", 1, false}, {300 * ns_per_ms, "b\n\n", 2}};

Losses losses(bool broken) {
  return [broken](std::uint32_t, std::uint32_t) {
    return Loss{.at_ns = 100 * ns_per_ms, .until_ns = 250 * ns_per_ms, .broken = broken};
  };
}

class FaithfulReconnect : public testing::TestWithParam<Sharing> {};

TEST_P(FaithfulReconnect, TheStreamEndsAndSoLongNobodyGetsAnother) {
  for (const bool broken : {true, false}) {
    Programme programme = steerable(lost_between);
    programme.losses = losses(broken);
    RunningServer server(std::move(programme), {.sharing = GetParam()});
    HttpClient client(server.port());
    const std::string token = join(client);
    const auto first = hear(server, events_of(token));
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(first->chunked(13), "a\n\ndata: torn") << "a torn end is served";
    EXPECT_EQ(first->chunked_to_end().has_value(), !broken);
    HttpClient too_early(server.port());
    too_early.request("GET", events_of(token));
    EXPECT_EQ(too_early.to_end(), "");
    // On a shared timeline time went on: who comes back then comes late.
    const std::string rest = GetParam() == Sharing::shared ? ": state 2\n\nb\n\n" : "b\n\n";
    EXPECT_TRUE(eventually([&] {
      HttpClient again(server.port());
      again.request("GET", events_of(token));
      return again.head().status == 200 && again.chunked(rest.size()) == rest;
    }));
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(200));
  }
}

INSTANTIATE_TEST_SUITE_P(, FaithfulReconnect, testing::Values(Sharing::separate, Sharing::shared));

}  // namespace
}  // namespace tapedeck::replayer
