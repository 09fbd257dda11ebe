// tapedeck events: what a plugin, or a client of a given version, would have seen.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_events(const Arguments& /*arguments*/) {
  return fail_usage("events is not there yet");
}

}  // namespace tapedeck::cli
