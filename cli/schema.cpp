// tapedeck schema: the catalogue of events as JSON Schema.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_schema(const Arguments& /*arguments*/) {
  return fail_usage("schema is not there yet");
}

}  // namespace tapedeck::cli
