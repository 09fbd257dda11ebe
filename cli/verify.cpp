// tapedeck verify: whether a tape is whole, and what in it departs from the rules.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_verify(const Arguments& /*arguments*/) {
  return fail_usage("verify is not there yet");
}

}  // namespace tapedeck::cli
