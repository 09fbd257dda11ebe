#include "core/state/derivation.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/state/state_json.hpp"
#include "tests/support/stream_generator.hpp"
#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

TEST(Derivation, BeginsWithTheJoinBeforeAnyFrame) {
  Derivation derivation(Join{});
  const auto step = derivation.next();
  ASSERT_TRUE(step.has_value());
  EXPECT_EQ(step->place.seq, 0U);
  EXPECT_EQ(step->event, nullptr);
  EXPECT_EQ(step->signals.size(), 3U);
  EXPECT_FALSE(derivation.next().has_value());
}

TEST(Derivation, NamesTheFrameOfEachStep) {
  Derivation derivation(Join{});
  derivation.push({.seq = 4, .connection_id = 1, .recv_ns = 9}, 0,
                  "event: stage\ndata: []\n\nevent: stage\ndata: []\n\n");
  int events = 0;
  while (const auto step = derivation.next()) {
    if (step->event != nullptr) {
      ++events;
      EXPECT_EQ(step->place.seq, 4U);
      EXPECT_EQ(step->place.recv_ns, 9);
      EXPECT_EQ(step->outcome.fate, Fate::handled);
    }
  }
  EXPECT_EQ(events, 2);
  EXPECT_EQ(derivation.state().seq, 4U);
}

struct Result {
  std::string signals;
  std::string state;
  std::string digest;
};

/// Derives `stream` in frames of `bytes` that came with one read.
Result derived(const std::string& stream, std::size_t bytes, bool with_signals) {
  Derivation derivation(Join{}, {.signals = with_signals, .digest = true});
  Result result;
  const auto pull = [&] {
    while (const auto step = derivation.next()) {
      for (const Emitted& emitted : step->signals) {
        result.signals += std::string(name_of(emitted.signal)) + json(emitted.payload);
      }
    }
  };
  for (std::size_t at = 0; at < stream.size(); at += bytes) {
    derivation.push({.seq = 1, .connection_id = 1, .recv_ns = 1}, wall_ns,
                    std::string_view(stream).substr(at, bytes));
    pull();
  }
  derivation.finish();
  pull();
  append_state_json(result.state, derivation.reducer());
  result.digest = derivation.reducer().digest().to_string();
  return result;
}

TEST(Derivation, DoesNotDependOnHowAStreamIsCut) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const std::string stream = tapedeck::test::generate_stream(seed);
    const Result whole = derived(stream, stream.size(), true);
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
      const Result cut = derived(stream, bytes, true);
      EXPECT_EQ(cut.signals, whole.signals) << "seed " << seed;
      EXPECT_EQ(cut.state, whole.state) << "seed " << seed;
      EXPECT_EQ(cut.digest, whole.digest) << "seed " << seed;
    }
  }
}

TEST(Derivation, GivesTheSameStateWithoutSignals) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const std::string stream = tapedeck::test::generate_stream(seed);
    const Result with = derived(stream, stream.size(), true);
    const Result without = derived(stream, stream.size(), false);
    EXPECT_EQ(with.state, without.state) << "seed " << seed;
    EXPECT_EQ(with.digest, without.digest) << "seed " << seed;
    EXPECT_TRUE(without.signals.empty());
  }
}

}  // namespace
}  // namespace tapedeck::state::test
