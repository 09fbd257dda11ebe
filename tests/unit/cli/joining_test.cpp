// Who joins in the middle of a tape knows what who watched from the beginning knows.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/replay_frames.hpp"
#include "core/base/units.hpp"
#include "core/event/decoder.hpp"
#include "core/sim/sim_source.hpp"
#include "core/state/state_json.hpp"
#include "tests/support/files.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/unit/cli/dense_index.hpp"

namespace tapedeck::cli {
namespace {

using tapedeck::test::TapeBuilder;
using tapedeck::test::TemporaryFolder;

/// A client that hears frames.
class Watcher {
 public:
  explicit Watcher(state::Client client)
      : derivation_(state::Join(), {.client = client, .signals = false}) {}

  void hear(const port::Frame& frame) {
    derivation_.push({++seq_, frame.connection_id, 0}, 0, frame.raw);
    while (derivation_.next()) {
    }
  }
  void hear_all(port::FrameSource& source) {
    while (const auto frame = source.next().value()) {
      hear(*frame);
    }
  }

  [[nodiscard]] bool was_sent_away() const { return derivation_.state().disconnect.has_value(); }

  /// Roster, status, stage, layout, presentation and captions of each room.
  [[nodiscard]] std::string sees() const {
    std::string whole;
    append_state_json(whole, derivation_.reducer());
    event::Decoder decoder;
    const event::Value state = decoder.decode(whole).value;
    std::string seen;
    append_json(seen, state["rooms"]);
    append_json(seen, state["splash_screen"]);
    return seen;
  }

 private:
  state::Derivation derivation_;
  std::uint64_t seq_ = 0;
};

class Tape {
 public:
  explicit Tape(const std::string& path) : reader_(schema::TapeReader::open(path).value()) {}

  [[nodiscard]] const schema::TapeReader& reader() const { return *reader_; }
  [[nodiscard]] std::int64_t last_ns() const { return reader_->summary().last_ns; }

  [[nodiscard]] Watcher watched(const ReplayWishes& wishes, state::Client client) const {
    Watcher watcher(client);
    const auto served = ServedFrames::prepare(*reader_, wishes).value();
    watcher.hear_all(*served->open().value());
    return watcher;
  }

  /// Holds two clients against each other, at `from_ns` and at the end.
  void expect_same_from(std::int64_t from_ns, state::Client client) const {
    const auto until_there = watched({.until_ns = from_ns}, client);
    if (until_there.was_sent_away()) {
      return;  // and watches no more
    }
    const ReplayWishes wishes{.timeline = {.from_ns = from_ns}};
    const auto served = ServedFrames::prepare(*reader_, wishes).value();
    Watcher joined(client);
    const auto source = served->open().value();
    auto frame = source->next().value();
    for (; frame && frame->recv_ns < from_ns; frame = source->next().value()) {
      joined.hear(*frame);
    }
    EXPECT_EQ(joined.sees(), until_there.sees()) << "joined at " << from_ns;
    if (frame) {
      joined.hear(*frame);
      joined.hear_all(*source);
    }
    EXPECT_EQ(joined.sees(), watched({}, client).sees()) << "joined at " << from_ns;
  }

 private:
  std::unique_ptr<schema::TapeReader> reader_;
};

/// Forty seconds of a conference.
void simulate(const std::string& path, std::uint64_t seed) {
  sim::SimSource source({.seed = seed,
                         .participants = static_cast<std::uint32_t>(5 * seed),
                         .breakouts = static_cast<std::uint32_t>(seed - 1),
                         .duration_ns = 40 * ns_per_s});
  TapeBuilder builder(path);
  builder.connect();
  while (const auto frame = source.next().value()) {
    builder.frame(frame->recv_ns, frame->raw);
  }
  builder.finish();
}

/// Who is sought to from somewhere else: the frames that tell what is different.
void hear_change(Watcher& watcher, ServedFrames& served, std::uint64_t known_seq,
                 const replayer::Position& to) {
  const auto source =
      served.reopen({.seq = to.seq, .at_ns = to.at_ns, .needs_state = true, .known_seq = known_seq})
          .value();
  for (auto frame = source->next().value(); frame && frame->recv_ns < 0;
       frame = source->next().value()) {
    watcher.hear(*frame);
  }
}

TEST(Seeking, ForwardAndBackLeavesAClientWithTheStateThatWasThere) {
  const TemporaryFolder folder;
  std::mt19937_64 random(5);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::string path = folder.path(std::to_string(seed) + ".tape");
    simulate(path, seed);
    const Tape tape(path);
    const ReplayWishes wishes;
    const auto served = ServedFrames::prepare(tape.reader(), wishes).value();
    // Who knows a status and a layout keeps one: begin where there are such.
    std::uniform_int_distribution<std::int64_t> any(2 * ns_per_s, 39 * ns_per_s);
    auto here = served->place_at(any(random)).value();
    auto watcher = tape.watched({.until_ns = here.at_ns + 1}, state::Client::client_20);
    for (int i = 0; i < 30; ++i) {
      const auto there = i % 3 == 2 ? served->place_behind(here.seq - 1).value()
                                    : served->place_at(any(random)).value();
      hear_change(watcher, *served, here.seq, there);
      here = there;
      ASSERT_EQ(watcher.sees(),
                tape.watched({.until_ns = here.at_ns + 1}, state::Client::client_20).sees())
          << "seed " << seed << ", step " << i << ", at " << here.at_ns;
    }
  }
}

void expect_same_from_anywhere(const std::string& path, int times, std::uint64_t seed) {
  const Tape tape(path);
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::int64_t> any(1, tape.last_ns());
  for (int i = 0; i < times; ++i) {
    const auto client = static_cast<state::Client>(i % 3);
    tape.expect_same_from(any(random), client);
  }
}

TEST(JoiningInTheMiddle, OfASimulatedConference) {
  const TemporaryFolder folder;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::string path = folder.path(std::to_string(seed) + ".tape");
    simulate(path, seed);
    expect_same_from_anywhere(path, 17, seed);
  }
}

