// tapedeck replay: a tape to an SSE endpoint that a Pexip client joins, to stdout or to nothing.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_replay(const Arguments& /*arguments*/) {
  return fail_usage("replay is not there yet");
}

}  // namespace tapedeck::cli
