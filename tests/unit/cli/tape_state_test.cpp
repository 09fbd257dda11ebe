// The state at any frame is the same with checkpoints on the tape and without.
#include "cli/tape_state.hpp"

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "core/sim/sim_source.hpp"
#include "core/state/restore.hpp"
#include "core/state/state_json.hpp"
#include "tests/support/files.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/unit/cli/dense_index.hpp"

namespace tapedeck::cli {
namespace {

namespace fs = std::filesystem;
using tapedeck::test::TapeBuilder;
using tapedeck::test::TemporaryFolder;

/// Two tapes that are the same, but one has checkpoints.
class TapeStates : public testing::Test {
 protected:
  void index(std::uint64_t step) {
    fs::copy_file(plain_path_, indexed_path_, fs::copy_options::overwrite_existing);
    test::index_densely(indexed_path_, step);
    open();
  }
  void open() {
    plain_ = schema::TapeReader::open(plain_path_).value();
    indexed_ = schema::TapeReader::open(indexed_path_).value();
  }
  void close() {
    plain_.reset();
    indexed_.reset();
  }

  void simulate(std::uint64_t seed, std::size_t count) {
    sim::SimSource source({.seed = seed, .participants = 9, .breakouts = 2});
    TapeBuilder builder(plain_path_);
    builder.connect();
    for (std::size_t i = 0; i < count; ++i) {
      const auto frame = source.next().value();
      builder.frame(frame->recv_ns, frame->raw);
    }
    builder.finish();
  }

  /// All that is asked of a TapeState.
  static std::string account_of(TapeState& state, std::uint64_t seq) {
    std::string account;
    append_state_json(account, **state.recorded_after(seq));
    for (const std::string& block : state.blocks_after(seq).value()) {
      account += block;
    }
    return account;
  }

  void expect_same_everywhere() {
    TapeState plain(*plain_);
    TapeState near(*indexed_);
    for (std::uint64_t seq = 0; seq <= plain_->summary().frame_count + 1; ++seq) {
      ASSERT_EQ(account_of(near, seq), account_of(plain, seq)) << "after frame " << seq;
    }
  }

  TemporaryFolder folder_;
  std::string plain_path_ = folder_.path("plain.tape");
  std::string indexed_path_ = folder_.path("indexed.tape");
  std::unique_ptr<schema::TapeReader> plain_;
  std::unique_ptr<schema::TapeReader> indexed_;
};

TEST_F(TapeStates, AreTheSameAt50PlacesForwardAndBack) {
  simulate(4, 800);
  index(40);
  std::mt19937_64 random(4);
  std::uniform_int_distribution<std::uint64_t> any(0, 801);
  TapeState near(*indexed_);
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t seq = any(random);
    TapeState plain(*plain_);
    ASSERT_EQ(account_of(near, seq), account_of(plain, seq)) << "after frame " << seq;
  }
}

TEST_F(TapeStates, AreNearWhereverTheyAre) {
  simulate(5, 1500);
  index(40);
  TapeState near(*indexed_);
  for (const std::uint64_t seq : {1499, 3, 1200, 700, 699, 1498}) {
    const std::uint64_t before = near.frames_derived();
    ASSERT_TRUE(near.state_after(seq));
    EXPECT_LT(near.frames_derived() - before, 40U) << seq;
  }
  TapeState plain(*plain_);
  ASSERT_TRUE(plain.state_after(1499));
  EXPECT_EQ(plain.frames_derived(), 1499U);
}

TEST_F(TapeStates, GoOnFromWhereTheyAreWhereThatIsNearer) {
  simulate(6, 300);
  index(250);
  TapeState near(*indexed_);
  ASSERT_TRUE(near.state_after(240));
  ASSERT_TRUE(near.state_after(280));
  EXPECT_EQ(near.frames_derived(), 280U);
}

TEST_F(TapeStates, AreTheSameInEveryScenario) {
  int scenarios = 0;
  for (const auto& entry : fs::directory_iterator(TAPEDECK_SCENARIOS)) {
    SCOPED_TRACE(entry.path().filename().string());
    close();
    fs::remove(plain_path_);
    tapedeck::test::make_tape(plain_path_, tapedeck::test::read_file(entry.path() / "input.sse"));
    index(7);
    expect_same_everywhere();
    ++scenarios;
  }
  EXPECT_GT(scenarios, 10);
}

/// Somebody is sent away and comes back, twice.
TEST_F(TapeStates, AreTheSameWhereSomebodyBeganAnew) {
  const auto joined = [](const std::string& uuid) {
    return "event: participant_create\ndata: {\"uuid\":\"" + uuid + "\"}\n\n";
  };
  const std::string away = "event: disconnect\ndata: {\"reason\":\"over\"}\n\n";
  TapeBuilder(plain_path_)
      .connect()
      .frame(1, joined("a"))
      .frame(2, away)
      .frame(3, joined("late"))
      .disconnect(4)
      .connect(5)
      .frame(6, joined("b"))
      .frame(7, away)
      .disconnect(8)
      .connect(9)
      .frame(10, joined("c"))
      .frame(11, joined("d"))
      .finish();
  index(1);
  expect_same_everywhere();
  TapeState near(*indexed_);
  const auto told = near.blocks_after(7).value();
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[1], joined("c"));
  EXPECT_TRUE((*near.recorded_after(7))->state().disconnect.has_value());
  EXPECT_EQ((*near.recorded_after(7))->state().main().participants.size(), 1U);
}

