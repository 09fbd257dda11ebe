// What the output of a recording says about its disk.
#include "cli/record_output.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "schema/tape_reader.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/support/tape_faults.hpp"

namespace tapedeck::cli {
namespace {

using test::Fault;
using test::FaultyDisk;
using test::TemporaryFolder;

/// A clock on which every look takes `step_ns`, and a wait what is asked for.
class SteppingClock final : public port::Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() override { return now_ns_ += step_ns; }
  port::Wait wait_until(std::int64_t due_ns) override {
    now_ns_ = std::max(now_ns_, due_ns);
    if (++waits == heal_at_wait) {
      disk->heal();
    }
    return stop_at_wait != 0 && waits >= stop_at_wait ? port::Wait::woken : port::Wait::reached;
  }

  std::int64_t step_ns = 1;
  int waits = 0;
  int stop_at_wait = 0;
  int heal_at_wait = 0;
  FaultyDisk* disk = nullptr;

 private:
  std::int64_t now_ns_ = 0;
};

std::size_t count_of(const std::string& text, const std::string& words) {
  std::size_t count = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
    ++count;
  }
  return count;
}

TEST(RecordOutput, SaysThatTheDiskCannotKeepUpOnceInAWhile) {
  const TemporaryFolder folder;
  SteppingClock clock;
  const auto output = *RecordOutput::open(folder.path(), {}, clock);
  clock.step_ns = 2 * ns_per_s;
  testing::internal::CaptureStderr();
  const auto id = *output->open_connection({});
  ASSERT_TRUE(output->accept({0, id, 1, true, ": 1\n\n"}));
  ASSERT_TRUE(output->accept({0, id, 2, true, ": 2\n\n"}));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "tapedeck: the disk of '" + folder.path() +
                "' cannot keep up: it took 2.000s to write what had come; the stream waits "
                "meanwhile, and nothing is dropped\n");
  testing::internal::CaptureStderr();
  for (std::int64_t n = 3; n < 40; ++n) {
    ASSERT_TRUE(output->accept({0, id, n, true, ": n\n\n"}));
  }
  EXPECT_EQ(count_of(testing::internal::GetCapturedStderr(), "cannot keep up"), 2U);
  ASSERT_TRUE(output->finish());
}

/// Hands in more than is held in memory, in reads of a MiB; how many of them were taken.
int hand_in_too_much(RecordOutput& output, std::uint32_t id) {
  const std::string raw = ": " + std::string(1024 * 1024 - 4, 'x') + "\n\n";
  int taken = 0;
  for (std::uint64_t n = 1; n <= limits::held_bytes_max / raw.size() + 2; ++n) {
    const auto at_ns = static_cast<std::int64_t>(n);
    EXPECT_TRUE(output.note_read(id, n * raw.size(), at_ns));
    EXPECT_TRUE(output.accept({0, id, at_ns, true, raw}));
    ++taken;
  }
  return taken;
}

class FullMemory : public testing::Test {
 protected:
  void SetUp() override {
    disk_.skip_syncs();
    clock_.disk = &disk_;
    SeriesOptions options;
    options.writing.on_full = schema::OnFull::hold;
    output_ = *RecordOutput::open(folder_.path(), options, clock_);
    id_ = *output_->open_connection({});
    disk_.fail_at(1, Fault::disk_full, true);
    testing::internal::CaptureStderr();
  }

  TemporaryFolder folder_;
  FaultyDisk disk_;
  SteppingClock clock_;
  std::unique_ptr<RecordOutput> output_;
  std::uint32_t id_ = 0;
};

TEST_F(FullMemory, WaitsForRoomAndLosesNothing) {
  clock_.heal_at_wait = 10;
  const int taken = hand_in_too_much(*output_, id_);
  EXPECT_TRUE(output_->finish());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(count_of(said, "held in memory, up to 64.0 MiB"), 1U) << said;
  EXPECT_EQ(count_of(said, "the stream waits until there is room"), 1U) << said;
  EXPECT_EQ(count_of(said, "nothing is lost"), 1U) << said;
  EXPECT_GE(clock_.waits, 10);
  EXPECT_FALSE(output_->data_was_lost());
  EXPECT_EQ((*schema::TapeReader::open(folder_.path()))->summary().frame_count,
            static_cast<std::uint64_t>(taken));
}

TEST_F(FullMemory, AStopEndsTheWaitingAndTellsWhatIsLost) {
  clock_.stop_at_wait = 3;
  const int taken = hand_in_too_much(*output_, id_);
  const auto finished = output_->finish();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(count_of(said, "the stream waits until there is room"), 1U) << said;
  EXPECT_EQ(count_of(said, "nothing is lost"), 0U) << said;
  ASSERT_FALSE(finished);
  EXPECT_TRUE(output_->data_was_lost());
  EXPECT_NE(finished.error().message.find("at least " + std::to_string(taken) + ") are lost"),
            std::string::npos)
      << finished.error().message;
}

}  // namespace
}  // namespace tapedeck::cli
