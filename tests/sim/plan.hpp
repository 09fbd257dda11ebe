// What one seed makes of the world: the conference, the network, the disk's owner, the replays.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/sim/options.hpp"
#include "replayer/timeline.hpp"
#include "tests/sim/mutant.hpp"

namespace tapedeck::test {

/// Later than any time of a run.
inline constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

struct NetworkPlan {
  std::string_view line_end = "\n";     ///< the node's own, or CR LF, or CR
  bool byte_order_mark = false;         ///< at the start of each body
  std::uint64_t noise_percent = 0;      ///< blocks that are followed by wrong bytes
  std::size_t chunk_bytes_max = 1;      ///< of one read
  std::int64_t delay_ns_max = 0;        ///< of one read
  std::uint64_t drop_per_mille = 0;     ///< reads after which the connection is gone
  std::uint64_t stillborn_percent = 0;  ///< connections that are gone after their first read
  std::uint64_t stall_per_mille = 0;    ///< reads after which it stays and brings nothing any more
  std::uint64_t refused_percent = 0;    ///< attempts that are turned away
  std::uint64_t deaf_percent = 0;       ///< attempts that nobody answers
  std::int64_t retry_after_ns_max = 0;  ///< what who is turned away is told to wait

  /// What arrives is what a node sends, block by block.
  [[nodiscard]] bool is_plain() const {
    return line_end == "\n" && !byte_order_mark && noise_percent == 0;
  }
};

/// What ends a recording process before its time.
struct Mishap {
  enum class Kind {
    killed,      ///< before call `number` of its sink, the first being 1
    abandoned,   ///< the same, but its parts are taken down one by one
    disk_full,   ///< from operation `number` on the disk on
    disk_error,  ///< at operation `number` on the disk
    power_cut,   ///< so, and of what was not waited for any part is lost
  };
  Kind kind = Kind::killed;
  std::uint64_t number = 1;
  std::int64_t pause_ns = 0;  ///< until the next process begins
};

struct ReplayPlan {
  replayer::TimelineOptions options;
  /// The rate again, as a check reads it: recorded time * den / num, 0 / 1 for unlimited.
  std::int64_t num = 0;
  std::int64_t den = 1;
};

/// One who watches a replay. Times are those of the replay's clock.
struct ClientPlan {
  std::int64_t come_ns = 0;
  std::int64_t leave_ns = 0;
  bool stays = false;   ///< instead, until all has been played and it has read what there is
  bool is_old = false;  ///< HTTP/1.0
  std::int64_t read_every_ns = 1;
  std::size_t read_bytes_max = 1;
  std::int64_t lags_from_ns = 0;  ///< it reads nothing
  std::int64_t lags_until_ns = 0;
};

struct AudiencePlan {
  bool is_shared = false;
  Rate rate;
  std::int64_t num = 1;  ///< the rate again, as in a ReplayPlan
  std::int64_t den = 1;
  std::size_t stream_bytes_max = 0;
  std::vector<ClientPlan> clients;
};

struct Plan {
  std::uint64_t seed = 0;
  sim::Options conference;
  NetworkPlan network;
  std::optional<std::int64_t> duration_ns;  ///< the recorder stops by itself
  std::optional<std::uint64_t> frames_max;  ///< so
  std::optional<std::int64_t> stop_ns;      ///< it is stopped, so long after it began
  std::optional<std::int64_t> stall_ns;     ///< it takes a connection so silent for broken
  std::vector<Mishap> mishaps;              ///< one process for each, and another that goes on
  std::size_t commit_frames_max = 1;
  std::int64_t commit_ns_max = 0;
  std::int64_t slow_disk_ns = 0;  ///< that the disk takes at most where it is waited for
  std::vector<ReplayPlan> replays;
  std::uint64_t restart_percent = 0;  ///< of the frames, after which a state is gone on with
  AudiencePlan audience;
  Mutant mutant = Mutant::none;

  /// What was committed outlives the power.
  [[nodiscard]] bool is_durable() const;
  [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] Plan make_plan(std::uint64_t seed);

}  // namespace tapedeck::test
