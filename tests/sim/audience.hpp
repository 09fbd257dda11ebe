// Clients that come, read at their own pace, fall behind and go: the product's connections, streams
// and replay loop under virtual time. In the place of the network stand pairs of sockets within the
// process, whose buffers are small; nothing listens and nothing waits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/tape_reader.hpp"
#include "tests/sim/checks.hpp"
#include "tests/sim/digest.hpp"
#include "tests/sim/plan.hpp"

namespace tapedeck::test {

/// Plays `tape` to the plan's clients and says what did not hold:
///
/// - each client gets a beginning of what it was sent, and who stays and keeps up gets all of it;
/// - a stream of one's own is the tape; a shared one is what was due from the arrival on;
/// - what is kept for a client stays within the bound, and nobody who keeps up is dropped.
void check_audience(const Plan& plan, const schema::TapeReader& tape, Faults& faults,
                    Digest& digest);

}  // namespace tapedeck::test
