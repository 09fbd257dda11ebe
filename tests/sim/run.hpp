// One simulated run: the product's recorder, tape, reader and replay loop under virtual time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "recorder/session.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/plan.hpp"

namespace tapedeck::test {

/// A recording process, from its start to its end or death.
struct ProcessLog {
  std::size_t first_connection = 0;  ///< in Recorded::connections
  std::int64_t tape_minus_clock_ns = 0;
  std::uint64_t frames_before = 0;  ///< on the tape when it began
  std::uint64_t frames_accepted = 0;
  std::int64_t end_ns = 0;  ///< by the clock
  bool has_died = false;
  std::uint64_t committed_seq = 0;           ///< what it had said to be safe when it died
  std::vector<std::int64_t> accepted_ns;     ///< by the clock, of each frame
  std::optional<recorder::Summary> summary;  ///< unless it died
};

struct Recorded {
  std::string self;
  std::vector<ConnectionLog> connections;
  std::vector<ProcessLog> processes;
};

/// Records the plan's conference onto a tape at `path`.
[[nodiscard]] Result<Recorded> record(const Plan& plan, const std::string& path);

/// A frame as it was handed to the sink of a replay.
struct Delivery {
  std::int64_t at_ns = 0;
  std::uint64_t seq = 0;
  std::int64_t recv_ns = 0;
};

struct Replayed {
  std::vector<Delivery> deliveries;
  std::string bytes;
  std::string state_digest;
  std::vector<std::string> roster;  ///< uuids in the main room at the end
  bool disconnected = false;
};

/// Plays the tape at `path` from `start_ns` of a virtual clock.
[[nodiscard]] Result<Replayed> replay(const std::string& path, const std::string& self,
                                      const replayer::TimelineOptions& options,
                                      std::int64_t start_ns);

}  // namespace tapedeck::test
