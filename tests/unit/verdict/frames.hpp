// Tapes in memory, for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/units.hpp"
#include "core/port/frame_source.hpp"
#include "core/sim/sim_source.hpp"
#include "core/sse/frame_splitter.hpp"

namespace tapedeck::verdict {

using Blocks = std::vector<std::string>;

/// Each block is a frame on one connection, ten milliseconds apart.
class MemorySource final : public port::FrameSource {
 public:
  explicit MemorySource(Blocks blocks) : blocks_(std::move(blocks)) {}

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    if (next_ == blocks_.size()) {
      return std::optional<port::Frame>{};
    }
    const std::string& raw = blocks_[next_];
    ++next_;
    return std::optional(port::Frame{next_, 1, static_cast<std::int64_t>(next_) * 10 * ns_per_ms,
                                     raw.ends_with("\n\n"), raw});
  }

 private:
  Blocks blocks_;
  std::uint64_t next_ = 0;
};

inline port::FrameSourceFactory tape_of(const Blocks& blocks) {
  return [blocks]() -> Result<std::unique_ptr<port::FrameSource>> {
    return std::unique_ptr<port::FrameSource>(std::make_unique<MemorySource>(blocks));
  };
}

inline Blocks blocks_of(std::string_view stream) {
  Blocks blocks;
  sse::FrameSplitter splitter;
  splitter.push(stream);
  while (const auto block = splitter.next()) {
    blocks.emplace_back(block->raw);
  }
  if (const auto rest = splitter.finish()) {
    blocks.emplace_back(rest->raw);
  }
  return blocks;
}

/// A simulated conference of half a minute.
inline Blocks conference(std::uint64_t seed) {
  sim::SimSource source({.seed = seed, .participants = 6, .duration_ns = 30 * ns_per_s});
  Blocks blocks;
  while (const auto frame = *source.next()) {
    blocks.emplace_back(frame->raw);
  }
  return blocks;
}

}  // namespace tapedeck::verdict
