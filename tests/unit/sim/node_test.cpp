#include "core/sim/node.hpp"

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "tests/support/stream_checker.hpp"

namespace tapedeck::sim {
namespace {

constexpr const char* alice = "aaaaaaaa-0000-4000-8000-000000000001";
constexpr const char* bob = "bbbbbbbb-0000-4000-8000-000000000002";

constexpr Options busy{
    .seed = 11, .participants = 15, .breakouts = 2, .duration_ns = 90 * ns_per_s};

struct Heard {
  std::vector<std::string> blocks;
  std::vector<std::string> faults;
  std::map<std::string, std::map<std::string, std::string>> rosters;

  /// How many blocks hold this text.
  [[nodiscard]] int count(std::string_view text) const {
    int found = 0;
    for (const std::string& block : blocks) {
      found += block.find(text) != std::string::npos ? 1 : 0;
    }
    return found;
  }
};

/// Reads on until `until_ns`, or to the end of the stream.
void listen(port::FrameSource& stream, test::StreamChecker& checker, Heard& heard,
            std::int64_t until_ns = INT64_MAX) {
  while (const auto frame = stream.next().value()) {
    checker.take(frame->raw, frame->recv_ns);
    heard.blocks.emplace_back(frame->raw);
    if (frame->recv_ns >= until_ns) {
      break;
    }
  }
  heard.faults = checker.faults();
  heard.rosters = checker.rosters();
}

TEST(Node, AClientThatJoinsIsInItsOwnRosterAndTheOthersSeeItCome) {
  Node node(busy);
  auto observed = node.open_stream(node.observer_uuid(), 0).value();
  test::StreamChecker observer(node.observer_uuid());
  Heard seen;
  listen(*observed, observer, seen, 5 * ns_per_s);
  EXPECT_EQ(seen.count(alice), 0);

  ASSERT_TRUE(node.join({alice, "Alice"}, 5 * ns_per_s));
  auto joined = node.open_stream(alice, 5 * ns_per_s).value();
  test::StreamChecker client(alice, 1);
  Heard own;
  listen(*joined, client, own);
  listen(*observed, observer, seen);

  EXPECT_TRUE(own.faults.empty()) << own.faults.front();
  EXPECT_TRUE(seen.faults.empty()) << seen.faults.front();
  EXPECT_EQ(seen.count("event: participant_create\ndata: {\"api_url\":\"/participants/" +
                       std::string(alice)),
            1);
  EXPECT_TRUE(own.rosters == seen.rosters);
}

TEST(Node, EveryStreamHasTheSameMomentsInTheSameOrder) {
  Node node(busy);
  auto first = node.open_stream(node.observer_uuid(), 10 * ns_per_s).value();
  auto second = node.open_stream(node.observer_uuid(), 10 * ns_per_s).value();
  // The one is read to the end before the other begins.
  std::vector<std::pair<std::int64_t, std::string>> ahead;
  while (const auto frame = first->next().value()) {
    ahead.emplace_back(frame->recv_ns, frame->raw);
  }
  std::size_t at = 0;
  while (const auto frame = second->next().value()) {
    ASSERT_LT(at, ahead.size());
    if (ahead[at].second.find("participant_sync_end") == std::string::npos && at > 60) {
      EXPECT_EQ(frame->recv_ns, ahead[at].first);
      EXPECT_EQ(frame->raw, ahead[at].second);
    }
    ++at;
  }
  EXPECT_EQ(at, ahead.size());
}

TEST(Node, AHostHasAnIdentityOfItsOwnInEveryBreakoutRoom) {
  Node node(busy);
  ASSERT_TRUE(node.join({alice, "Alice"}, 1 * ns_per_s));
  ASSERT_TRUE(node.join({bob, "Bob"}, 12 * ns_per_s));  // the rooms are open by then
  auto early = node.open_stream(alice, 1 * ns_per_s);
  ASSERT_FALSE(early.has_value() && node.conference().now_ns() < 12 * ns_per_s);
  auto hers = node.open_stream(alice, 12 * ns_per_s).value();
  auto his = node.open_stream(bob, 12 * ns_per_s).value();
  test::StreamChecker of_alice(alice);
  test::StreamChecker of_bob(bob);
  Heard alice_heard;
  Heard bob_heard;
  listen(*hers, of_alice, alice_heard);
  listen(*his, of_bob, bob_heard);
  EXPECT_TRUE(alice_heard.faults.empty()) << alice_heard.faults.front();
  EXPECT_TRUE(bob_heard.faults.empty()) << bob_heard.faults.front();
  EXPECT_GE(alice_heard.count("event: breakout_begin\n"), 2);
  for (const std::string& block : alice_heard.blocks) {
    if (block.starts_with("event: breakout_begin\n")) {
      EXPECT_EQ(bob_heard.count(block.substr(0, block.find("\nid: "))), 0);
    }
  }
}

TEST(Node, WhoLeavesIsSeenToLeaveAndHearsNoMore) {
  Node node(busy);
  ASSERT_TRUE(node.join({alice, "Alice"}, 2 * ns_per_s));
  auto hers = node.open_stream(alice, 2 * ns_per_s).value();
  auto observed = node.open_stream(node.observer_uuid(), 2 * ns_per_s).value();
  test::StreamChecker observer(node.observer_uuid());
  Heard seen;
  listen(*observed, observer, seen, 15 * ns_per_s);
  node.leave(alice, 16 * ns_per_s);
  node.leave(alice, 16 * ns_per_s);
  listen(*observed, observer, seen);
  EXPECT_TRUE(seen.faults.empty()) << seen.faults.front();
  EXPECT_EQ(seen.count("event: participant_delete\ndata: {\"uuid\":\"" + std::string(alice)), 1);

  int frames = 0;
  while (hers->next().value()) {
    ++frames;
  }
  EXPECT_LT(frames, 40);  // the roster that was already on its way, nothing live
  EXPECT_FALSE(node.open_stream(alice, 20 * ns_per_s));
}

TEST(Node, ClientsDoNotChangeWhatTheConferenceDoes) {
  const auto spoken = [](bool with_clients) {
    Node node(busy);
    auto stream = node.open_stream(node.observer_uuid(), 0).value();
    std::vector<std::string> said;
    bool has_joined = false;
    while (const auto frame = stream->next().value()) {
      if (with_clients && !has_joined && frame->recv_ns > 4 * ns_per_s) {
        has_joined = true;
        EXPECT_TRUE(node.join({alice, "Alice"}, frame->recv_ns));
      }
      const std::string_view raw = frame->raw;
      if (raw.starts_with("event: stage") || raw.starts_with("event: message_received") ||
          raw.starts_with("event: layout")) {
        said.emplace_back(raw.substr(0, raw.find("\nid: ")));
      }
    }
    return said;
  };
  EXPECT_EQ(spoken(false), spoken(true));
}

TEST(Node, AUuidIsTakenOnce) {
  Node node(busy);
  ASSERT_TRUE(node.join({alice, "Alice"}, 0));
  EXPECT_FALSE(node.join({alice, "Alice again"}, 0));
  EXPECT_FALSE(node.join({node.observer_uuid(), "Eve"}, 0));
  EXPECT_FALSE(node.open_stream(bob, 0));
}

TEST(Node, AConferenceThatIsOverTakesNobody) {
  Node node(busy);
  EXPECT_FALSE(node.join({alice, "Alice"}, 90 * ns_per_s));
  EXPECT_FALSE(node.open_stream(node.observer_uuid(), 90 * ns_per_s));
  EXPECT_TRUE(node.is_over());
}

TEST(Node, AClientThatLostItsStreamOpensAnother) {
  Node node(busy);
  ASSERT_TRUE(node.join({alice, "Alice"}, 2 * ns_per_s));
  { auto lost = node.open_stream(alice, 2 * ns_per_s).value(); }
  auto again = node.open_stream(alice, 9 * ns_per_s).value();
  test::StreamChecker client(alice);
  Heard own;
  listen(*again, client, own);
  EXPECT_TRUE(own.faults.empty()) << own.faults.front();
}

TEST(Node, AStreamThatNobodyReadsFailsInsteadOfGrowing) {
  Node node({.seed = 1}, 500);
  auto forgotten = node.open_stream(node.observer_uuid(), 0).value();
  auto read = node.open_stream(node.observer_uuid(), 0).value();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(read->next().value());
  }
  Result<std::optional<port::Frame>> next = forgotten->next();
  for (int i = 0; i < 100 && next; ++i) {
    next = forgotten->next();
  }
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().message,
            "cannot read on in the simulated conference: the reader fell more than 500 events "
            "behind");
}

