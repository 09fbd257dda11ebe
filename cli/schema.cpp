// tapedeck schema: the catalogue of wire and plugin events as JSON Schema.
#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "core/event/json_schema.hpp"

namespace tapedeck::cli {

Result<ExitCode> run_schema(const Arguments& arguments) {
  Options options("schema", "[EVENT] [options]",
                  "Prints the catalogue of events as JSON Schema (draft 2020-12): wire events as\n"
                  "the stream brings them, plugin events as 'tapedeck events' prints them. With\n"
                  "EVENT only the payload of that event.");
  options.positional("EVENT", false);
  options.add()("wire", "only wire events")("plugin", "only plugin events");
  const auto parsed = options.parse(arguments);
  if (!parsed) {
    return fail(parsed.error());
  }
  if (!*parsed) {
    return ExitCode::done;
  }
  const Values& given = **parsed;
  if (given.has("wire") && given.has("plugin")) {
    return fail_usage("--wire and --plugin exclude each other; leave both out for all events");
  }
  const event::SchemaScope scope{.wire = !given.has("plugin"), .plugin = !given.has("wire")};
  Output out;
  std::string text;
  if (const auto name = given.text("EVENT")) {
    const auto one = event::json_schema_of(*name, scope);
    if (!one) {
      return fail_usage("there is no event '" + *name + "'; 'tapedeck schema' prints them all");
    }
    text = *one;
  } else {
    text = event::json_schema(scope);
  }
  auto written = out.write(text);
  if (written) {
    written = out.flush();
  }
  if (!written) {
    return fail(written.error());
  }
  return ExitCode::done;
}

}  // namespace tapedeck::cli