TEST(JoiningInTheMiddle, OfATapeWithCheckpoints) {
  const TemporaryFolder folder;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::string path = folder.path(std::to_string(seed) + ".tape");
    simulate(path, seed);
    test::index_densely(path, 20);
    expect_same_from_anywhere(path, 17, seed);
  }
}

TEST(FindingAnEvent, IsTheSameWithCheckpointsButForWhatIsRead) {
  const TemporaryFolder folder;
  sim::SimSource source(
      {.seed = 2, .participants = 10, .breakouts = 1, .duration_ns = 40 * ns_per_s});
  TapeBuilder builder(folder.path());
  builder.connect();
  for (int i = 0; const auto frame = source.next().value(); ++i) {
    builder.frame(frame->recv_ns, frame->raw);
    if (i % 60 == 59) {
      builder.frame(frame->recv_ns, "event: strange" + std::to_string(i) + "\ndata: 1\n\n");
    }
  }
  builder.finish();
  std::filesystem::copy_file(folder.path(), folder.path("indexed.tape"));
  test::index_densely(folder.path("indexed.tape"), 10);
  const Tape plain(folder.path());
  const Tape indexed(folder.path("indexed.tape"));
  const ReplayWishes wishes;
  const auto without = ServedFrames::prepare(plain.reader(), wishes).value();
  const auto with = ServedFrames::prepare(indexed.reader(), wishes).value();
  const std::uint64_t frames = plain.reader().summary().frame_count;
  ASSERT_GT(frames, 150U);
  for (const char* name : {"stage", "participant_delete", "presentation_start", "disconnect",
                           "breakout_end", "strange59", "strange119", "refer", "nothing"}) {
    for (std::uint64_t seq = 0; seq <= frames; seq += 9) {
      const auto expected = without->find_event(name, seq).value();
      const auto found = with->find_event(name, seq).value();
      ASSERT_EQ(found.has_value(), expected.has_value()) << name << " after " << seq;
      EXPECT_EQ(found.value_or(replayer::Position()).seq,
                expected.value_or(replayer::Position()).seq)
          << name << " after " << seq;
    }
  }
  const std::uint64_t searched = with->frames_searched();
  EXPECT_FALSE(with->find_event("nothing", 0).value());
  EXPECT_LE(with->frames_searched() - searched, 30U) << "of " << frames;
}

TEST(JoiningInTheMiddle, OfEveryScenario) {
  const TemporaryFolder folder;
  int scenarios = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TAPEDECK_SCENARIOS)) {
    const std::string path = folder.path(std::to_string(++scenarios) + ".tape");
    tapedeck::test::make_tape(path, tapedeck::test::read_file(entry.path() / "input.sse"));
    SCOPED_TRACE(entry.path().filename().string());
    const Tape tape(path);
    for (std::int64_t at_ns = ns_per_ms; at_ns <= tape.last_ns(); at_ns += ns_per_ms) {
      tape.expect_same_from(at_ns, state::Client::client_20);
    }
  }
  EXPECT_GT(scenarios, 10);
}

constexpr const char* sync_begin = "event: participant_sync_begin\ndata: null\n\n";
constexpr const char* sync_end = "event: participant_sync_end\ndata: null\n\n";

std::string create(const std::string& uuid) {
  return "event: participant_create\ndata: {\"uuid\":\"" + uuid + "\"}\n\n";
}

