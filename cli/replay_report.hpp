// How a replay goes and how it went, for people and for programs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/port/clock.hpp"
#include "replayer/deck.hpp"

namespace tapedeck::cli {

/// What was played, and how well, as a clause for people.
[[nodiscard]] std::string summary(const replayer::PlayReport& played);

/// The same as a line of JSON, with the digest of the bytes.
void append_json(std::string& out, const replayer::PlayReport& played, const std::string& digest);

/// Looks up now and then, in silences too: waits in small steps.
class TickClock final : public port::Clock {
 public:
  /// `clock` must outlive it.
  TickClock(port::Clock& clock, std::function<void()> look)
      : clock_(clock), look_(std::move(look)), looked_ns_(clock.now_ns()) {}

  [[nodiscard]] std::int64_t now_ns() override { return clock_.now_ns(); }

  port::Wait wait_until(std::int64_t due_ns) override;

 private:
  port::Clock& clock_;
  std::function<void()> look_;
  std::int64_t looked_ns_;
};

}  // namespace tapedeck::cli
