#include "cli/tape_examination.hpp"

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "cli/outcome_queue.hpp"
#include "core/base/random.hpp"
#include "core/verdict/rule.hpp"
#include "tests/support/files.hpp"
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

/// What two threads say is what one says; returned.
Examined examined_by_both(const std::string& path) {
  const auto tape = ConferenceTape::open(path);
  EXPECT_TRUE(tape) << path;
  const auto by_one = examine(*tape, {}, {}, {});
  const auto by_two = examine_in_two_threads(*tape, path, {}, {}, {});
  EXPECT_TRUE(by_one && by_two) << path;
  EXPECT_EQ(text_of(*by_one), text_of(*by_two)) << path;
  return *by_one;
}

class TapeExamination : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
};

TEST_F(TapeExamination, IsTheSameByTwoThreadsForEachScenario) {
  int scenarios = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TAPEDECK_SCENARIOS)) {
    const std::string path = folder_.path(std::to_string(++scenarios) + ".tape");
    test::make_tape(path, test::read_file(entry.path() / "input.sse"));
    examined_by_both(path);
  }
  EXPECT_GT(scenarios, 10);
}

TEST_F(TapeExamination, IsTheSameByTwoThreadsForMoreEventsThanAreHandedOverAtOnce) {
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

TEST_F(TapeExamination, IsTheSameByTwoThreadsWhereTheClientDropsEvents) {
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

TEST_F(TapeExamination, OfATapeThatIsGoneForTheOtherThreadIsAnError) {
  test::TapeBuilder(folder_.path()).connect().read(1, "data: 1\n\n").disconnect(2).finish();
  const auto tape = ConferenceTape::open(folder_.path());
  ASSERT_TRUE(tape);
  EXPECT_FALSE(examine_in_two_threads(*tape, folder_.path("none"), {}, {}, {}));
}

DerivedEvent numbered(std::size_t number) {
  return {{state::Fate::handled, {}, {}}, number, 0};
}

TEST(OutcomeQueue, HandsOverAllInOrderThoughOneThreadIsFarAhead) {
  constexpr std::size_t count = 300'000;
  OutcomeQueue queue;
  std::thread putting([&] {
    const OutcomeQueue::Putting guard(queue);
    for (std::size_t i = 0; i < count; ++i) {
      queue.put(numbered(i));
    }
  });
  std::size_t right = 0;
  for (std::size_t i = 0; i < count; ++i) {
    right += queue.take().uuid_at == i ? 1U : 0U;
  }
  EXPECT_TRUE(queue.close());
  putting.join();
  EXPECT_EQ(right, count);
}

TEST(OutcomeQueue, NobodyWaitsForWhoHasGone) {
  constexpr std::size_t more_than_are_kept = 200'000;
  OutcomeQueue queue;
  std::thread putting([&] {
    const OutcomeQueue::Putting guard(queue);
    for (std::size_t i = 0; i < more_than_are_kept; ++i) {
      queue.put({});
    }
  });
  EXPECT_FALSE(queue.close());
  putting.join();
}

TEST(OutcomeQueue, TellsThatMoreWasTakenThanPut) {
  OutcomeQueue queue;
  queue.put({});
  queue.finish();
  (void)queue.take();
  EXPECT_EQ(queue.take().outcome.fate, state::Fate::handled);
  EXPECT_FALSE(queue.close());
}

}  // namespace
}  // namespace tapedeck::cli
