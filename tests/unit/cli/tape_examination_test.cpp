#include "cli/tape_examination.hpp"

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "cli/frame_relay.hpp"
#include "core/base/random.hpp"
#include "core/verdict/rule.hpp"
#include "tests/support/files.hpp"
#include "tests/support/run_sql.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::cli {
namespace {

std::string text_of(const Examined& examined) {
  std::string text = examined.state_digest + (examined.was_read ? "\n" : " in part\n");
  for (const verdict::Finding& finding : examined.findings.kept()) {
    JsonWriter json(text);
    write_json(json, finding);
    text += '\n';
  }
  return text;
}

/// Reads the frames as `verify` does.
ReadFrames frames_of(const std::string& path) {
  return [path](const schema::FrameVisit& visit) -> std::optional<Error> {
    const auto reader = schema::TapeReader::open(path);
    const auto report = (*reader)->verify_rows({}, visit);
    return report->unread;
  };
}

/// What several threads say is what one says; returned.
Examined examined_by_both(const std::string& path) {
  const auto tape = ConferenceTape::open(path);
  EXPECT_TRUE(tape) << path;
  const auto by_one = examine(*tape, {}, {}, frames_of(path));
  const auto by_more = examine_by_threads(*tape, path, {}, {}, frames_of(path));
  EXPECT_TRUE(by_one && by_more) << path;
  EXPECT_EQ(text_of(*by_one), text_of(*by_more)) << path;
  return *by_one;
}

class TapeExamination : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
};

TEST_F(TapeExamination, IsTheSameByThreadsForEachScenario) {
  int scenarios = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TAPEDECK_SCENARIOS)) {
    const std::string path = folder_.path(std::to_string(++scenarios) + ".tape");
    test::make_tape(path, test::read_file(entry.path() / "input.sse"));
    examined_by_both(path);
  }
  EXPECT_GT(scenarios, 10);
}

TEST_F(TapeExamination, IsTheSameByThreadsForMoreEventsThanAreHandedOverAtOnce) {
  test::TapeBuilder tape(folder_.path());
  tape.connect();
  constexpr int updates = 5000;
  for (int i = 0; i < updates; ++i) {
    tape.read(i, "event: participant_update\ndata: {\"uuid\":\"p" + std::to_string(i % 7) +
                     "\",\"is_muted\":\"" + (i % 2 == 0 ? "YES" : "NO") + "\"}\n\n");
  }
  tape.disconnect(updates).finish();
  const Examined examined = examined_by_both(folder_.path());
  EXPECT_EQ(examined.findings.count(verdict::Rule::unknown_participant), updates);
}

TEST_F(TapeExamination, IsTheSameByThreadsWhereTheClientDropsEvents) {
  test::TapeBuilder tape(folder_.path());
  tape.connect().read(1, "event: participant_update\ndata: null\n\nevent: layout\ndata: {\n\n");
  tape.disconnect(2).finish();
  const Examined examined = examined_by_both(folder_.path());
  EXPECT_EQ(examined.findings.count(verdict::Rule::dropped_message), 1U);
  EXPECT_EQ(examined.findings.count(verdict::Rule::bad_json), 1U);
}

/// An update of one of a few people, now and then with a value or a field that it may not have.
std::string update(Random& random) {
  const auto one_of = [&](std::initializer_list<std::string_view> choices) {
    return std::string(choices.begin()[random.below(choices.size())]);
  };
  const std::string muted = one_of({R"("YES")", R"("NO")", R"("NO")", R"("maybe")", "7"});
  const std::string hand = one_of({"0", "0", "1767603600.25", R"("later")", "null"});
  const std::string more = one_of({"", "", "", "", R"(,"x":1)", R"(,"is_presenting":[])"});
  return R"({"api_url":"/a","buzz_time":)" + hand + R"(,"display_name":"A","is_muted":)" + muted +
         R"(,"role":"chair","service_type":"conference","uri":"a","uuid":")" +
         one_of({"p1", "p2", "p3"}) + R"(","vendor":"v")" + more + "}";
}

TEST_F(TapeExamination, FindsInUpdatesThatAreNotDecodedWhatIsInThoseThatAre) {
  test::TapeBuilder tape(folder_.path());
  tape.connect();
  Random random(11);
  std::int64_t now = 0;
  const auto read = [&](std::string_view kind, const std::string& data) {
    ++now;
    tape.read(now, "event: " + std::string(kind) + "\nid: n/m/" + std::to_string(now / 2) +
                       "\ndata: " + data + "\n\n");
  };
  read("participant_sync_begin", "null");
  for (int i = 0; i < 10; ++i) {
    read("participant_create", update(random));
  }
  read("participant_sync_end", "null");
  for (int i = 0; i < 5000; ++i) {
    read(random.below(100) == 0 ? "participant_create" : "participant_update", update(random));
    if (random.below(500) == 0) {
      read("participant_delete", R"({"uuid":"p1"})");
    }
  }
  tape.disconnect(now + 1).finish();
  const Examined examined = examined_by_both(folder_.path());
  EXPECT_GT(examined.findings.count(verdict::Rule::mistyped_field), 500U);
  EXPECT_GT(examined.findings.count(verdict::Rule::unknown_field), 500U);
  EXPECT_GT(examined.findings.count(verdict::Rule::unknown_participant), 10U);
}

