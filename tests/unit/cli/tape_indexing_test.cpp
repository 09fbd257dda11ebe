#include "cli/tape_indexing.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/tape_check.hpp"
#include "core/sim/sim_source.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/unit/cli/dense_index.hpp"

namespace tapedeck::cli {
namespace {

using tapedeck::test::TapeBuilder;
using tapedeck::test::TemporaryFolder;

constexpr std::uint64_t all = std::numeric_limits<std::int64_t>::max();

class Indexing : public testing::Test {
 protected:
  /// Frames of a conference, from the one after `after` on, on a connection of their own.
  void record(const std::string& path, std::size_t after, std::size_t count,
              schema::Existing existing = schema::Existing::refuse) {
    sim::SimSource source({.seed = 3, .participants = 30});
    TapeBuilder builder(path, existing);
    std::int64_t last_ns = 0;
    for (std::size_t i = 0; i < after + count; ++i) {
      const auto frame = source.next().value();
      if (i == after) {
        builder.connect(last_ns);
      }
      if (i >= after) {
        builder.frame(frame->recv_ns, frame->raw);
      }
      last_ns = frame->recv_ns;
    }
    builder.finish();
  }

  static std::vector<schema::Checkpoint> checkpoints_of(const std::string& path) {
    const auto tape = schema::TapeReader::open(path).value();
    std::vector<schema::Checkpoint> checkpoints;
    while (auto next = tape->checkpoint_from(checkpoints.empty() ? 1 : checkpoints.back().seq + 1,
                                             state::snapshot_version)
                           .value()) {
      checkpoints.push_back(*std::move(next));
    }
    return checkpoints;
  }
  static std::vector<std::uint64_t> seqs_of(const std::string& path) {
    std::vector<std::uint64_t> seqs;
    for (const schema::Checkpoint& checkpoint : checkpoints_of(path)) {
      seqs.push_back(checkpoint.seq);
    }
    return seqs;
  }

