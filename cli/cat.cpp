// tapedeck cat: the body bytes of a tape, as received.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_cat(const Arguments& /*arguments*/) {
  return fail_usage("cat is not there yet");
}

}  // namespace tapedeck::cli