TEST_F(TapeStates, AreDerivedFromTheBeginningForSomebodyElse) {
  simulate(7, 300);
  index(10);
  state::Join join = recorded_join(*indexed_);
  join.self = "somebody else";
  TapeState other(*indexed_, join);
  ASSERT_TRUE(other.recorded_after(299));
  EXPECT_EQ(other.frames_derived(), 299U);
}

TEST_F(TapeStates, PassOverCheckpointsThatCannotBeUsed) {
  simulate(8, 300);
  const auto good = test::dense_checkpoints(plain_path_, 100);
  ASSERT_EQ(good.size(), 3U);
  const std::vector<std::vector<schema::Checkpoint>> hostile{
      {good[0], {250, "no state"}},
      {good[0], {250, good[1].state}},  // of another frame
      {{100, good[0].state.substr(0, 100)}, {290, good[2].state}},
      {{299, std::string(1000, '\xff')}, {4'000'000, good[2].state}},
  };
  for (const auto& checkpoints : hostile) {
    close();
    fs::copy_file(plain_path_, indexed_path_, fs::copy_options::overwrite_existing);
    test::put_on(indexed_path_, checkpoints);
    open();
    TapeState plain(*plain_);
    TapeState near(*indexed_);
    for (const std::uint64_t seq : {299, 120, 300}) {
      EXPECT_EQ(account_of(near, seq), account_of(plain, seq));
    }
  }
}

TEST_F(TapeStates, AreNotMisledByTheIndexOfAnotherTape) {
  simulate(9, 300);
  const auto of_another = test::dense_checkpoints(plain_path_, 50);
  fs::remove(plain_path_);
  simulate(10, 300);
  fs::copy_file(plain_path_, indexed_path_);
  test::put_on(indexed_path_, of_another);
  open();
  TapeState plain(*plain_);
  TapeState near(*indexed_);
  EXPECT_EQ(account_of(near, 299), account_of(plain, 299));
}

TEST_F(TapeStates, KnowTheLastFrameBeforeAMoment) {
  TapeBuilder(plain_path_).connect().frame(5, "data: 1\n\n").frame(9, "data: 2\n\n").finish();
  fs::copy_file(plain_path_, indexed_path_);
  open();
  EXPECT_EQ(last_seq_before(*plain_, 5).value(), 0U);
  EXPECT_EQ(last_seq_before(*plain_, 6).value(), 1U);
  EXPECT_EQ(last_seq_before(*plain_, 9).value(), 1U);
  EXPECT_EQ(last_seq_before(*plain_, 10).value(), 2U);
}

}  // namespace
}  // namespace tapedeck::cli
