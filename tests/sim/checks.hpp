// What must hold of every run, whatever its seed. The checks know the network's log and the tape;
// they share no code with what made either.
#pragma once

#include <string>
#include <vector>

#include "schema/tape_reader.hpp"
#include "tests/sim/digest.hpp"
#include "tests/sim/plan.hpp"
#include "tests/sim/run.hpp"

namespace tapedeck::test {

using Faults = std::vector<std::string>;

/// Byte truth, blocks, reads, times, order, connections and gaps; and that a process which died
/// lost nothing that it had said to be safe, and no more than the bounds allow.
void check_tape(const Plan& plan, const Recorded& recorded, const schema::TapeReader& tape,
                Faults& faults);

/// Each connection's stream is one that a node could send. Only for a plain network.
void check_stream(const Recorded& recorded, const schema::TapeReader& tape, Faults& faults);

/// All frames, in order, each exactly when it is due; and the state of the first replay.
void check_replay(const schema::TapeReader& tape, const replayer::TimelineOptions& options,
                  std::int64_t start_ns, const Replayed& replayed, const Replayed& first,
                  Faults& faults);

/// Of all that is on the tape but the program's name.
[[nodiscard]] Digest digest_of(const schema::TapeReader& tape);

}  // namespace tapedeck::test
