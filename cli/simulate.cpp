// tapedeck simulate: a seeded conference, live on a port, onto a tape or to stdout.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_simulate(const Arguments& /*arguments*/) {
  return fail_usage("simulate is not there yet");
}

}  // namespace tapedeck::cli
