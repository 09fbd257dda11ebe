// What `events` prints for a realistic conference has the shapes of the plugin catalogue.
#include <set>

#include <gtest/gtest.h>

#include "core/event/catalogue.hpp"
#include "core/state/derivation.hpp"
#include "core/state/plugin_events.hpp"
#include "core/verdict/shape_check.hpp"
#include "tests/unit/verdict/frames.hpp"

namespace tapedeck::verdict {
namespace {

TEST(PluginEvents, HaveTheShapesOfTheCatalogue) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    state::Derivation derivation({}, {.client = client_of(state::PluginApi::api_19)});
    state::PluginEvents plugin_events(state::PluginApi::api_19);
    MemorySource source(conference(seed));
    while (const auto frame = *source.next()) {
      derivation.push({frame->seq, 1, frame->recv_ns}, 0, frame->raw);
      while (const auto step = derivation.next()) {
        for (const state::PluginEvent& event : plugin_events.from(*step)) {
          seen.emplace(event.name);
          const auto* const shape = event::find_plugin_shape(event.name);
          ASSERT_NE(shape, nullptr) << event.name;
          ShapeCheck().check(shape->payload, event.payload, "", [&](const Misfit& misfit) {
            std::string found;
            append_json(found, misfit.found);
            ADD_FAILURE() << event.name << misfit.pointer << ": expected " << misfit.expected
                          << ", found " << found;
          });
        }
      }
    }
  }
  EXPECT_GT(seen.size(), 12U);
}

}  // namespace
}  // namespace tapedeck::verdict
