#include "core/verdict/expectation.hpp"

#include <random>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"
#include "core/verdict/examination.hpp"
#include "tests/support/stream_generator.hpp"
#include "tests/unit/verdict/frames.hpp"

namespace tapedeck::verdict {
namespace {

/// One pass over a tape, as `verify` makes it.
template <class After>
Totals examine(const Blocks& tape, TimelessState& state, After after) {
  Examination examination{state::Join(), RuleSet()};
  PluginEventCounts plugin_events{state::Join()};
  MemorySource source(tape);
  Totals totals;
  while (const auto frame = *source.next()) {
    examination.frame(*frame, 0);
    state.frame(*frame);
    plugin_events.frame(*frame, 0);
    after(*frame);
    ++totals.frames;
  }
  examination.finish();
  state.finish();
  plugin_events.finish();
  totals.plugin_events = plugin_events.counts();
  for (const RuleInfo& rule : rules()) {
    if (examination.findings().count(rule.rule) != 0) {
      totals.findings.emplace(rule.id, examination.findings().count(rule.rule));
    }
  }
  return totals;
}

std::string expectation_of(const Blocks& tape,
                           std::size_t checkpoints_max = limits::checkpoints_max) {
  ChangeCount changes;
  TimelessState first{state::Join()};
  examine(tape, first, [&](const port::Frame&) { changes.after(first.reducer()); });
  ExpectationWriter writer(changes.changes(), checkpoints_max);
  TimelessState second{state::Join()};
  const Totals totals = examine(
      tape, second, [&](const port::Frame& frame) { writer.after(frame, second.reducer()); });
  return writer.finish(totals, second.reducer());
}

std::vector<Departure> departures_of(const Blocks& tape, const std::string& text) {
  const auto expectation = Expectation::parse(text);
  EXPECT_TRUE(expectation) << expectation.error().message;
  if (!expectation) {
    return {};
  }
  ExpectationCheck check(*expectation);
  TimelessState state{state::Join()};
  const Totals totals =
      examine(tape, state, [&](const port::Frame& frame) { check.after(frame, state.reducer()); });
  check.finish(totals, state.reducer());
  return check.departures();
}

std::string block(std::string_view event, std::string_view data) {
  return "event: " + std::string(event) + "\ndata: " + std::string(data) + "\n\n";
}

std::string create(const std::string& uuid) {
  return block("participant_create", R"({"uuid":")" + uuid + R"(","is_muted":"NO"})");
}

const Blocks meeting{
    block("participant_sync_begin", "null"),
    create("ada"),
    create("bo"),
    block("participant_sync_end", "null"),
    block("conference_update", R"({"locked":false})"),
    block("participant_update", R"({"uuid":"bo","is_muted":"YES"})"),
    ": keep-alive\n\n",
    block("conference_update", R"({"locked":true})"),
    block("participant_delete", R"({"uuid":"bo"})"),
};

/// `text` with `from`, which occurs in it, replaced by `to`.
std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Expectation, IsMetByTheTapeItWasWrittenFor) {
  EXPECT_TRUE(departures_of(meeting, expectation_of(meeting)).empty());
  EXPECT_TRUE(departures_of({}, expectation_of({})).empty());
  const Blocks tape = conference(3);
  EXPECT_TRUE(departures_of(tape, expectation_of(tape)).empty());
}

TEST(Expectation, IsTheSameTextEachTime) {
  EXPECT_EQ(expectation_of(conference(4)), expectation_of(conference(4)));
}

TEST(Expectation, SaysWhereTheStateDepartsFirst) {
  Blocks tape = meeting;
  tape[5] = block("participant_update", R"({"uuid":"bo","is_muted":"NO"})");
  const auto departures = departures_of(tape, expectation_of(meeting));
  ASSERT_FALSE(departures.empty());
  EXPECT_EQ(departures[0].seq, 6U);
  EXPECT_EQ(departures[0].t_ns, 60 * ns_per_ms);
  EXPECT_EQ(departures[0].field, "/state/rooms/0/participants/1/isMuted");
  EXPECT_EQ(departures[0].expected, "true");
  EXPECT_EQ(departures[0].got, "false");
}

TEST(Expectation, SaysThatAChangeIsMissing) {
  Blocks tape = meeting;
  tape[7] = ": nothing\n\n";
  const auto departures = departures_of(tape, expectation_of(meeting));
  ASSERT_GE(departures.size(), 2U);
  EXPECT_EQ(departures[0].seq, 8U);
  EXPECT_EQ(departures[0].field, "/state/rooms/0/status/locked");
  EXPECT_EQ(departures[0].expected, "true");
  EXPECT_EQ(departures[0].got, "false");
  EXPECT_EQ(departures[1].field, "/plugin_events/conferenceStatus");
}

TEST(Expectation, SaysThatAChangeIsNew) {
  Blocks tape = meeting;
  tape[6] = create("cy");
  const auto departures = departures_of(tape, expectation_of(meeting));
  ASSERT_FALSE(departures.empty());
  EXPECT_EQ(departures[0].seq, 7U);
  EXPECT_EQ(departures[0].field, "/state/rooms/0/participants/2");
  EXPECT_EQ(departures[0].expected, "nothing");
}

TEST(Expectation, SaysThatTheTapeEndsEarly) {
  const Blocks tape(meeting.begin(), meeting.end() - 1);
  const auto departures = departures_of(tape, expectation_of(meeting));
  ASSERT_GE(departures.size(), 2U);
  EXPECT_EQ(departures[0].field, "/state/rooms/0/participants/1");
  EXPECT_EQ(departures[0].expected, "nothing");
  EXPECT_EQ(departures[1].field, "/frames");
  EXPECT_EQ(departures[1].expected, "9");
  EXPECT_EQ(departures[1].got, "8");
}

TEST(Expectation, AllowsTheFindingsItNamesAndNoMore) {
  Blocks tape = meeting;
  tape.push_back(block("weather", "1"));
  const std::string text = expectation_of(tape);
  EXPECT_TRUE(departures_of(tape, text).empty());
  const auto fewer =
      departures_of(tape, replaced(text, R"("unknown-event": 1)", R"("unknown-event": 5)"));
  EXPECT_TRUE(fewer.empty());
  const auto more =
      departures_of(tape, replaced(text, R"("unknown-event": 1)", R"("unknown-event": 0)"));
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].field, "/findings/unknown-event");
  EXPECT_EQ(more[0].expected, "at most 0");
  EXPECT_EQ(more[0].got, "1");
}

