// What must hold of every run, whatever its seed. The checks know the network's log and the tape;
// they share no code with what made either.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/tape_reader.hpp"
#include "tests/sim/digest.hpp"
#include "tests/sim/plan.hpp"
#include "tests/sim/run.hpp"

namespace tapedeck::test {

using Faults = std::vector<std::string>;

/// One more fault where it does not hold; the first few of a run tell enough.
inline void expect(bool holds, const std::string& what, Faults& faults) {
  constexpr std::size_t enough = 20;
  if (!holds && faults.size() < enough) {
    faults.push_back(what);
  }
}

/// Each process came back to the node as often and as soon as it should, and left nothing behind
/// where it could make no tape.
void check_processes(const Plan& plan, const Recorded& recorded, Faults& faults);

/// Byte truth, blocks, reads, times, order, connections, gaps and sessions; that a process which
/// died lost nothing that it had said to be safe, and no more than the bounds allow; and that one
/// which did not ended for a reason.
void check_tape(const Plan& plan, const Recorded& recorded, const schema::TapeReader& tape,
                Faults& faults);

/// The uuids in the main room.
using Roster = std::set<std::string>;

/// Each connection's stream is one that a node could send. Only for a plain network. Returns who is
/// there at the end, or nothing when the last connection did not live to tell.
std::optional<Roster> check_stream(const Recorded& recorded, const schema::TapeReader& tape,
                                   Faults& faults);

/// All frames, in order, each exactly when it is due; and the state of the first replay.
void check_replay(const schema::TapeReader& tape, const ReplayPlan& plan, std::int64_t start_ns,
                  const Replayed& replayed, const Replayed& first, Faults& faults);

/// Of all that is on the tape but the program's name.
[[nodiscard]] Digest digest_of(const schema::TapeReader& tape);

}  // namespace tapedeck::test
