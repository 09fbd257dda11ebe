// tapedeck info: what a tape holds.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_info(const Arguments& /*arguments*/) {
  return fail_usage("info is not there yet");
}

}  // namespace tapedeck::cli
