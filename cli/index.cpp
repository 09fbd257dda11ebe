// tapedeck index: checkpoints on a tape, so that any moment of it is there at once.
#include <string>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/overwritten_line.hpp"
#include "cli/table.hpp"
#include "cli/tape_indexing.hpp"
#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

Result<ExitCode> index(const std::string& path) {
  OverwrittenLine line;
  const auto indexed = index_tape(path, [&](double part) {
    line.show("indexing " + printable(path) + ": " + std::to_string(static_cast<int>(part * 100)) +
              " %");
  });
  line.clear();
  if (!indexed) {
    return fail(indexed.error());
  }
  if (indexed->checkpoints == 0) {
    say("'" + path + "' is so short that it needs no checkpoint");
    return ExitCode::done;
  }
  say("'" + path + "' has " + counted(indexed->checkpoints, "checkpoint") + " in " +
      format_bytes(indexed->bytes) + ", " + format_count(indexed->added) + " of them new");
  return ExitCode::done;
}

Result<ExitCode> drop(const std::string& path) {
  const auto dropped = drop_index(path);
  if (!dropped) {
    return fail(dropped.error());
  }
  say("removed " + counted(*dropped, "checkpoint") + " of '" + path + "'");
  return ExitCode::done;
}

}  // namespace

Result<ExitCode> run_index(const Arguments& arguments) {
  Options options("index", "TAPE [options]",
                  "Puts checkpoints on a tape: the state of the conference after some of its\n"
                  "frames, so that replay and state need not derive it from the beginning. What\n"
                  "was recorded stays as it is. Adds what is missing, after --append for example.");
  options.positional("TAPE");
  options.add()("drop", "remove the checkpoints; the room is used again, the file stays as large");
  const auto parsed = options.parse(arguments);
  if (!parsed) {
    return fail(parsed.error());
  }
  if (!*parsed) {
    return ExitCode::done;
  }
  const std::string& path = (*parsed)->get("TAPE");
  return (*parsed)->has("drop") ? drop(path) : index(path);
}

}  // namespace tapedeck::cli
