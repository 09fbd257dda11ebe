// tapedeck cat: the body bytes of a tape, as received.
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

/// The connection asked for, 0 for all of them.
Result<std::uint32_t> connection_asked(const Values& values, const schema::TapeReader& tape) {
  const auto asked = values.whole("connection", 1);
  if (!asked) {
    return fail(asked.error());
  }
  if (!*asked) {
    return std::uint32_t{0};
  }
  const auto connections = tape.connections();
  if (!connections) {
    return fail(connections.error());
  }
  for (const schema::Connection& connection : *connections) {
    if (connection.id == **asked) {
      return connection.id;
    }
  }
  return fail_usage("there is no connection " + std::to_string(**asked) +
                    " on the tape; 'tapedeck info' lists them");
}

/// The connection with what the recorder made for the start of a part, 0 where there is none.
std::uint32_t state_connection_of(const schema::TapeReader& tape) {
  const std::string text = tape.value("state_connection").value_or("");
  std::uint32_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

}  // namespace

Result<ExitCode> run_cat(const Arguments& arguments) {
  Options options(
      "cat", "TAPE [options]",
      "Writes the bytes that were received to stdout: bodies without their times, in\n"
      "the order of the frames. The state at the start of a part, which the recorder made,\n"
      "is left out unless its connection is asked for.");
  options.add()("connection", po::value<std::string>()->value_name("N"),
                "the body of one connection only");
  options.positional("TAPE");
  const auto values = options.parse(arguments);
  if (!values) {
    return fail(values.error());
  }
  if (!*values) {
    return ExitCode::done;
  }
  const auto tape = schema::TapeReader::open((*values)->get("TAPE"));
  if (!tape) {
    return fail(tape.error());
  }
  const auto connection = connection_asked(**values, **tape);
  if (!connection) {
    return fail(connection.error());
  }
  const auto frames = (*tape)->frames({.connection_id = *connection});
  if (!frames) {
    return fail(frames.error());
  }
  const std::uint32_t left_out = *connection == 0 ? state_connection_of(**tape) : 0;
  Output output;
  while (true) {
    const auto frame = (*frames)->next();
    if (!frame || !*frame) {
      // What could be read is worth having, damaged tape or not.
      if (auto flushed = output.flush(); !flushed) {
        return fail(flushed.error());
      }
      return frame ? Result<ExitCode>(ExitCode::done) : fail(frame.error());
    }
    if (left_out != 0 && (*frame)->connection_id == left_out) {
      continue;
    }
    if (auto written = output.write((*frame)->raw); !written) {
      return fail(written.error());
    }
  }
}

}  // namespace tapedeck::cli
