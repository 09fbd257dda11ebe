// tapedeck record: a live stream, a file or stdin onto a tape.
#include "cli/command.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_record(const Arguments& /*arguments*/) {
  return fail_usage("record is not there yet");
}

}  // namespace tapedeck::cli