std::string bytes_of(port::FrameSource& source) {
  std::string bytes;
  while (const auto frame = source.next().value()) {
    bytes += frame->raw;
  }
  return bytes;
}

/// Two connections: the first ends torn, the second begins with a byte order mark.
class ReconnectedTape : public testing::Test {
 protected:
  ReconnectedTape() {
    TapeBuilder(folder_.path())
        .connect()
        .frame(1 * ns_per_s, sync_begin)
        .frame(1 * ns_per_s, create("a"))
        .frame(1 * ns_per_s, sync_end)
        .frame(2 * ns_per_s, "data: torn", false)
        .disconnect(3 * ns_per_s, port::ConnectionEnd::broken)
        .connect(5 * ns_per_s)
        .frame(6 * ns_per_s, "\xef\xbb\xbf" + std::string(sync_begin))
        .frame(6 * ns_per_s, create("b"))
        .frame(6 * ns_per_s, std::string("id: seven\n") + sync_end)
        .frame(8 * ns_per_s, create("c"))
        .finish();
    tape_ = schema::TapeReader::open(folder_.path()).value();
  }

  [[nodiscard]] std::unique_ptr<ServedFrames> prepare(const ReplayWishes& wishes) const {
    wishes_ = wishes;
    return ServedFrames::prepare(*tape_, wishes_).value();
  }

  TemporaryFolder folder_;
  std::unique_ptr<schema::TapeReader> tape_;
  mutable ReplayWishes wishes_;
};

const std::string roster_a = std::string(sync_begin) + create("a") + sync_end;

TEST_F(ReconnectedTape, WhatIsToldFirstIsNoPartOfATornBlockAndNoByteOrderMarkFollowsIt) {
  const auto served = prepare({.timeline = {.from_ns = 2 * ns_per_s}});
  EXPECT_EQ(bytes_of(*served->open().value()),
            roster_a + sync_begin + create("b") + "id: seven\n" + sync_end + create("c"));
}

TEST_F(ReconnectedTape, EachPassOfALoopBeginsWithTheState) {
  const auto served = prepare({.timeline = {.from_ns = 7 * ns_per_s}, .passes = 2});
  const std::string pass = std::string(sync_begin) + create("b") + sync_end + create("c");
  EXPECT_EQ(bytes_of(*served->open().value()), pass + pass);
}

TEST_F(ReconnectedTape, WhoComesBackIsToldHowThingsStandAndGoesOnBehindWhatTheyHad) {
  const auto served = prepare({.passes = 2});
  const std::string first = bytes_of(*served->open().value());
  EXPECT_EQ(bytes_of(*served->reopen({.seq = 7, .needs_state = true}).value()),
            std::string(sync_begin) + create("b") + sync_end + create("c") +
                first.substr(first.size() / 2));
  EXPECT_EQ(bytes_of(*served->reopen({.seq = 8 + 7}).value()), create("c")) << "the second pass";
}

TEST_F(ReconnectedTape, APlaceIsBehindAWholeBlockAndWithinWhatIsPlayed) {
  const auto served = prepare({.timeline = {.from_ns = 1 * ns_per_s}, .until_ns = 7 * ns_per_s});
  const auto seq_at = [&](std::int64_t at_ns) { return served->place_at(at_ns).value().seq; };
  EXPECT_EQ(seq_at(0), 3U) << "what is received at that time is had";
  EXPECT_EQ(seq_at(1 * ns_per_s), 3U);
  EXPECT_EQ(seq_at(4 * ns_per_s), 4U) << "a connection that was lost tears no block off";
  EXPECT_EQ(seq_at(6 * ns_per_s), 7U);
  EXPECT_EQ(seq_at(99 * ns_per_s), 7U);
  EXPECT_EQ(served->place_at(99 * ns_per_s).value().at_ns, served->end_ns());
  EXPECT_EQ(served->end_ns(), 6 * ns_per_s);
  EXPECT_EQ(served->place_behind(0).value().at_ns, 1 * ns_per_s);
}

TEST_F(ReconnectedTape, ATimeOfALaterPassIsOneOfTheTape) {
  const auto served = prepare({.passes = 2});
  EXPECT_EQ(served->end_ns(), 8 * ns_per_s);
  EXPECT_EQ(served->tape_ns(8 * ns_per_s), 8 * ns_per_s);
  EXPECT_EQ(served->tape_ns(9 * ns_per_s), 1 * ns_per_s);
  EXPECT_EQ(served->place_at(14 * ns_per_s).value().seq, 8 + 7U);
  EXPECT_EQ(served->place_at(99 * ns_per_s).value().seq, 8 + 8U);
  EXPECT_EQ(served->place_behind(8 + 5).value().at_ns, (8 + 6) * ns_per_s);
}

