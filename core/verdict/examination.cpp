#include "core/verdict/examination.hpp"

#include <utility>

namespace tapedeck::verdict {

Examination::Examination(state::Join join, const RuleSet& rules)
    : findings_(rules),
      validator_(findings_),
      derivation_(std::move(join),
                  {.client = state::Client::client_20, .signals = false, .digest = true}) {}

void Examination::frame(const port::Frame& frame, std::int64_t wall_ns) {
  validator_.frame(frame);
  derivation_.push({frame.seq, frame.connection_id, frame.recv_ns}, wall_ns, frame.raw);
  take_steps();
}

void Examination::finish() {
  derivation_.finish();
  take_steps();
  validator_.finish();
}

void Examination::take_steps() {
  while (const auto step = derivation_.next()) {
    if (step->event != nullptr) {
      validator_.event(*step->event, step->outcome);
    }
  }
}

}  // namespace tapedeck::verdict
