// How a replay goes and how it went, for people and for programs.
#pragma once

#include <cstdint>
#include <string>

#include "core/port/clock.hpp"
#include "replayer/deck.hpp"

namespace tapedeck::cli {

/// What was played, and how well, as a clause for people.
[[nodiscard]] std::string summary(const replayer::PlayReport& played);

/// The same as a line of JSON, with the digest of the bytes.
void append_json(std::string& out, const replayer::PlayReport& played, const std::string& digest);

/// Lets a line on a terminal tell how far the replay is, in silences too: waits in small steps.
class ProgressClock final : public port::Clock {
 public:
  /// Both must outlive it; `total_ns` is how much recorded time there is to play.
  ProgressClock(port::Clock& clock, const replayer::PlayReport& played, std::int64_t total_ns);
  ProgressClock(const ProgressClock&) = delete;
  ProgressClock& operator=(const ProgressClock&) = delete;
  ~ProgressClock() override;

  [[nodiscard]] std::int64_t now_ns() override { return clock_.now_ns(); }

  port::Wait wait_until(std::int64_t due_ns) override;

 private:
  void show();

  port::Clock& clock_;
  const replayer::PlayReport& played_;
  std::int64_t total_ns_;
  std::int64_t shown_ns_;
  bool shown_ = false;
};

}  // namespace tapedeck::cli
