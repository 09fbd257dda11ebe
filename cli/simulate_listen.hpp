// simulate --listen: the conference live, on a node that is as strict and as moody as a real one.
#pragma once

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "core/base/result.hpp"
#include "core/sim/options.hpp"

namespace tapedeck::cli {

/// Adds the options that go with --listen.
void add_node_options(Options& options);

/// Fails where one of them was given, which needs --listen.
[[nodiscard]] Result<void> refuse_node_options(const Values& values);

/// Serves until the conference is over, or a signal says so.
Result<ExitCode> serve_conference(const sim::Options& conference, const Values& values);

}  // namespace tapedeck::cli
