// What a command changes, done to a simulated conference.
#pragma once

#include <string>

#include "cli/command_effect.hpp"
#include "core/sim/conference.hpp"
#include "core/sim/director.hpp"

namespace tapedeck::cli {

/// Who a change is about; no_leg where nobody of this uuid is in that room.
[[nodiscard]] sim::Leg find_leg(const sim::Conference& conference, const Change& change);

/// Changes of people, of rooms and of who is in which, and what is said; nothing else. Nothing
/// happens where the conference has not what the change is about: a simulated participant is
/// shown presentations always and in no mix of their own, guests may always unmute themselves,
/// and who joined from outside stays in the main room.
void apply(const Change& change, sim::Conference& conference, sim::Director& director);

}  // namespace tapedeck::cli
