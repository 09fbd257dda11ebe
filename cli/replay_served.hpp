// A tape, served to clients.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "cli/replay_wishes.hpp"
#include "cli/tape_marks.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// Serves the tapes in a folder, each as a conference of its own, until it is over or told to stop.
/// Marks that are set are in `marks` then; so below.
[[nodiscard]] Result<ExitCode> serve_folder(const std::string& folder, const ReplayWishes& wishes,
                                            FaultRun& faults, NewMarks& marks);

/// Serves until it is over or told to stop.
[[nodiscard]] Result<ExitCode> serve_tape(const schema::TapeReader& tape,
                                          const ReplayWishes& wishes, FaultRun& faults,
                                          NewMarks& marks);

}  // namespace tapedeck::cli