  static TapeVerdict verdict_on(const std::string& path, const std::string& self = "") {
    CheckOptions options;
    options.join = [&](const schema::TapeReader& tape) {
      state::Join join = recorded_join(tape);
      join.self = self.empty() ? join.self : self;
      return join;
    };
    return check_tape(path, options);
  }
  static std::vector<std::string> findings_of(const TapeVerdict& verdict) {
    std::vector<std::string> texts;
    for (const verdict::Finding& finding : verdict.findings->kept()) {
      if (finding.rule == verdict::Rule::wrong_checkpoint) {
        texts.push_back(std::to_string(finding.seq) + " " + finding.found);
      }
    }
    return texts;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path();
};

TEST_F(Indexing, LeavesBetweenCheckpointsWhatTheyMayCost) {
  record(path_, 0, 3000);
  const Indexed indexed = index_tape(path_, {}).value();
  const auto checkpoints = checkpoints_of(path_);
  EXPECT_GT(checkpoints.size(), 3U);
  EXPECT_EQ(indexed.checkpoints, checkpoints.size());
  EXPECT_EQ(indexed.added, checkpoints.size());
  const auto tape = schema::TapeReader::open(path_).value();
  std::uint64_t from = 1;
  std::uint64_t checkpoint_bytes = 0;
  std::uint64_t frame_bytes = 0;
  for (const schema::Checkpoint& checkpoint : checkpoints) {
    const auto between =
        tapedeck::test::body_of(*tape, {.first_seq = from, .last_seq = checkpoint.seq});
    EXPECT_GE(between.size(), std::size_t{256} * 1024);
    EXPECT_GE(between.size(), 8 * checkpoint.state.size());
    frame_bytes += between.size();
    checkpoint_bytes += checkpoint.state.size();
    from = checkpoint.seq + 1;
  }
  EXPECT_LE(8 * checkpoint_bytes, frame_bytes);
  EXPECT_EQ(indexed.bytes, checkpoint_bytes);
}

TEST_F(Indexing, InTwoGoesIsAsInOne) {
  const std::string in_one = folder_.path("one.tape");
  record(path_, 0, 1700);
  EXPECT_GT(index_tape(path_, {}).value().added, 0U);
  record(path_, 1700, 1300, schema::Existing::append);
  std::filesystem::copy_file(path_, in_one);
  const Indexed second = index_tape(path_, {}).value();
  EXPECT_GT(second.added, 0U);
  EXPECT_LT(second.added, second.checkpoints);
  ASSERT_TRUE(drop_index(in_one));
  ASSERT_TRUE(index_tape(in_one, {}));
  EXPECT_EQ(seqs_of(path_), seqs_of(in_one));
  const auto a = checkpoints_of(path_);
  const auto b = checkpoints_of(in_one);
  EXPECT_TRUE(std::ranges::equal(a, b, {}, &schema::Checkpoint::state, &schema::Checkpoint::state));
  EXPECT_EQ(index_tape(path_, {}).value().added, 0U);
}

TEST_F(Indexing, OfAShortTapeIsNothing) {
  record(path_, 0, 50);
  const Indexed indexed = index_tape(path_, {}).value();
  EXPECT_EQ(indexed.checkpoints, 0U);
  EXPECT_FALSE(schema::TapeReader::open(path_).value()->has_checkpoints());
}

TEST_F(Indexing, BeginsAnewWhereNothingThatIsThereCanBeUsed) {
  record(path_, 0, 1200);
  ASSERT_TRUE(index_tape(path_, {}));
  const auto good = seqs_of(path_);
  ASSERT_FALSE(good.empty());
  const auto spoil = [&](std::uint64_t seq, std::uint32_t version, std::string_view state) {
    const auto index = schema::TapeIndex::change(path_).value();
    EXPECT_TRUE(index->add(seq, version, state) && index->finish());
  };
  spoil(1190, state::snapshot_version, "no state");
  EXPECT_EQ(index_tape(path_, {}).value().added, good.size());
  EXPECT_EQ(seqs_of(path_), good);
  spoil(1190, state::snapshot_version + 1, "of tomorrow");
  EXPECT_EQ(index_tape(path_, {}).value().added, good.size());
  EXPECT_EQ(seqs_of(path_), good);
  spoil(1'000'000, state::snapshot_version, "past the end");
  EXPECT_EQ(index_tape(path_, {}).value().added, good.size());
  EXPECT_EQ(seqs_of(path_), good);
}

TEST_F(Indexing, IsTakenBack) {
  record(path_, 0, 1200);
  const Indexed indexed = index_tape(path_, {}).value();
  EXPECT_EQ(drop_index(path_).value(), indexed.checkpoints);
  EXPECT_EQ(drop_index(path_).value(), 0U);
  EXPECT_FALSE(schema::TapeReader::open(path_).value()->has_checkpoints());
}

TEST_F(Indexing, TellsHowFarItIs) {
  record(path_, 0, 1200);
  std::vector<double> parts;
  ASSERT_TRUE(index_tape(path_, [&](double part) { parts.push_back(part); }));
  ASSERT_FALSE(parts.empty());
  EXPECT_TRUE(std::ranges::all_of(parts, [](double part) { return part >= 0 && part <= 1; }));
}

TEST_F(Indexing, IsRefusedWhereTheTapeIsRecorded) {
  TapeBuilder going_on(path_);
  going_on.connect().frame(1, "data: 1\n\n");
  ASSERT_TRUE(going_on.writer().commit_if_due(1'000'000'000'000));
  const std::string sentence = "'" + path_ + "' is being recorded by another process";
  EXPECT_EQ(index_tape(path_, {}).error().message, sentence);
  EXPECT_EQ(drop_index(path_).error().message, sentence);
}

TEST_F(Indexing, IsFoundTrueWhereItIs) {
  record(path_, 0, 300);
  test::index_densely(path_, 20);
  EXPECT_GT(checkpoints_of(path_).size(), 10U);
  EXPECT_TRUE(verdict_on(path_).passed());
  EXPECT_EQ(findings_of(verdict_on(path_)), std::vector<std::string>());
  EXPECT_EQ(findings_of(verdict_on(path_, "somebody else")), std::vector<std::string>());
}

TEST_F(Indexing, IsFoundFalseWhereItIs) {
  record(path_, 0, 300);
  auto checkpoints = test::dense_checkpoints(path_, 50);
  ASSERT_EQ(checkpoints.size(), 6U);
  std::swap(checkpoints[1].state, checkpoints[3].state);
  std::string& changed = checkpoints[4].state;
  const std::size_t role_at = changed.find("guest");
  ASSERT_NE(role_at, std::string::npos);
  changed[role_at] = 'q';
  test::put_on(path_, checkpoints);
  for (const std::string& self : {std::string(), std::string("somebody else")}) {
    const TapeVerdict verdict = verdict_on(path_, self);
    EXPECT_FALSE(verdict.passed());
    EXPECT_EQ(
        findings_of(verdict),
        (std::vector<std::string>{"100 another state", "200 another state", "250 another state"}));
  }
}

TEST_F(Indexing, HasNothingInTheMiddleOfABlock) {
  TapeBuilder(path_)
      .connect()
      .frame(1, "data: 1\n\n")
      .frame(2, "event: stage\ndata: [", false)
      .frame(3, "]\n\n")
      .finish();
  const auto checkpoints = test::dense_checkpoints(path_, 1);
  ASSERT_EQ(checkpoints.size(), 2U);
  test::put_on(path_, {checkpoints[0], {2, checkpoints[0].state}, checkpoints[1]});
  EXPECT_EQ(findings_of(verdict_on(path_)),
            std::vector<std::string>{"2 a checkpoint in the middle of a block"});
}

}  // namespace
}  // namespace tapedeck::cli
