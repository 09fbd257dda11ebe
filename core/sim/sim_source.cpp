#include "core/sim/sim_source.hpp"

namespace tapedeck::sim {

SimSource::SimSource(const Options& options)
    : node_(options), stream_(node_.open_stream(node_.observer_uuid(), 0).value()) {}

}  // namespace tapedeck::sim
