// What one seed makes of the world: the conference, the network, the disk's owner, the replays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sim/options.hpp"
#include "core/sim/random.hpp"
#include "replayer/timeline.hpp"

namespace tapedeck::test {

struct NetworkPlan {
  std::string_view line_end = "\n";   ///< the node's own, or CR LF, or CR
  bool byte_order_mark = false;       ///< at the start of each body
  std::uint64_t noise_percent = 0;    ///< blocks that are followed by wrong bytes
  std::size_t chunk_bytes_max = 1;    ///< of one read
  std::int64_t delay_ns_max = 0;      ///< of one read
  std::uint64_t drop_per_mille = 0;   ///< reads after which the connection is gone
  std::uint64_t refused_percent = 0;  ///< attempts that are turned away

  /// What arrives is what a node sends, block by block.
  [[nodiscard]] bool is_plain() const {
    return line_end == "\n" && !byte_order_mark && noise_percent == 0;
  }
};

struct Plan {
  std::uint64_t seed = 0;
  sim::Options conference;
  NetworkPlan network;
  std::optional<std::int64_t> duration_ns;    ///< the recorder stops by itself
  std::optional<std::uint64_t> frames_max;    ///< so
  std::optional<std::uint64_t> death_frames;  ///< the process dies at this frame, another goes on
  std::size_t commit_frames_max = 1;
  std::int64_t commit_ns_max = 0;
  std::vector<replayer::TimelineOptions> replays;

  [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] Plan make_plan(std::uint64_t seed);

}  // namespace tapedeck::test
