#include "schema/tape_marks.hpp"

#include <filesystem>
#include <string>

#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

class Marks : public testing::Test {
 protected:
  Marks() { test::make_tape(path_, "data: 1\n\ndata: 2\n\ndata: 3\n\n", ns_per_s); }

  std::string refusal(std::int64_t at_ns, const std::string& text) {
    const auto id = add_mark(path_, at_ns, text);
    return id ? "" : id.error().message;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> texts;
    for (const Mark& mark : *open_tape(path_)->marks()) {
      texts.push_back(std::to_string(mark.at_ns / ns_per_s) + " " + mark.text);
    }
    return texts;
  }

  test::TemporaryFolder folder_;
  std::string path_ = folder_.path();
};

TEST_F(Marks, StandInTheOrderOfTheirTimes) {
  ASSERT_TRUE(add_mark(path_, 3 * ns_per_s, "here it breaks"));
  ASSERT_TRUE(add_mark(path_, 0, "Grüße"));
  EXPECT_EQ(texts(), (std::vector<std::string>{"0 Grüße", "3 here it breaks"}));
}

TEST_F(Marks, ChangeNothingThatWasRecorded) {
  auto before = open_tape(path_);
  const auto digest = before->verify_bytes()->digest;
  const auto frames = test::frames_of(*before);
  const std::int64_t last_ns = before->summary().last_ns;
  before.reset();
  ASSERT_TRUE(add_mark(path_, ns_per_s, "a"));
  const auto after = open_tape(path_);
  EXPECT_EQ(after->verify_bytes()->digest, digest);
  EXPECT_TRUE(after->verify_bytes()->problems.empty());
  EXPECT_EQ(test::frames_of(*after), frames);
  EXPECT_EQ(after->summary().last_ns, last_ns);
  EXPECT_TRUE(after->summary().closed);
  EXPECT_EQ(after->sessions()->size(), 1U);
}

TEST_F(Marks, LeaveOneFile) {
  ASSERT_TRUE(add_mark(path_, 0, "a"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-journal"));
}

TEST_F(Marks, AreRemovedByTheirId) {
  const auto first = add_mark(path_, 0, "a");
  ASSERT_TRUE(add_mark(path_, 0, "b"));
  ASSERT_TRUE(remove_mark(path_, *first));
  EXPECT_EQ(texts(), std::vector<std::string>{"0 b"});
  EXPECT_FALSE(remove_mark(path_, *first));
}

TEST_F(Marks, OfTheRecorderAreNotRemoved) {
  EXPECT_FALSE(remove_mark(path_, 1)) << "the mark with which the session began";
  EXPECT_TRUE(open_tape(path_)->summary().closed);
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(Marks, HaveAMomentOfTheTape) {
  EXPECT_NE(refusal(3 * ns_per_s + 1, "a").find("ends at 3.000s"), std::string::npos);
  EXPECT_NE(refusal(-1, "a"), "");
}

TEST_F(Marks, HaveOneLineOfText) {
  EXPECT_EQ(refusal(0, std::string(mark_bytes_max, 'x')), "");
  for (const std::string& text : {std::string(), std::string(mark_bytes_max + 1, 'x'),
                                  std::string("a\nb"), std::string("\xff"), std::string(1, '\0')}) {
    EXPECT_NE(refusal(0, text), "") << text;
  }
}

TEST_F(Marks, AreSetWhileATapeIsRecorded) {
  const std::string path = folder_.path("live.tape");
  test::TapeBuilder tape(path);
  tape.connect().frame(ns_per_s, "data: 1\n\n");
  ASSERT_TRUE(tape.writer().note_mark(2 * ns_per_s, test::TapeBuilder::wall_start_ns, "now"));
  EXPECT_FALSE(tape.writer().note_mark(2 * ns_per_s, 0, "a\nb"));
  EXPECT_NE(add_mark(path, 0, "a").error().message.find("is being recorded"), std::string::npos);
  tape.disconnect(3 * ns_per_s);
  tape.finish();
  const auto marks = open_tape(path)->marks();
  ASSERT_EQ(marks->size(), 1U);
  EXPECT_EQ(marks->front().at_ns, 2 * ns_per_s);
  EXPECT_EQ(marks->front().text, "now");
}

TEST_F(Marks, WaitForNobodyWhoReads) {
  const auto reader = open_tape(path_);
  EXPECT_NE(refusal(0, "a").find("another process has locked it"), std::string::npos);
}

TEST_F(Marks, OfADamagedTapeEndInASentence) {
  run_sql(path_,
          "INSERT INTO marks (at_ns, kind, note)"
          " VALUES (-5, 'note', 'x')");
  const auto marks = open_tape(path_)->marks();
  ASSERT_FALSE(marks);
  EXPECT_NE(marks.error().message.find("a mark holds what no tapedeck writes"), std::string::npos);
  EXPECT_EQ(broken_rules(path_), std::vector<std::string>{"tape.value"});
}

}  // namespace
}  // namespace tapedeck::schema
