// What clients command a simulated conference to is done, and leaves it one that a node could have.
#include "cli/simulated_change.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/base/units.hpp"
#include "core/sim/node.hpp"
#include "tests/support/stream_checker.hpp"

namespace tapedeck::cli {
namespace {

constexpr const char* alice = "aaaaaaaa-0000-4000-8000-000000000001";

/// A room of the conference, and somebody in it.
struct Chosen {
  std::string room;
  std::string who;
};

Chosen choose(const sim::Conference& conference, Random& random) {
  auto room = conference.rooms().begin();
  std::advance(room, random.below(conference.rooms().size()));
  auto who = room->second.participants.begin();
  std::advance(who, random.below(room->second.participants.size()));
  return {room->second.is_main() ? "main" : room->second.uuid, who->second.uuid};
}

Change some_change(const sim::Conference& conference, Random& random) {
  using What = Change::What;
  constexpr std::array fields{std::pair{"is_muted", R"("YES")"},
                              std::pair{"is_muted", R"("NO")"},
                              std::pair{"is_presenting", R"("YES")"},
                              std::pair{"is_presenting", R"("NO")"},
                              std::pair{"spotlight", "1"},
                              std::pair{"buzz_time", "0"},
                              std::pair{"service_type", R"("conference")"},
                              std::pair{"role", R"("guest")"},
                              std::pair{"is_video_muted", "true"},
                              std::pair{"needs_presentation_in_mix", "true"}};
  constexpr std::array statuses{std::pair{"locked", "true"}, std::pair{"locked", "false"},
                                std::pair{"guests_muted", "true"},
                                std::pair{"breakoutbuzz", R"({"value":true})"}};
  constexpr std::array layouts{R"("4:0")", R"("no such")", R"("16:0")"};
  const auto [room, who] = choose(conference, random);
  Change change{.room = room, .who = who};
  switch (random.below(8)) {
    case 0:
    case 1:
      change.fields.emplace_back(random.pick(fields));
      if (change.fields.front().first == "is_presenting") {
        change.what = What::floor;
      }
      return change;
    case 2:
      change.what = What::status;
      change.fields.emplace_back(random.pick(statuses));
      return change;
    case 3:
      change.what = What::layout;
      change.fields.emplace_back("view", random.pick(layouts));
      return change;
    case 4:
      change.what = What::message;
      change.text = "hello";
      change.to = random.percent(50) ? alice : "";
      return change;
    case 5:
      change.what = What::move;
      change.to = choose(conference, random).room;
      return change;
    case 6:
      change.what = What::room_ends;
      return change;
    default:
      change.what = What::room_begins;
      change.room = random.uuid();
      change.text = "Blue";
      return change;
  }
}

TEST(SimulatedChange, WhateverIsCommandedTheStreamIsOneThatANodeCouldSend) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    sim::Node node(
        {.seed = seed, .participants = 12, .breakouts = 2, .duration_ns = 90 * ns_per_s});
    auto stream = node.open_stream(node.observer_uuid(), 0).value();
    test::StreamChecker checker(node.observer_uuid());
    Random random(seed);
    std::int64_t next_ns = 0;
    while (const auto frame = stream->next().value()) {
      checker.take(frame->raw, frame->recv_ns);
      if (frame->recv_ns < next_ns) {
        continue;
      }
      next_ns = frame->recv_ns + 300 * ns_per_ms;
      node.act(frame->recv_ns, [&](sim::Conference& conference, sim::Director& director) {
        const Chosen gone = choose(conference, random);
        if (random.percent(20)) {
          director.send_away(find_leg(conference, {.room = gone.room, .who = gone.who}));
        } else {
          apply(some_change(conference, random), conference, director);
        }
      });
    }
    EXPECT_EQ(checker.faults(), std::vector<std::string>()) << "seed " << seed;
  }
}

TEST(SimulatedChange, WhatAClientSaysIsToldToTheOthers) {
  sim::Node node({.seed = 1, .participants = 3});
  ASSERT_TRUE(node.join({alice, "Alice"}, ns_per_s));
  auto hers = node.open_stream(alice, ns_per_s).value();
  auto others = node.open_stream(node.observer_uuid(), ns_per_s).value();
  node.act(ns_per_s, [](sim::Conference& conference, sim::Director& director) {
    apply({.what = Change::What::message,
           .room = "main",
           .who = alice,
           .kind = "text/plain",
           .text = "hello from her"},
          conference, director);
  });
  const auto hears = [](port::FrameSource& stream) {
    for (int i = 0; i < 60; ++i) {
      if (stream.next().value()->raw.find("hello from her") != std::string_view::npos) {
        return true;
      }
    }
    return false;
  };
  EXPECT_TRUE(hears(*others));
  EXPECT_FALSE(hears(*hers));
}

TEST(SimulatedChange, WhoIsSentAwayIsToldWhyAndHearsNoMore) {
  sim::Node node({.seed = 1, .participants = 3});
  ASSERT_TRUE(node.join({alice, "Alice"}, ns_per_s));
  auto hers = node.open_stream(alice, ns_per_s).value();
  node.send_away(alice, "Disconnected by another participant");
  EXPECT_FALSE(node.has_client(alice));
  std::string last;
  while (const auto frame = hers->next().value()) {
    last = frame->raw;
  }
  EXPECT_NE(last.find("Disconnected by another participant"), std::string::npos);
  EXPECT_FALSE(node.greeting(alice, 2 * ns_per_s));
}

}  // namespace
}  // namespace tapedeck::cli
