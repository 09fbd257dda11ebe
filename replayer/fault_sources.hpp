// A source of frames with one fault: what FaultPlan::apply puts together.
#pragma once

#include <cstdint>
#include <memory>

#include "core/base/random.hpp"
#include "core/port/frame_source.hpp"
#include "replayer/fault_plan.hpp"
#include "replayer/fault_spec.hpp"

namespace tapedeck::replayer {

/// With this chance, in millionths. Draws once, whatever the chance.
[[nodiscard]] inline bool draws(Random& random, std::int64_t millionths) {
  return random.below(static_cast<std::uint64_t>(certain_millionths)) <
         static_cast<std::uint64_t>(millionths);
}

/// What a fault has to go by.
struct FaultSetting {
  const Fault& fault;
  Random random;
  std::int64_t begin_ns = 0;
  AfterCut after_cut = AfterCut::end;
  std::uint64_t& done;  ///< counts how often the fault was done
};

/// `setting.fault`, which is one of a stream, and `done` must outlive the source.
[[nodiscard]] std::unique_ptr<port::FrameSource> make_faulty(
    std::unique_ptr<port::FrameSource> source, const FaultSetting& setting);

}  // namespace tapedeck::replayer
