// How often a plugin hears each event of a tape: plugin-api 19, as `tapedeck events` prints them.
//
// Frames are handed in in the order of `seq`. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/port/frame.hpp"
#include "core/state/derivation.hpp"
#include "core/state/plugin_events.hpp"

namespace tapedeck::verdict {

/// How often something has been seen, by its name.
using Tally = std::map<std::string, std::uint64_t, std::less<>>;

class PluginEventCounts {
 public:
  explicit PluginEventCounts(state::Join join);

  void frame(const port::Frame& frame, std::int64_t wall_ns);
  void finish();

  [[nodiscard]] const Tally& counts() const { return counts_; }

 private:
  void take_steps();

  state::Derivation derivation_;
  state::PluginEvents plugin_events_{state::PluginApi::api_19};
  Tally counts_;
};

}  // namespace tapedeck::verdict