TEST_F(TapeExamination, EndsWhereAFrameCannotBeReadAndSaysSo) {
  test::TapeBuilder tape(folder_.path());
  tape.connect();
  constexpr std::size_t frames = 3000;
  for (std::size_t i = 0; i < frames; ++i) {
    tape.read(static_cast<std::int64_t>(i), "event: no_such_event\ndata: 1\n\n");
  }
  tape.disconnect(frames).finish();
  ASSERT_EQ(test::run_sql(folder_.path(), "UPDATE frames SET connection_id = -1 WHERE seq = 2000"),
            "");
  const Examined examined = examined_by_both(folder_.path());
  EXPECT_FALSE(examined.was_read);
  EXPECT_EQ(examined.findings.count(verdict::Rule::unknown_event), 1999U);
  EXPECT_EQ(examined.findings.count(verdict::Rule::tape_damaged), 1U);
}

TEST_F(TapeExamination, OfATapeThatIsGoneForTheOtherThreadIsAnError) {
  test::TapeBuilder(folder_.path()).connect().read(1, "data: 1\n\n").disconnect(2).finish();
  const auto tape = ConferenceTape::open(folder_.path());
  ASSERT_TRUE(tape);
  EXPECT_FALSE(examine_by_threads(*tape, folder_.path("none"), {}, {}, frames_of(folder_.path())));
}

port::Frame numbered(std::uint64_t number, std::string_view raw) {
  port::Frame frame;
  frame.seq = number;
  frame.raw = raw;
  return frame;
}

/// Runs the first two of the three threads: the frames 1 to `count`, of which each has one event.
class RelayThreads {
 public:
  RelayThreads(FrameRelay& relay, std::uint64_t count)
      : reading_([&relay, count] {
          const FrameRelay::Guard guard(relay, FrameRelay::Role::reads);
          for (std::uint64_t i = 1; i <= count; ++i) {
            relay.put(numbered(i, std::to_string(i)), -static_cast<std::int64_t>(i));
          }
        }),
        deriving_([&relay] {
          const FrameRelay::Guard guard(relay, FrameRelay::Role::derives);
          while (FrameBlock* const block = relay.next_to_derive()) {
            for (const FrameBlock::Item& item : block->items()) {
              block->events.push_back({{}, item.frame.seq, 0});
            }
          }
        }) {}
  RelayThreads(const RelayThreads&) = delete;
  RelayThreads& operator=(const RelayThreads&) = delete;
  ~RelayThreads() {
    reading_.join();
    deriving_.join();
  }

 private:
  std::thread reading_;
  std::thread deriving_;
};

TEST(FrameRelay, HandsOverEachFrameOnceAndInOrderWithWhatBecameOfIt) {
  constexpr std::uint64_t count = 300'000;
  FrameRelay relay;
  const RelayThreads threads(relay, count);
  const FrameRelay::Guard guard(relay, FrameRelay::Role::judges);
  std::uint64_t right = 0;
  while (const FrameBlock* const block = relay.next_to_judge()) {
    ASSERT_EQ(block->events.size(), block->items().size());
    for (std::size_t i = 0; i < block->items().size(); ++i) {
      const auto& [frame, wall_ns] = block->items()[i];
      const bool is_next = frame.seq == right + 1 && frame.raw == std::to_string(right + 1) &&
                           wall_ns == -static_cast<std::int64_t>(frame.seq) &&
                           block->events[i].uuid_at == frame.seq;
      right += is_next ? 1U : 0U;
    }
  }
  EXPECT_EQ(right, count);
}

TEST(FrameRelay, NobodyWaitsForAJudgeThatHasGone) {
  FrameRelay relay;
  const RelayThreads threads(relay, 300'000);
  const FrameRelay::Guard guard(relay, FrameRelay::Role::judges);
  EXPECT_NE(relay.next_to_judge(), nullptr);
}

TEST(FrameRelay, NobodyWaitsForADerivationThatHasGone) {
  FrameRelay relay;
  std::thread reading([&] {
    const FrameRelay::Guard guard(relay, FrameRelay::Role::reads);
    for (std::uint64_t i = 1; i <= 300'000; ++i) {
      relay.put(numbered(i, "a"), 0);
    }
  });
  {
    const FrameRelay::Guard guard(relay, FrameRelay::Role::derives);
    EXPECT_NE(relay.next_to_derive(), nullptr);
  }
  {
    const FrameRelay::Guard guard(relay, FrameRelay::Role::judges);
    EXPECT_EQ(relay.next_to_judge(), nullptr);
  }
  reading.join();
}

TEST(FrameBlock, TakesAFrameThatIsLargerThanItselfAlone) {
  FrameBlock block;
  const std::string large(1'000'000, 'x');
  EXPECT_TRUE(block.add(numbered(1, large), 0));
  EXPECT_FALSE(block.add(numbered(2, "y"), 0));
  EXPECT_EQ(block.items().front().frame.raw, large);
  block.clear();
  EXPECT_TRUE(block.add(numbered(2, "y"), 0));
  EXPECT_TRUE(block.add(numbered(3, "z"), 0));
  EXPECT_EQ(block.items().front().frame.raw, "y");
}

}  // namespace
}  // namespace tapedeck::cli
