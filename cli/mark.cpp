// tapedeck mark: moments of a tape that somebody gave a name to.
#include <cstdint>
#include <string>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "core/base/json_writer.hpp"
#include "core/base/units.hpp"
#include "schema/tape_marks.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

Result<ExitCode> list(const std::string& path, bool json) {
  const auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return fail(tape.error());
  }
  const auto marks = (*tape)->marks();
  if (!marks) {
    return fail(marks.error());
  }
  Output out;
  Table table("rrl");
  for (const schema::Mark& mark : *marks) {
    if (json) {
      JsonWriter line(out.buffer());
      line.begin_object().member("id", mark.id).member("at_ns", mark.at_ns);
      line.member("text", mark.text).end_object();
      out.buffer() += '\n';
    } else {
      table.add({std::to_string(mark.id), format_duration(mark.at_ns), printable_cell(mark.text)});
    }
  }
  table.print(out.buffer());
  if (auto flushed = out.flush(); !flushed) {
    return fail(flushed.error());
  }
  return ExitCode::done;
}

Result<ExitCode> add(const std::string& path, std::int64_t at_ns, const std::string& text) {
  const auto id = schema::add_mark(path, at_ns, text);
  if (!id) {
    return fail(id.error());
  }
  say("marked " + format_duration(at_ns) + " of '" + path + "' as mark " + std::to_string(*id));
  return ExitCode::done;
}

Result<ExitCode> remove(const std::string& path, std::int64_t id) {
  if (auto removed = schema::remove_mark(path, id); !removed) {
    return fail(removed.error());
  }
  say("removed mark " + std::to_string(id) + " of '" + path + "'");
  return ExitCode::done;
}

}  // namespace

Result<ExitCode> run_mark(const Arguments& arguments) {
  Options options("mark", "TAPE [--at TIME TEXT | --remove ID] [options]",
                  "Puts a mark on a tape, removes one, or lists those that are there.");
  options.positional("TAPE").positional("TEXT", false);
  options.add()("at", po::value<std::string>()->value_name("TIME"),
                "mark this moment, as time since the tape began, with TEXT")(
      "remove", po::value<std::string>()->value_name("ID"), "remove the mark with this number")(
      "json", "list marks as JSON, one a line");
  const auto parsed = options.parse(arguments);
  if (!parsed) {
    return fail(parsed.error());
  }
  if (!*parsed) {
    return ExitCode::done;
  }
  const Values& given = **parsed;
  const auto at_ns = given.duration("at");
  const auto id = given.whole("remove");
  if (!at_ns || !id) {
    return fail(!at_ns ? at_ns.error() : id.error());
  }
  const auto text = given.text("TEXT");
  if (at_ns->has_value() != text.has_value()) {
    return fail_usage("a mark needs both: --at TIME and a text");
  }
  if (*at_ns && *id) {
    return fail_usage("--at and --remove exclude each other");
  }
  if ((*at_ns || *id) && given.has("json")) {
    return fail_usage("--json is for the list of marks, and nothing is listed here");
  }
  const std::string& path = given.get("TAPE");
  return *at_ns ? add(path, **at_ns, *text)
         : *id  ? remove(path, **id)
                : list(path, given.has("json"));
}

}  // namespace tapedeck::cli
