#include "cli/tape_examination.hpp"

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "cli/outcome_queue.hpp"
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

TEST_F(TapeExamination, OfATapeThatIsGoneForTheOtherThreadIsAnError) {
  test::TapeBuilder(folder_.path()).connect().read(1, "data: 1\n\n").disconnect(2).finish();
  const auto tape = ConferenceTape::open(folder_.path());
  ASSERT_TRUE(tape);
  EXPECT_FALSE(examine_in_two_threads(*tape, folder_.path("none"), {}, {}, {}));
}

state::Outcome numbered(std::size_t number) {
  return {state::Fate::handled, std::string_view("x").substr(0, number % 2), {}};
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
    right += queue.take().why.size() == i % 2 ? 1U : 0U;
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
  EXPECT_EQ(queue.take().fate, state::Fate::handled);
  EXPECT_FALSE(queue.close());
}

}  // namespace
}  // namespace tapedeck::cli