TEST(Expectation, NoticesAFileThatWasChanged) {
  const std::string text = expectation_of(meeting);
  const auto state = departures_of(meeting, replaced(text, R"("locked": true)", R"("locked": 7)"));
  ASSERT_EQ(state.size(), 1U);
  EXPECT_EQ(state[0].field, "/state/rooms/0/status/locked");
  const auto frames = departures_of(meeting, replaced(text, R"("frames": 9)", R"("frames": 8)"));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].field, "/frames");
}

TEST(Expectation, HasNoMoreCheckpointsThanTheLimitAndStillFindsTheDeparture) {
  Blocks tape = meeting;
  for (int i = 0; i < 600; ++i) {
    tape.push_back(
        block("conference_update", i % 2 == 0 ? R"({"locked":false})" : R"({"locked":true})"));
  }
  constexpr std::size_t checkpoints_max = 256;
  const std::string text = expectation_of(tape, checkpoints_max);
  event::Decoder decoder;
  EXPECT_LE(decoder.decode(text).value["checkpoints"].items().size(), checkpoints_max);
  EXPECT_TRUE(departures_of(tape, text).empty());
  const Blocks tape_before = tape;
  tape[300] = block("conference_update", R"({"locked":"maybe"})");
  const auto departures = departures_of(tape, text);
  ASSERT_FALSE(departures.empty());
  EXPECT_GE(departures[0].seq, 301U);
  EXPECT_LE(departures[0].seq, 301U + 610 / checkpoints_max + 1);
  const auto exact = departures_of(tape, expectation_of(tape_before));
  EXPECT_EQ(exact[0].seq, 301U) << "with a checkpoint for each change";
}

