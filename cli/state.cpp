// tapedeck state: the conference at a moment of the tape.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_state(const Arguments& /*arguments*/) {
  return fail_usage("state is not there yet");
}

}  // namespace tapedeck::cli
