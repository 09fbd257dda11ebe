// A tape of ten frames on which anything can be sought, for what is steered.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/units.hpp"
#include "replayer/reel.hpp"
#include "tests/support/memory_source.hpp"

namespace tapedeck::test {

/// Ten frames, one at each second from 1 s on; an even one is a `stage`.
class SecondsReel final : public replayer::Reel {
 public:
  static std::vector<StoredFrame> frames(std::uint64_t after_seq) {
    std::vector<StoredFrame> frames;
    for (std::uint64_t seq = after_seq + 1; seq <= 10; ++seq) {
      frames.push_back({static_cast<std::int64_t>(seq) * ns_per_s, std::to_string(seq) + ' '});
    }
    return frames;
  }

  Result<replayer::Position> place_at(std::int64_t at_ns) override {
    const std::int64_t moment_ns = std::clamp<std::int64_t>(at_ns, 0, 10 * ns_per_s);
    return replayer::Position{.seq = static_cast<std::uint64_t>(moment_ns / ns_per_s),
                              .at_ns = moment_ns};
  }
  Result<replayer::Position> place_behind(std::uint64_t seq) override {
    return replayer::Position{.seq = seq, .at_ns = static_cast<std::int64_t>(seq) * ns_per_s};
  }
  Result<std::optional<replayer::Position>> find_event(std::string_view event,
                                                       std::uint64_t seq) override {
    const std::uint64_t next = seq + 2 - seq % 2;
    if (event != "stage" || next > 10) {
      return std::optional<replayer::Position>();
    }
    return std::optional(
        replayer::Position{.seq = next - 1, .at_ns = static_cast<std::int64_t>(next) * ns_per_s});
  }
  Result<std::unique_ptr<port::FrameSource>> reopen(const replayer::Position& position) override {
    if (torn) {
      return fail_io("the tape is torn");
    }
    // A memory source counts from 1: that is as good, for frames that follow a seek.
    return memory_source(frames(position.seq));
  }
  const std::vector<replayer::Mark>& marks() const override { return marks_; }
  Result<replayer::Kept> add_mark(replayer::Mark mark) override {
    marks_.push_back(std::move(mark));
    return replayer::Kept::for_this_run;
  }
  Result<std::string> state_json(std::uint64_t /*seq*/) override { return std::string("{}"); }
  Result<std::optional<replayer::Glance>> glance(std::uint64_t /*seq*/) override {
    return std::optional<replayer::Glance>();
  }
  std::int64_t tape_ns(std::int64_t at_ns) const override { return at_ns; }
  std::int64_t end_ns() const override { return 10 * ns_per_s; }

  bool torn = false;

 private:
  std::vector<replayer::Mark> marks_;
};

}  // namespace tapedeck::test