TEST(Node, AGuestSeesNothingOfTheBreakoutRooms) {
  Node node(busy);
  ASSERT_TRUE(node.join({alice, "Alice", "", Role::chair}, 1 * ns_per_s));
  ASSERT_TRUE(node.join({bob, "Bob", "a tag", Role::guest}, 1 * ns_per_s));
  auto hers = node.open_stream(alice, 12 * ns_per_s).value();  // the rooms are open by then
  auto his = node.open_stream(bob, 12 * ns_per_s).value();
  test::StreamChecker of_bob(bob, 1);
  test::StreamChecker of_alice(alice, 1);
  Heard heard;
  Heard host_heard;
  listen(*his, of_bob, heard);
  listen(*hers, of_alice, host_heard);
  EXPECT_TRUE(heard.faults.empty()) << heard.faults.front();
  EXPECT_EQ(heard.count("event: breakout_"), 0);
  EXPECT_EQ(heard.count(R"("call_tag":"a tag")"), 1);
  EXPECT_GT(host_heard.count("event: breakout_"), 0);
  EXPECT_TRUE(heard.rosters.at("") == host_heard.rosters.at(""));
}

constexpr Options locked{
    .seed = 11, .participants = 15, .breakouts = 1, .duration_ns = 300 * ns_per_s, .locked = true};

