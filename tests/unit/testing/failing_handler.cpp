// A test that fails on purpose, within a handler: ctest reads what it prints.
#include <gtest/gtest.h>

#include "testing/failure_place.hpp"
#include "tests/unit/testing/stream.hpp"

namespace tapedeck::testing {
namespace {

TEST(FailingHandler, FailsTwiceAtEachOfTwoFrames) {
  Playback playback(Tape::from_stream(test::meeting));
  {
    const FailurePlace place(playback);
    playback.on_message([&](const sse::Message& message) {
      EXPECT_NE(message.event, "participant_update");
      EXPECT_NE(message.event, "participant_update");
    });
    playback.play_to_end();
  }
  ADD_FAILURE() << "where nobody asks for the place";
}

}  // namespace
}  // namespace tapedeck::testing
