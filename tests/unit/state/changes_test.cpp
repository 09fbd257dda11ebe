// Decoding only what has changed gives, event by event, what decoding everything gives.
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/sim/payload.hpp"
#include "core/sim/sim_source.hpp"
#include "tests/support/both_paths.hpp"
#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

using event::Kind;
using tapedeck::test::BothPaths;

class Changes : public testing::TestWithParam<Client> {
 protected:
  [[nodiscard]] static ReducerOptions options(bool signals) {
    return {.client = GetParam(), .signals = signals, .digest = true};
  }

  /// Every event of the frame `raw`.
  static void expect_same(BothPaths& both, event::WireReader& reader,
                          const event::FramePlace& place, std::string_view raw) {
    both.end_turn();
    reader.push(place, raw);
    while (const auto event = reader.next_undecoded()) {
      ASSERT_TRUE(both.apply(*event)) << event->name << ' ' << event->data;
    }
  }
};

TEST_P(Changes, OfASimulatedConference) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    sim::SimSource source({.seed = seed, .participants = 20, .breakouts = 2});
    Join join;
    join.self = source.self();
    BothPaths both(join, options(seed % 2 == 0));
    event::WireReader reader;
    for (int i = 0; i < 1500; ++i) {
      const auto frame = source.next();
      ASSERT_TRUE(frame && *frame);
      expect_same(both, reader, {(*frame)->seq, (*frame)->connection_id, (*frame)->recv_ns},
                  (*frame)->raw);
      ASSERT_TRUE(i % 100 != 0 || both.is_same_state()) << "seed " << seed << ", frame " << i;
    }
    EXPECT_TRUE(both.is_same_state()) << "seed " << seed;
    const auto updates =
        both.changes().state().counts.by_kind[static_cast<std::size_t>(Kind::participant_update)];
    EXPECT_GT(both.undecoded(), updates * 8 / 10) << "seed " << seed;
  }
}

TEST_P(Changes, OfTheScenarios) {
  std::size_t scenarios = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TAPEDECK_SCENARIOS)) {
    std::ifstream file(entry.path() / "input.sse", std::ios::binary);
    std::ostringstream stream;
    stream << file.rdbuf();
    const std::string bytes = stream.str();
    BothPaths both({}, options(true));
    event::WireReader reader;
    expect_same(both, reader, {1, 1, 1}, bytes);
    EXPECT_TRUE(both.is_same_state()) << entry.path();
    ++scenarios;
  }
  EXPECT_GT(scenarios, 10U);
}

TEST(ChangesOfOne, AreDecodedAloneWhereItIsCertain) {
  const auto payload = [](std::string_view name, std::string_view muted, std::string_view buzz,
                          std::string_view uuid = "u", std::string_view more = "") {
    return R"({ "a":{"x":"y"}, "b":[1], "display_name": )" + std::string(name) + R"(,"is_muted":)" +
           std::string(muted) + R"(,"buzz_time" :)" + std::string(buzz) + R"(, "uuid":")" +
           std::string(uuid) + R"(","uri":"x", "last":{"uuid":"z"})" + std::string(more) + " }";
  };
  BothPaths both({}, {.signals = false});
  const auto is_decoded = [&](const std::string& text) {
    const std::size_t before = both.undecoded();
    EXPECT_TRUE(both.apply(Kind::participant_update, text) && both.is_same_state()) << text;
    return both.undecoded() == before;
  };
  both.apply(Kind::participant_create, payload("\"A\"", "\"NO\"", "0"));
  EXPECT_FALSE(is_decoded(payload("\"A\"", "\"NO\"", "0"))) << "the same";
  EXPECT_FALSE(is_decoded(payload("\"A\"", "\"YES\"", "0")));
  EXPECT_TRUE(both.changes().state().main().participants.get(JsKey("u"))->is_muted);
  EXPECT_FALSE(is_decoded(payload("\"Ada\"", "null", "1767603600.25")));
  EXPECT_TRUE(both.changes().state().main().participants.get(JsKey("u"))->raised_hand);
  EXPECT_FALSE(is_decoded(payload("\"A\"", "false", "-0")));
  EXPECT_FALSE(is_decoded(payload("\"A\"", "\"\"", "\"1e3\"")));
  EXPECT_TRUE(is_decoded(payload("\"\"", "\"NO\"", "0"))) << "the name comes from elsewhere";
  EXPECT_TRUE(is_decoded(payload("\"\\u00e9\"", "\"NO\"", "0"))) << "an escape";
  EXPECT_TRUE(is_decoded(payload("\"A\"", "{}", "0")));
  EXPECT_TRUE(is_decoded(payload("\"A\"", "\"NO\"", "[]")));
  EXPECT_TRUE(is_decoded(payload("\"A\"", "\"NO\"", "01"))) << "no number";
  EXPECT_TRUE(is_decoded(payload("\"A\"", "\"NO\"", "0 "))) << "other white space";
  EXPECT_TRUE(is_decoded(payload("\"A\"", "\"NO\"", "0", "v"))) << "somebody else";
  EXPECT_TRUE(is_decoded(payload("\"A\"", "\"NO\"", "0", "u", ",\"new\":1")));
  EXPECT_TRUE(is_decoded(payload("\"A\"", "\"NO\"", "0", "u", ",\"last\":2")));
  EXPECT_TRUE(is_decoded(payload("\"A\"", "\"NO\"", "0")));
  EXPECT_FALSE(is_decoded(payload("\"B\"", "\"NO\"", "0")));
  const std::string long_text = '"' + std::string(500, 'm') + '"';
  EXPECT_FALSE(is_decoded(payload("\"A\"", long_text, "0"))) << "the second has no room in place";
  both.apply(Kind::participant_delete, R"({"uuid":"u"})");
  EXPECT_TRUE(is_decoded(payload("\"A\"", "\"NO\"", "0"))) << "nobody";
  both.apply(Kind::participant_create, payload("\"A\"", "\"NO\"", "0"));
  both.apply(Kind::participant_sync_begin, "null");
  EXPECT_TRUE(is_decoded(payload("\"A\"", "\"NO\"", "0"))) << "nobody";
}

