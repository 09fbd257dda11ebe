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

/// A clock on which every look takes `step_ns`.
class SteppingClock final : public port::Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() override { return now_ns_ += step_ns; }
  port::Wait wait_until(std::int64_t due_ns) override {
    now_ns_ = std::max(now_ns_, due_ns);
    return port::Wait::reached;
  }

  std::int64_t step_ns = 1;

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

/// A read with the frame that it brings.
class Reads {
 public:
  static constexpr std::size_t bytes = 32 * 1024;

  Result<void> hand_in(RecordOutput& output, std::uint32_t id) {
    const auto number = static_cast<std::int64_t>(++count_);
    auto noted = output.note_read(id, count_ * bytes, number);
    return noted ? output.accept({0, id, number, true, raw_}) : noted;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::string raw_ = ": " + std::string(bytes - 4, 'x') + "\n\n";
  std::uint64_t count_ = 0;
};

class FullMemory : public testing::Test {
 protected:
  void SetUp() override {
    disk_.skip_syncs();
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
  Reads reads_;
};

TEST_F(FullMemory, IsFullUntilThereIsRoomAndLosesNothing) {
  while (!output_->is_full()) {
    ASSERT_TRUE(reads_.hand_in(*output_, id_));
  }
  EXPECT_LE(reads_.count(), limits::held_bytes_max / Reads::bytes + 1);
  EXPECT_TRUE(output_->commit_if_due(5 * ns_per_s));
  EXPECT_TRUE(output_->is_full());
  disk_.heal();
  EXPECT_TRUE(output_->commit_if_due(10 * ns_per_s));
  EXPECT_FALSE(output_->is_full());
  EXPECT_TRUE(output_->finish());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(count_of(said, "held in memory, up to 64.0 MiB"), 1U) << said;
  EXPECT_EQ(count_of(said, "the stream waits until there is room"), 1U) << said;
  EXPECT_EQ(count_of(said, "nothing is lost"), 1U) << said;
  EXPECT_FALSE(output_->data_was_lost());
  EXPECT_EQ((*schema::TapeReader::open(folder_.path()))->summary().frame_count, reads_.count());
}

TEST_F(FullMemory, AnEndTellsWhatIsLost) {
  while (!output_->is_full()) {
    ASSERT_TRUE(reads_.hand_in(*output_, id_));
  }
  const auto finished = output_->finish();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(count_of(said, "the stream waits until there is room"), 1U) << said;
  EXPECT_EQ(count_of(said, "nothing is lost"), 0U) << said;
  ASSERT_FALSE(finished);
  EXPECT_TRUE(output_->data_was_lost());
  EXPECT_NE(
      finished.error().message.find("at least " + format_count(reads_.count()) + ") are lost"),
      std::string::npos)
      << finished.error().message;
}

TEST_F(FullMemory, AStreamThatCannotWaitIsNotRecordedFurther) {
  Result<void> handed_in;
  while ((handed_in = reads_.hand_in(*output_, id_)) &&
         reads_.count() < 2 * limits::held_bytes_max / Reads::bytes) {
  }
  testing::internal::GetCapturedStderr();
  ASSERT_FALSE(handed_in);
  EXPECT_NE(handed_in.error().message.find("so is the memory"), std::string::npos);
  EXPECT_LE(reads_.count(), limits::held_bytes_max / Reads::bytes + 5);
}

}  // namespace
}  // namespace tapedeck::cli
