// A recorded meeting in a test: what a plugin saw, who was there, and code of one's own that
// follows the event stream.
#include <cstddef>
#include <string_view>

#include <gmock/gmock.h>
#include <tapedeck/testing/failure_place.hpp>
#include <tapedeck/testing/matchers.hpp>

namespace {

using namespace tapedeck::testing;
using testing::Not;

TEST(Meeting, AliceRaisesHerHandAndGoes) {
  const auto tape = Tape::load(TAPE);
  ASSERT_TRUE(tape) << tape.error().message;
  Playback playback(*tape);

  ASSERT_TRUE(playback.play_to("raiseHand"));
  EXPECT_THAT(playback, HasParticipant("Alice", R"({"raisedHand": true, "role": "guest"})"));
  EXPECT_THAT(playback, HasRoom("main", R"({"raised_hands": ["7b10"]})"));

  playback.play_to_end();
  EXPECT_THAT(playback, Not(HasParticipant("Alice")));
  EXPECT_THAT(playback,
              Emitted("participantJoined", R"({"participant": {"displayName": "Alice"}})"));
  EXPECT_THAT(playback, Emitted("raiseHand").times(1));
}

/// Code under test: how many people are in the meeting.
class Headcount {
 public:
  void handle(std::string_view event, std::string_view /*data*/) {
    if (event == "participant_create") {
      ++people_;
    } else if (event == "participant_delete") {
      --people_;
    }
  }
  [[nodiscard]] std::size_t people() const { return people_; }

 private:
  std::size_t people_ = 0;
};

TEST(Headcount, AgreesWithTheConferenceAtEveryMessage) {
  const auto tape = Tape::load(TAPE);
  ASSERT_TRUE(tape) << tape.error().message;
  Playback playback(*tape);
  const FailurePlace place(playback);  // where it fails, it says at which frame

  Headcount headcount;
  playback.on_message([&](const tapedeck::sse::Message& message) {
    headcount.handle(message.event, message.data);
    EXPECT_EQ(headcount.people(), playback.state().main().participants.size());
  });
  playback.play_to_end();
}

}  // namespace
