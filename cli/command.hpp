// A sub-command: one function, one file, one row of the table in main.cpp.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace tapedeck::cli {

enum class ExitCode : int {
  done = 0,
  failed = 1,        ///< a verdict failed
  usage = 2,         ///< the command line makes no sense
  input_output = 3,  ///< a file, a socket or a node did not do its part
  lost = 4,          ///< done, but data was lost; stderr says which
  interrupted = 130,
};

/// What follows the command's name.
using Arguments = std::vector<std::string>;

Result<ExitCode> run_parse(const Arguments& arguments);
Result<ExitCode> run_record(const Arguments& arguments);
Result<ExitCode> run_proxy(const Arguments& arguments);
Result<ExitCode> run_replay(const Arguments& arguments);
Result<ExitCode> run_events(const Arguments& arguments);
Result<ExitCode> run_state(const Arguments& arguments);
Result<ExitCode> run_verify(const Arguments& arguments);
Result<ExitCode> run_repair(const Arguments& arguments);
Result<ExitCode> run_diff(const Arguments& arguments);
Result<ExitCode> run_info(const Arguments& arguments);
Result<ExitCode> run_mark(const Arguments& arguments);
Result<ExitCode> run_index(const Arguments& arguments);
Result<ExitCode> run_cat(const Arguments& arguments);
Result<ExitCode> run_simulate(const Arguments& arguments);
Result<ExitCode> run_schema(const Arguments& arguments);

}  // namespace tapedeck::cli
