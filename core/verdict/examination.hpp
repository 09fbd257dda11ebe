// One tape from its first frame to its last: what it means and where it departs from the rules.
//
// Frames are handed in in the order of `seq`; nothing is kept of them but the state of the
// conference and the findings. Not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/port/frame.hpp"
#include "core/state/derivation.hpp"
#include "core/verdict/findings.hpp"
#include "core/verdict/validator.hpp"

namespace tapedeck::verdict {

class Examination {
 public:
  /// The state is derived as @pexip/infinity 20.0.0 sees it, with its digest.
  Examination(state::Join join, const RuleSet& rules);
  Examination(const Examination&) = delete;  // the validator refers to the findings
  Examination& operator=(const Examination&) = delete;

  /// From here on you are the participant `uuid` of the main room.
  void self(std::string_view uuid) { validator_.self(uuid); }

  /// `wall_ns` is the recorded Unix time of the frame.
  void frame(const port::Frame& frame, std::int64_t wall_ns);
  void finish();

  /// Also for findings of those who know more of the tape than its frames.
  [[nodiscard]] Findings& findings() { return findings_; }
  [[nodiscard]] const Findings& findings() const { return findings_; }
  [[nodiscard]] const state::Reducer& reducer() const { return derivation_.reducer(); }
  [[nodiscard]] const state::Derivation& derivation() const { return derivation_; }

 private:
  void take_steps();

  Findings findings_;
  Validator validator_;
  state::Derivation derivation_;
};

}  // namespace tapedeck::verdict
