// What the frames of a tape mean and where they depart from the rules, found by one thread or by
// two.
#pragma once

#include <string>

#include "cli/conference_tape.hpp"
#include "core/base/result.hpp"
#include "core/state/join.hpp"
#include "core/verdict/findings.hpp"

namespace tapedeck::cli {

struct Examined {
  verdict::Findings findings;  ///< of the events, in their order, then of the checkpoints
  std::string state_digest;
  bool was_read = true;  ///< false: not to the end; a finding tells why
};

using FramesDone = ConferenceTape::FramesDone;

[[nodiscard]] Result<Examined> examine(const ConferenceTape& conference, const state::Join& join,
                                       const verdict::RuleSet& rules, const FramesDone& done);

/// The same of a tape that does not grow, and lies at `path`. One thread judges each event, while
/// another, with a reader of its own, derives the state, and tells what became of it.
[[nodiscard]] Result<Examined> examine_in_two_threads(const ConferenceTape& conference,
                                                      const std::string& path,
                                                      const state::Join& join,
                                                      const verdict::RuleSet& rules,
                                                      const FramesDone& done);

}  // namespace tapedeck::cli
