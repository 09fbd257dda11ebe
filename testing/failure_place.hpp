// Tells where on a tape an assertion of GoogleTest failed, also one within a handler.
#pragma once

#include <cstdint>
#include <iostream>
#include <optional>

#include <gtest/gtest.h>

#include "testing/playback.hpp"

namespace tapedeck::testing {

/// As long as it lives, the first assertion that fails at a frame of `playback` is followed by its
/// place and the nearest frames on stdout, where GoogleTest reports the failure. For one thread.
class FailurePlace final : private ::testing::EmptyTestEventListener {
 public:
  /// `playback` must outlive it.
  explicit FailurePlace(const Playback& playback) : playback_(playback) {
    ::testing::UnitTest::GetInstance()->listeners().Append(this);
  }
  FailurePlace(const FailurePlace&) = delete;
  FailurePlace& operator=(const FailurePlace&) = delete;
  ~FailurePlace() override { ::testing::UnitTest::GetInstance()->listeners().Release(this); }

 private:
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (result.failed() && playback_.seq() != told_) {
      told_ = playback_.seq();
      std::cout << playback_.place() << "\n" << playback_.nearest_frames() << std::flush;
    }
  }

  const Playback& playback_;
  std::optional<std::uint64_t> told_;
};

}  // namespace tapedeck::testing
