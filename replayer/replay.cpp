#include "replayer/replay.hpp"

#include <cstdint>
#include <ranges>
#include <utility>

namespace tapedeck::replayer {

static_assert(std::ranges::input_range<Replay>);

Replay::Replay(std::unique_ptr<port::FrameSource> source, const TimelineOptions& options,
               port::Clock& clock)
    : clock_(clock), player_(std::move(source), Timeline(options, clock.now_ns())) {}

Result<std::optional<port::Frame>> Replay::next() {
  const Result<std::optional<std::int64_t>> due_ns = player_.next_due_ns();
  if (!due_ns) {
    return fail(due_ns.error());
  }
  if (!*due_ns || clock_.wait_until(**due_ns) == port::Wait::woken) {
    return std::optional<port::Frame>();
  }
  return std::optional(player_.take());
}

std::optional<port::Frame> Replay::next_in_range() {
  auto frame = next();
  if (!frame) {
    result_ = fail(frame.error());
    return std::nullopt;
  }
  result_ = {};
  return *frame;
}

}  // namespace tapedeck::replayer