TEST(Expectation, HoldsPayloadsAsDeepAsThereCanBe) {
  std::string deep(limits::json_depth_max - 1, '[');
  deep += std::string(limits::json_depth_max - 1, ']');
  const Blocks tape{block("layout", "{\"view\":" + deep + "}")};
  EXPECT_TRUE(departures_of(tape, expectation_of(tape)).empty());
  const Blocks flat{block("layout", "{\"view\":7}")};
  EXPECT_EQ(departures_of(flat, expectation_of(tape))[0].field, "/state/rooms/0/layout/view");
}

TEST(Expectation, AFileThatIsNoneIsRefusedInOneSentence) {
  const std::string text = expectation_of(meeting);
  for (const std::string& wrong :
       {std::string(), std::string("{"), std::string("null"), std::string("[]"), std::string("{}"),
        std::string("\xff\xfe"), std::string(R"({"tapedeck":"expectation"})"),
        replaced(text, R"("version": 1)", R"("version": 2)"),
        replaced(text, R"("version": 1)", R"("version": "1")"),
        replaced(text, R"("frames": 9)", R"("frames": -9)"),
        replaced(text, R"("frames": 9)", R"("frames": 9.5)"),
        replaced(text, R"("frames": 9)", R"("frames": 1e300)"),
        replaced(text, R"("digest": ")", R"("digest": null, "x": ")"),
        replaced(text, R"("checkpoints": [)", R"("checkpoints": [null,)"),
        replaced(text, R"("checkpoints": [)",
                 R"("checkpoints": [{"seq":1e9,"digest":"","patch":[]},)"),
        replaced(text, R"("checkpoints": [)", R"("checkpoints": 5, "y": [)"),
        replaced(text, R"("plugin_events": {)", R"("plugin_events": {"x": [],)"),
        replaced(text, R"("state": {)", R"("state": 5, "z": {)")}) {
    const auto expectation = Expectation::parse(wrong);
    ASSERT_FALSE(expectation) << wrong.substr(0, 200);
    EXPECT_EQ(expectation.error().message.find('\n'), std::string::npos);
    EXPECT_FALSE(expectation.error().message.empty());
  }
}

TEST(Expectation, APatchThatDoesNotFitIsADeparture) {
  const std::string text = expectation_of(meeting);
  const auto departures = departures_of(
      meeting,
      replaced(replaced(text, R"("path":"/rooms/0/participants/1")", R"("path":"/rooms/7/x")"),
               R"("digest":")", R"("digest":"0)"));
  ASSERT_EQ(departures.size(), 1U);
}

/// Bytes of an expectation changed at random: a departure, a refusal or nothing, never a crash.
TEST(Expectation, TakesWhateverComes) {
  const std::string text = expectation_of(meeting);
  for (unsigned seed = 1; seed <= 80; ++seed) {
    std::mt19937 random(seed);
    std::string damaged = text;
    for (auto edits = 1 + random() % 6; edits > 0; --edits) {
      const std::size_t at = random() % damaged.size();
      constexpr std::string_view letters = "0123456789{}[],:\"/~nulx-e";
      damaged[at] = letters[random() % letters.size()];
      if (random() % 8 == 0) {
        damaged.erase(at, random() % 30);
      }
    }
    if (Expectation::parse(damaged)) {
      (void)departures_of(meeting, damaged);
    }
  }
  for (std::uint64_t seed = 1; seed <= 9; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Blocks tape = blocks_of(test::generate_stream(seed));
    const auto departures = departures_of(tape, expectation_of(tape));
    EXPECT_TRUE(departures.empty())
        << departures[0].field << ": " << departures[0].expected << ", " << departures[0].got;
  }
}

}  // namespace
}  // namespace tapedeck::verdict
