#include "testing/matchers.hpp"

#include <sstream>
#include <string>

#include <gmock/gmock.h>

#include "core/base/units.hpp"
#include "tests/unit/testing/stream.hpp"

namespace tapedeck::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Matchers : public ::testing::Test {
 protected:
  Matchers() { playback.play_until(7 * ns_per_s); }

  /// What a failed EXPECT_THAT prints.
  template <class Matcher>
  std::string failure(const Matcher& matcher) {
    const auto result =
        ::testing::internal::MakePredicateFormatterFromMatcher(matcher)("playback", playback);
    return result ? "" : result.message();
  }

  Playback playback{Tape::from_stream(test::meeting)};
};

TEST_F(Matchers, FindAParticipantByItsName) {
  EXPECT_THAT(playback, HasParticipant("Alice"));
  EXPECT_THAT(playback, AllOf(HasParticipant("Self"), Not(HasParticipant("Bob"))));
  EXPECT_THAT(playback, HasParticipant("Alice").in("main"));
  EXPECT_THAT(playback, Not(HasParticipant("Alice").in("breakout")));
}

TEST_F(Matchers, FindAParticipantByWhatItIs) {
  EXPECT_THAT(playback, HasParticipant("Alice", R"({"isMuted":true,"raisedHand":true})"));
  EXPECT_THAT(playback, Not(HasParticipant("Alice", R"({"isMuted":false})")));
}

TEST_F(Matchers, SpeakOfTheMomentThatThePlaybackIsAt) {
  playback.play_to_end();
  EXPECT_THAT(playback, Not(HasParticipant("Alice")));
}

TEST_F(Matchers, FindAnEventByNameAndPayload) {
  EXPECT_THAT(playback, Emitted("raiseHand"));
  EXPECT_THAT(playback,
              Emitted("raiseHand", R"({"id":"main","participant":{"displayName":"Alice"}})"));
  EXPECT_THAT(playback, Not(Emitted("raiseHand", R"({"participant":{"displayName":"Bob"}})")));
  EXPECT_THAT(playback, Not(Emitted("participantLeft")));
}

TEST_F(Matchers, FindASignal) {
  EXPECT_THAT(playback, Emitted("onRaiseHand"));
  EXPECT_THAT(playback, Not(Emitted("onParticipantLeft")));
}

TEST_F(Matchers, CountEvents) {
  EXPECT_THAT(playback, Emitted("participantJoined").times(2));
  EXPECT_THAT(playback, Emitted("participantLeft").times(0));
  EXPECT_THAT(playback, Not(Emitted("participantJoined").times(1)));
}

TEST_F(Matchers, LookIntoTheState) {
  EXPECT_THAT(playback, HasState(R"({"seq":7,"connection":{"state":"connected"}})"));
  EXPECT_THAT(playback, Not(HasState(R"({"seq":8})")));
  EXPECT_THAT(playback, HasRoom("main", R"({"syncing":false,"raised_hands":["a"]})"));
  EXPECT_THAT(playback, Not(HasRoom("breakout")));
}

TEST_F(Matchers, AFailureTellsSeqTimeReasonAndTheNearestFrames) {
  EXPECT_EQ(
      failure(Emitted("raiseHand", R"({"participant":{"displayName":"Bob"}})")),
      "Value of: playback\n"
      "Expected: emitted raiseHand with {\"participant\":{\"displayName\":\"Bob\"}}\n"
      "  Actual: a stream at seq 7, 7.000s (of type tapedeck::testing::Playback), "
      "where it came 0 times, and 1 time otherwise\n"
      "  at seq 5, 5.000s: not this one, /participant/displayName is \"Alice\", not \"Bob\"\n" +
          playback.nearest_frames());
}

TEST_F(Matchers, AFailureTellsWhatWasEmittedInstead) {
  EXPECT_THAT(failure(Emitted("participantLeft")),
              HasSubstr("0 times; up to here there were 1 authenticatedWithConference, 1 me, "));
}

TEST_F(Matchers, AFailureTellsWhoIsThere) {
  EXPECT_THAT(failure(HasParticipant("Bob")),
              HasSubstr("with these people\n  in \"main\": \"Self\" \"Alice\"\n"));
  EXPECT_THAT(failure(HasParticipant("Alice", R"({"isMuted":false})")),
              HasSubstr("\"Alice\" (/isMuted is true, not false)"));
  EXPECT_THAT(failure(HasParticipant("Alice").in("nowhere")), HasSubstr("there is no such room"));
}

TEST_F(Matchers, AFailureTellsWhatIsDifferentInTheState) {
  EXPECT_THAT(failure(HasState(R"({"seq":8})")), HasSubstr("where /seq is 7, not 8"));
  EXPECT_THAT(failure(Not(HasState(R"({"seq":7})"))), HasSubstr("does not have a state with"));
}

TEST(MatchersDeathTest, ATypoIsNoAbsence) {
  EXPECT_DEATH((void)Emitted("raisehand"), "no plugin event and no signal.*matchers_test");
  EXPECT_DEATH((void)HasState("{seq:7}"), "is not JSON.*matchers_test");
}

}  // namespace
}  // namespace tapedeck::testing