/// A payload with one or two edits that make JSON, or not.
std::string edited(std::string text, Random& random) {
  constexpr std::array<std::string_view, 22> parts{
      "true",     "false",
      "null",     "\"YES\"",
      "\"NO\"",   "\"\"",
      "0",        "-0",
      "1e9",      "12.5",
      "[]",       "{}",
      "\\u00e9",  " ",
      "\n",       ",",
      ":",        "}",
      "\"x\":1",  "\"",
      "\xc3\xab", "\"much longer than it was before\""};
  for (std::uint64_t i = 0; i <= random.below(2); ++i) {
    std::size_t at = random.below(text.size() + 1);
    std::size_t size = random.below(3);
    if (random.percent(70)) {  // the value of a member
      const std::size_t colon = text.find("\":", at);
      at = colon == std::string::npos ? at : colon + 2;
      size = std::min(text.find_first_of(",}", at), text.size()) - std::min(at, text.size());
    }
    text.replace(std::min(at, text.size()), size, parts[random.below(parts.size())]);
  }
  return text;
}

TEST_P(Changes, OfAnything) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    ReducerOptions chosen = options(random.percent(50));
    if (random.percent(30)) {
      chosen.state_bytes_max = 9000 + random.below(2000);
      chosen.roster_listed_max = 2;
    }
    Join join;
    join.self = random.percent(50) ? "uuid-0" : "";
    BothPaths both(join, chosen);
    std::array<std::string, 3> payloads;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      sim::Participant person;
      person.uuid = "uuid-" + std::to_string(i);
      person.display_name = "Zo\xc3\xab";
      payloads[i] = sim::participant_payload(person);
      both.apply(Kind::participant_create, payloads[i]);
    }
    for (int i = 0; i < 60; ++i) {
      std::string& last = payloads[random.below(payloads.size())];
      const std::string next = edited(last, random);
      const Kind kind = random.percent(95)   ? Kind::participant_update
                        : random.percent(80) ? Kind::participant_create
                                             : Kind::participant_delete;
      ASSERT_TRUE(both.apply(kind, next)) << "seed " << seed << ": " << next;
      ASSERT_TRUE(both.is_same_state()) << "seed " << seed << ": " << next;
      last = random.percent(60) ? next : last;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Clients, Changes,
                         testing::Values(Client::client_17, Client::client_19, Client::client_20),
                         [](const auto& tested) {
                           return "client_" + std::string(policy_of(tested.param).name.substr(7));
                         });

}  // namespace
}  // namespace tapedeck::state::test
