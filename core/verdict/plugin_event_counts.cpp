#include "core/verdict/plugin_event_counts.hpp"

#include <utility>

namespace tapedeck::verdict {

PluginEventCounts::PluginEventCounts(state::Join join)
    : derivation_(std::move(join), {.client = client_of(state::PluginApi::api_19)}) {}

void PluginEventCounts::frame(const port::Frame& frame, std::int64_t wall_ns) {
  derivation_.push({frame.seq, frame.connection_id, frame.recv_ns}, wall_ns, frame.raw);
  take_steps();
}

void PluginEventCounts::finish() {
  derivation_.finish();
  take_steps();
}

void PluginEventCounts::take_steps() {
  while (const auto step = derivation_.next()) {
    for (const state::PluginEvent& event : plugin_events_.from(*step)) {
      ++counts_[std::string(event.name)];
    }
  }
}

}  // namespace tapedeck::verdict
