#include "cli/replay_frames.hpp"

#include "replayer/looped_source.hpp"

namespace tapedeck::cli {

std::unique_ptr<port::FrameSource> open_frames(const schema::TapeReader& tape,
                                               const ReplayWishes& wishes) {
  const auto open_pass = [&tape, from_ns = wishes.timeline.from_ns, until_ns = wishes.until_ns] {
    return tape.frames({.from_ns = from_ns, .until_ns = until_ns});
  };
  return edited(
      std::make_unique<replayer::LoopedSource>(open_pass, wishes.passes, wishes.timeline.from_ns),
      wishes.edits);
}

}  // namespace tapedeck::cli
