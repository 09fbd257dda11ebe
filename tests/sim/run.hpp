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
  std::size_t end_connection = 0;    ///< past its last
  std::size_t first_attempt = 0;     ///< in Recorded::attempts
  std::size_t end_attempt = 0;
  std::int64_t begin_ns = 0;  ///< by the clock, as all times here
  std::int64_t end_ns = 0;

  std::optional<std::int64_t> open_ns;  ///< when it began to open the tape
  bool has_tape = false;                ///< it came to open the tape
  bool left_a_file = false;             ///< where it did not, and there had been none
  std::int64_t tape_minus_clock_ns = 0;
  std::uint64_t frames_before = 0;           ///< on the tape when it began
  std::uint64_t frames_offered = 0;          ///< to the tape
  std::vector<std::int64_t> accepted_ns;     ///< of each frame that the tape took
  std::uint64_t committed_seq = 0;           ///< what the tape said in the end to be safe
  bool has_begun_to_finish = false;          ///< the tape was told that nothing follows
  std::optional<recorder::Summary> summary;  ///< nothing: it died or failed
};

struct Recorded {
  std::string self;
  std::vector<ConnectionLog> connections;
  std::vector<AttemptLog> attempts;
  std::vector<ProcessLog> processes;
};

/// Records the plan's conference onto a tape at `path`, one process after the other. Fails when a
/// process fails without a mishap of the plan.
[[nodiscard]] Result<Recorded> record(const Plan& plan, const std::string& path);

/// A frame as it was handed to the sink of a replay.
struct Delivery {
  std::int64_t at_ns = 0;
  std::uint64_t seq = 0;
  std::uint32_t connection_id = 0;
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
                                      std::int64_t start_ns, Mutant mutant = Mutant::none);

/// The digest of the state at the end of the tape at `path`, derived up to the frame `seq`, or the
/// next one that ends a block, written down there, and gone on with by one who knows no more.
[[nodiscard]] Result<std::string> derive_in_two(const std::string& path, const std::string& self,
                                                std::uint64_t seq);

}  // namespace tapedeck::test
