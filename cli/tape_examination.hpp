// What the frames of a tape mean and where they depart from the rules, found by one thread or by
// several.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/conference_tape.hpp"
#include "core/base/result.hpp"
#include "core/state/join.hpp"
#include "core/verdict/findings.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

struct Examined {
  verdict::Findings findings;  ///< of the events, in their order, then of the checkpoints
  std::string state_digest;
  bool was_read = true;  ///< false: not to the end; a finding tells why
};

/// Gives all frames of a tape to `visit`, in their order; why not all of them, where they are not.
using ReadFrames = std::function<std::optional<Error>(const schema::FrameVisit& visit)>;

[[nodiscard]] Result<Examined> examine(const ConferenceTape& conference, const state::Join& join,
                                       const verdict::RuleSet& rules, const ReadFrames& read);

/// The same of a tape that does not grow, and lies at `path`: while this thread judges each event,
/// another derives the state, with a reader of its own for the checkpoints, and `read` is called by
/// a third.
[[nodiscard]] Result<Examined> examine_by_threads(const ConferenceTape& conference,
                                                  const std::string& path, const state::Join& join,
                                                  const verdict::RuleSet& rules,
                                                  const ReadFrames& read);

}  // namespace tapedeck::cli