TEST_F(ReconnectedTape, AnEventIsFoundBehindTheBlockBeforeIt) {
  const auto served = prepare({});
  const auto found = served->find_event("participant_create", 2).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->seq, 5U);
  EXPECT_EQ(found->at_ns, 6 * ns_per_s);
  EXPECT_FALSE(served->find_event("participant", 0).value());
  EXPECT_FALSE(served->find_event("participant_create", 8).value());
}

TEST_F(ReconnectedTape, AnEventIsFoundInTheNextPassToo) {
  const auto served = prepare({.passes = 2});
  const auto found = served->find_event("participant_create", 8).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->seq, 8 + 1U);
  EXPECT_EQ(found->at_ns, (8 + 1) * ns_per_s);
  EXPECT_EQ(served->find_event("participant_sync_begin", 7).value()->seq, 8 + 0U);
  EXPECT_FALSE(served->find_event("participant_create", 8 + 8).value());
  EXPECT_FALSE(served->find_event("stage", 3).value());
}

TEST_F(ReconnectedTape, MarksOfAReplayAreInTheOrderOfTheirTimes) {
  const auto served = prepare({});
  for (const std::int64_t at_ns : {5, 1, 3}) {
    EXPECT_EQ(served->add_mark({.at_ns = at_ns, .text = "x"}).value(),
              replayer::Kept::for_this_run);
  }
  ASSERT_EQ(served->marks().size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(served->marks(), {}, &replayer::Mark::at_ns));
}

TEST_F(ReconnectedTape, AnEventIdIsAPositionBehindItsFrame) {
  const auto served = prepare({});
  const auto position = served->find_event_id("seven").value();
  ASSERT_TRUE(position);
  EXPECT_EQ(bytes_of(*served->reopen(*position).value()), create("c"));
  EXPECT_FALSE(served->find_event_id("six").value());
  EXPECT_FALSE(served->find_event_id("seve").value());
}

TEST_F(ReconnectedTape, FaithfullyEveryByteIsServedAndTheLossIsThatOfTheTape) {
  const auto served = prepare({.faithful = true});
  EXPECT_EQ(bytes_of(*served->open().value()), tapedeck::test::body_of(*tape_));
  const replayer::Loss loss = served->loss_between(1, 2);
  EXPECT_EQ(loss.at_ns, 3 * ns_per_s);
  EXPECT_EQ(loss.until_ns, 5 * ns_per_s);
  EXPECT_TRUE(loss.broken);
}

TEST_F(ReconnectedTape, FaithfullyARecordedConnectionNeedsNothingBeforeIt) {
  const auto served = prepare({.timeline = {.from_ns = 4 * ns_per_s}, .faithful = true});
  EXPECT_TRUE(
      bytes_of(*served->open().value()).starts_with("\xef\xbb\xbf" + std::string(sync_begin)));
}

TEST_F(ReconnectedTape, WhoComesAfterTheLastFrameIsToldTheEnd) {
  const auto served = prepare({.timeline = {.from_ns = 8 * ns_per_s + 1}, .passes = 0});
  EXPECT_EQ(bytes_of(*served->open().value()),
            std::string(sync_begin) + create("b") + create("c") + sync_end);
}

TEST(JoiningInTheMiddle, OfABlockWaitsForItsEnd) {
  const TemporaryFolder folder;
  TapeBuilder(folder.path())
      .connect()
      .frame(1, sync_begin)
      .frame(2, "event: participant_create\ndata: {", false)
      .frame(3, "\"uuid\":\"a\"}\n\n")
      .frame(4, sync_end)
      .finish();
  const auto tape = schema::TapeReader::open(folder.path()).value();
  const ReplayWishes wishes{.timeline = {.from_ns = 3}};
  const auto served = ServedFrames::prepare(*tape, wishes).value();
  EXPECT_EQ(bytes_of(*served->open().value()), sync_begin + create("a") + sync_end);
}

TEST(JoiningInTheMiddle, WhoWasSentAwayAndCameBackBeganAnew) {
  const TemporaryFolder folder;
  TapeBuilder(folder.path())
      .connect()
      .frame(1, sync_begin + create("a") + sync_end)
      .frame(2, "event: disconnect\ndata: {\"reason\":\"over\"}\n\n")
      .disconnect(3)
      .connect(4)
      .frame(5, sync_begin + create("b") + sync_end)
      .frame(6, create("c"))
      .finish();
  const auto tape = schema::TapeReader::open(folder.path()).value();
  const ReplayWishes wishes{.timeline = {.from_ns = 6}};
  const auto served = ServedFrames::prepare(*tape, wishes).value();
  EXPECT_EQ(bytes_of(*served->open().value()), sync_begin + create("b") + sync_end + create("c"));
}

}  // namespace
}  // namespace tapedeck::cli
