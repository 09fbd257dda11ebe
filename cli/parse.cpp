// tapedeck parse: SSE bytes to one JSON line a message, as a browser would dispatch them.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_parse(const Arguments& /*arguments*/) {
  return fail_usage("parse is not there yet");
}

}  // namespace tapedeck::cli
