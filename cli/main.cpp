// The tapedeck command: a table of sub-commands, and the place where errors become exit codes.
#include <array>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "cli/log.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"

namespace tapedeck::cli {
namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  Result<ExitCode> (*run)(const Arguments&);
};

constexpr std::array<Command, 14> commands{{
    {"parse", "SSE bytes to one JSON line a message, as a browser would dispatch them", run_parse},
    {"record", "a live stream, a file or stdin onto a tape", run_record},
    {"proxy", "between a client and a node: all passes, streams and REST go onto tapes", run_proxy},
    {"replay", "a tape to an SSE endpoint that a Pexip client joins, to stdout or to nothing",
     run_replay},
    {"events", "what a plugin, or a client of a given version, would have seen", run_events},
    {"state", "the conference at a moment of the tape", run_state},
    {"verify", "whether a tape is whole, and what in it departs from the rules", run_verify},
    {"repair", "what can be saved from a damaged tape, onto a new one", run_repair},
    {"diff", "where two tapes first differ", run_diff},
    {"info", "what a tape holds", run_info},
    {"mark", "names for moments of a tape", run_mark},
    {"index", "checkpoints on a tape, so that any moment of it is there at once", run_index},
    {"cat", "the body bytes of a tape, as received", run_cat},
    {"simulate", "a seeded conference, live on a port, onto a tape or to stdout", run_simulate},
    {"schema", "the catalogue of events as JSON Schema", run_schema},
}};

void print_usage(std::ostream& out) {
  out << "usage: tapedeck COMMAND [arguments]\n\n"
         "Records, replays and judges the event streams of Pexip Infinity conferences.\n\n";
  for (const Command& command : commands) {
    out << "  " << command.name << std::string(12 - command.name.size(), ' ') << command.summary
        << '\n';
  }
  out << "\n'tapedeck COMMAND --help' explains a command.\n";
}

ExitCode exit_code_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::usage:
      return ExitCode::usage;
    case ErrorKind::input_output:
    case ErrorKind::damaged:
      return ExitCode::input_output;
  }
  return ExitCode::input_output;
}

ExitCode run(const Arguments& all) {
  if (all.empty()) {
    print_usage(std::cerr);
    return ExitCode::usage;
  }
  const std::string& name = all.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(std::cout);
    return ExitCode::done;
  }
  if (name == "--version") {
    std::cout << "tapedeck " TAPEDECK_VERSION "\n";
    return ExitCode::done;
  }
  for (const Command& command : commands) {
    if (command.name != name) {
      continue;
    }
    const auto code = command.run(Arguments(all.begin() + 1, all.end()));
    if (code) {
      return *code;
    }
    say_failure(name, code.error().message);
    return exit_code_of(code.error());
  }
  std::cerr << "tapedeck: there is no command '" << printable(name)
            << "'; 'tapedeck --help' lists the commands\n";
  return ExitCode::usage;
}

}  // namespace
}  // namespace tapedeck::cli

int main(int argc, char** argv) {
  // A peer that goes away is an error of the write, not the end of a recording or a server.
  std::signal(SIGPIPE, SIG_IGN);
  // So is a file that grew to the limit of the process (ulimit -f).
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const tapedeck::cli::Arguments arguments(argv + 1, argv + argc);
    return static_cast<int>(tapedeck::cli::run(arguments));
  } catch (const std::exception& error) {
    std::cerr << "tapedeck: " << error.what() << '\n';
    return static_cast<int>(tapedeck::cli::ExitCode::input_output);
  }
}
