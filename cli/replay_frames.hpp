// From a tape to the frames that a replay plays.
#pragma once

#include <memory>

#include "cli/replay_wishes.hpp"
#include "core/port/frame_source.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// The frames that are asked for, as often as asked for, every byte of them. Must not outlive the
/// tape.
[[nodiscard]] std::unique_ptr<port::FrameSource> open_frames(const schema::TapeReader& tape,
                                                             const ReplayWishes& wishes);

}  // namespace tapedeck::cli
