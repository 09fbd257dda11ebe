// tapedeck diff: where two tapes first differ.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_diff(const Arguments& /*arguments*/) {
  return fail_usage("diff is not there yet");
}

}  // namespace tapedeck::cli