TEST(Node, AGuestOfALockedConferenceSeesItselfAloneAndIsTurnedAwayInTheEnd) {
  Node node(locked);
  EXPECT_EQ(node.join({alice, "Alice", "", Role::chair}, 0).value(), ServiceType::conference);
  EXPECT_EQ(node.join({bob, "Bob", "", Role::guest}, 1 * ns_per_s).value(),
            ServiceType::waiting_room);
  auto hers = node.open_stream(alice, 1 * ns_per_s).value();
  auto his = node.open_stream(bob, 1 * ns_per_s).value();
  std::vector<std::string> events;
  std::int64_t last_ns = 0;
  while (const auto frame = his->next().value()) {
    events.emplace_back(frame->raw.substr(0, frame->raw.find("\nid: ")));
    last_ns = frame->recv_ns;
  }
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0], "event: participant_sync_begin\ndata: null");
  EXPECT_NE(events[1].find(R"("service_type":"waiting_room")"), std::string::npos);
  EXPECT_EQ(events[2], "event: participant_sync_end\ndata: null");
  EXPECT_EQ(events[3],
            "event: disconnect\ndata: {\"reason\":\"Timeout waiting for conference host to join or "
            "permit access to locked conference\"}");
  EXPECT_EQ(last_ns, 1 * ns_per_s + waiting_max_ns);
  EXPECT_FALSE(node.open_stream(bob, last_ns)) << "it has left";

  test::StreamChecker of_alice(alice, 1);
  Heard heard;
  listen(*hers, of_alice, heard);
  EXPECT_TRUE(heard.faults.empty()) << heard.faults.front();
  EXPECT_EQ(heard.count("event: participant_delete\ndata: {\"uuid\":\"" + std::string(bob)), 1);
}

TEST(Node, AGuestWhoIsLetInSeesAllFromThenOn) {
  Options admitting = locked;
  admitting.admit_after_ns = 5 * ns_per_s;
  Node node(admitting);
  ASSERT_TRUE(node.join({alice, "Alice", "", Role::chair}, 0));
  ASSERT_TRUE(node.join({bob, "Bob", "", Role::guest}, 10 * ns_per_s));
  auto hers = node.open_stream(alice, 10 * ns_per_s).value();
  auto his = node.open_stream(bob, 10 * ns_per_s).value();
  test::StreamChecker of_alice(alice, 1);
  test::StreamChecker of_bob(bob, 1);
  Heard host_heard;
  listen(*hers, of_alice, host_heard);  // far ahead of the guest
  int waiting = 0;
  while (const auto frame = his->next().value()) {
    if (frame->recv_ns < 15 * ns_per_s) {
      ++waiting;
    } else {
      of_bob.take(frame->raw, frame->recv_ns);
    }
  }
  EXPECT_EQ(waiting, 3);
  EXPECT_TRUE(of_bob.faults().empty()) << of_bob.faults().front();
  EXPECT_TRUE(of_bob.rosters().at("") == host_heard.rosters.at(""));
}

TEST(Node, AClientIsReferredAlone) {
  Node node(busy);
  ASSERT_TRUE(node.join({alice, "Alice"}, 0));
  ASSERT_TRUE(node.join({bob, "Bob"}, 0));
  node.refer(alice, 20 * ns_per_s, {.alias = "next", .token = "once"});
  node.refer("nobody", 21 * ns_per_s, {.alias = "next", .token = "void"});
  auto hers = node.open_stream(alice, 1 * ns_per_s).value();
  auto his = node.open_stream(bob, 1 * ns_per_s).value();
  test::StreamChecker of_alice(alice, 1);
  test::StreamChecker of_bob(bob, 1);
  Heard alice_heard;
  Heard bob_heard;
  listen(*hers, of_alice, alice_heard);
  listen(*his, of_bob, bob_heard);
  EXPECT_EQ(alice_heard.count("event: refer\ndata: {\"alias\":\"next\",\"token\":\"once\"}\n"), 1);
  EXPECT_EQ(alice_heard.count("event: refer\n"), 1);
  EXPECT_EQ(bob_heard.count("event: refer\n"), 0);
}

TEST(Node, AConferenceThatIsLockedStaysSo) {
  Node node(locked);
  auto stream = node.open_stream(node.observer_uuid(), 0).value();
  int told = 0;
  while (const auto frame = stream->next().value()) {
    if (frame->raw.starts_with("event: conference_update")) {
      ++told;
      EXPECT_NE(frame->raw.find(R"("locked":true)"), std::string_view::npos);
    }
  }
  EXPECT_GT(told, 1);
}

}  // namespace
}  // namespace tapedeck::sim
