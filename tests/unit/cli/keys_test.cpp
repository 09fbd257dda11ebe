// What a terminal sends, and what the keys of a replay do.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/replay_frames.hpp"
#include "cli/replay_keys.hpp"
#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "replayer/lone_play.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::cli {
namespace {

std::vector<Pressed> keys_of(std::initializer_list<std::string_view> pieces) {
  KeyReader reader;
  for (const std::string_view piece : pieces) {
    reader.push(piece);
  }
  reader.settle();
  return reader.take();
}

TEST(Keys, OfATerminalAreReadHoweverTheirBytesCome) {
  const std::string bytes = "a \n\x7f\x1b[A\x1bOB\x1b[C\x1b[D\x1b[1;2C\x1b[1;2D\x1b[c\x1b[d";
  const std::vector<Pressed> keys{{Key::character, 'a'},
                                  {Key::character, ' '},
                                  {Key::enter},
                                  {Key::erase},
                                  {Key::up},
                                  {Key::down},
                                  {Key::right},
                                  {Key::left},
                                  {Key::shift_right},
                                  {Key::shift_left},
                                  {Key::shift_right},
                                  {Key::shift_left}};
  EXPECT_EQ(keys_of({bytes}), keys);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    EXPECT_EQ(keys_of({bytes.substr(0, cut), bytes.substr(cut)}), keys) << "cut at " << cut;
  }
}

TEST(Keys, AnEscapeAloneIsOneAndWhatIsUnknownIsNone) {
  EXPECT_EQ(keys_of({"\x1b"}), (std::vector<Pressed>{{Key::escape}}));
  EXPECT_EQ(keys_of({"\x1b\x1b"}), (std::vector<Pressed>{{Key::escape}, {Key::escape}}));
  EXPECT_EQ(keys_of({"\x1bx"}), (std::vector<Pressed>{{Key::escape}, {Key::character, 'x'}}));
  EXPECT_EQ(keys_of({"\x1b[5~\x1b[1;5C\x1b[H\xc3\xa9\x01"}), std::vector<Pressed>());
  EXPECT_EQ(keys_of({"\x1b[" + std::string(100, '1') + "q"}).back(),
            (Pressed{Key::character, 'q'}));
}

class NoSink final : public replayer::PacedSink {
 public:
  Result<void> accept(const port::Frame& /*frame*/) override { return {}; }
  Result<void> flush() override { return {}; }
  Result<void> finish() override { return {}; }
};

class ReplayKeysTest : public testing::Test {
 protected:
  void SetUp() override {
    test::TapeBuilder builder(folder_.path());
    builder.connect();
    for (int i = 1; i <= 100; ++i) {
      builder.frame(i * ns_per_s, i % 10 == 0 ? "event: stage\ndata: []\n\n" : "data: x\n\n");
    }
    builder.finish();
    tape_ = schema::TapeReader::open(folder_.path()).value();
    reel_ = ServedFrames::prepare(*tape_, wishes_).value();
    play_ = std::make_unique<replayer::LonePlay>(
        deck_, clock_, *reel_, sink_, wishes_.timeline,
        [](std::unique_ptr<port::FrameSource> source) { return source; });
    ASSERT_TRUE(play_->start(open_frames(*tape_, wishes_)));
    steering_ = std::make_unique<replayer::Steering>(*play_);
  }

  void type(std::string_view text) {
    KeyReader reader;
    reader.push(text);
    reader.settle();
    for (const Pressed& pressed : reader.take()) {
      keys_.press(pressed, *steering_);
    }
  }
  [[nodiscard]] replayer::Session session() const { return steering_->sessions(0).at(0); }
  [[nodiscard]] std::int64_t second() const { return session().at_ns / ns_per_s; }

  test::TemporaryFolder folder_;
  std::unique_ptr<schema::TapeReader> tape_;
  const ReplayWishes wishes_{.destination = Destination::nothing, .timeline = {.paused = true}};
  std::unique_ptr<ServedFrames> reel_;
  port::VirtualClock clock_;
  replayer::Deck deck_;
  NoSink sink_;
  std::unique_ptr<replayer::LonePlay> play_;
  std::unique_ptr<replayer::Steering> steering_;
  replayer::StopRequest stop_;
  ReplayKeys keys_{stop_};
};

TEST_F(ReplayKeysTest, StepsAndPauses) {
  type("..,");
  EXPECT_EQ(session().seq, 1U);
  EXPECT_TRUE(session().paused);
  type(" ");
  EXPECT_FALSE(session().paused);
  type(" ");
  EXPECT_TRUE(session().paused);
}

TEST_F(ReplayKeysTest, SeeksBySecondsAndMoreWithShift) {
  type("\x1b[1;2C\x1b[C");
  EXPECT_EQ(second(), 35);
  type("\x1b[D\x1b[1;2D");
  EXPECT_EQ(second(), 0);
}

TEST_F(ReplayKeysTest, ChangesTheRate) {
  type("+\x1b[A");
  EXPECT_EQ(session().rate.to_string(), "5");
  type("-\x1b[B\x1b[B");
  EXPECT_EQ(session().rate.to_string(), "0.5");
  type("1");
  EXPECT_EQ(session().rate.to_string(), "1");
}

TEST_F(ReplayKeysTest, GoesToEventsAndTheSameAgain) {
  type("/sta");
  EXPECT_EQ(keys_.note(), "event: sta");
  EXPECT_EQ(second(), 0) << "no key means anything else while it is typed";
  type(".\x7fge\n");
  EXPECT_EQ(second(), 10);
  type("/\n");
  EXPECT_EQ(second(), 20);
  type("/nothing\n");
  EXPECT_EQ(keys_.note(), "No 'nothing' follows");
  type("/st\x1b");
  EXPECT_EQ(keys_.note(), "");
  type(".");
  EXPECT_EQ(second(), 21);
}

TEST_F(ReplayKeysTest, SetsMarksAndGoesToThem) {
  type("[");
  EXPECT_EQ(keys_.note(), "There is no mark before this moment");
  type("\x1b[Cm\x1b[C\x1b[Cm");
  EXPECT_TRUE(keys_.note().starts_with("mark at 15.000s")) << keys_.note();
  type("[");
  EXPECT_EQ(second(), 5);
  type("]");
  EXPECT_EQ(second(), 15);
}

TEST_F(ReplayKeysTest, HelpsAndQuits) {
  type("x");
  EXPECT_EQ(keys_.note(), "? shows the keys");
  EXPECT_FALSE(keys_.take_help());
  type("?");
  EXPECT_TRUE(keys_.take_help());
  EXPECT_FALSE(keys_.take_help());
  EXPECT_FALSE(stop_.requested());
  type("q");
  EXPECT_TRUE(stop_.requested());
}

TEST_F(ReplayKeysTest, ALineTellsHowItStands) {
  type("\x1b[C");
  EXPECT_EQ(status_line(*steering_), "5.000s / 1m40.000s  1x  paused");
}

}  // namespace
}  // namespace tapedeck::cli
