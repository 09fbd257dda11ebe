// tapedeck events: what a plugin, or a client of a given version, would have seen.
#include <string>

#include "cli/command.hpp"
#include "cli/conference_tape.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "core/base/json_text.hpp"
#include "core/state/plugin_events.hpp"

namespace tapedeck::cli {
namespace {

/// What one line tells.
struct Line {
  std::string_view key;  ///< of the name: "signal" or "event"
  std::string_view name;
  event::Value payload;
};

class Printer {
 public:
  explicit Printer(bool raw) {
    if (!raw) {
      style_.without = state::raw_data_key;
    }
  }

  Result<void> print(const event::FramePlace& place, const Line& line) {
    std::string& out = output_.buffer();
    out += "{\"seq\":" + std::to_string(place.seq) + ",\"t_ns\":" + std::to_string(place.recv_ns) +
           ",\"" + std::string(line.key) + "\":";
    append_json_string(out, line.name);
    out += ",\"payload\":";
    append_json(out, line.payload, style_);
    out += "}\n";
    return output_.written();
  }

  Result<void> flush() { return output_.flush(); }

 private:
  Output output_;
  event::JsonStyle style_;
};

/// What to derive: the signals of a client, or plugin events.
struct View {
  state::Client client = state::Client::client_17;
  std::optional<state::PluginApi> plugin_api;
};

Result<View> view_of(const Values& given) {
  const auto as = given.text("as");
  const auto api = given.text("plugin-api");
  if (as && api) {
    return fail_usage("--as prints signals and --plugin-api plugin events: choose one");
  }
  if (as) {
    const auto client = state::client_named(*as);
    if (!client) {
      return fail_usage("--as: '" + *as + "' is none of client-17, client-19, client-20");
    }
    return View{*client, std::nullopt};
  }
  const auto plugin_api = state::plugin_api_named(api.value_or("19"));
  if (!plugin_api) {
    return fail_usage("--plugin-api: '" + *api + "' is none of 19, 22");
  }
  return View{state::client_of(*plugin_api), plugin_api};
}

Result<void> print_step(Printer& printer, const state::Step& step,
                        std::optional<state::PluginEvents>& plugin_events) {
  if (!plugin_events) {
    for (const state::Emitted& emitted : step.signals) {
      const Line line{"signal", name_of(emitted.signal), emitted.payload};
      if (auto printed = printer.print(step.place, line); !printed) {
        return printed;
      }
    }
    return {};
  }
  for (const state::PluginEvent& event : plugin_events->from(step)) {
    const Line line{"event", event.name, event.payload};
    if (auto printed = printer.print(step.place, line); !printed) {
      return printed;
    }
  }
  return {};
}

Result<ExitCode> print_all(const Values& given, const View& view) {
  auto conference = ConferenceTape::open(given.get("TAPE"));
  if (!conference) {
    return fail(conference.error());
  }
  auto begun = conference->derive(join_of(given, conference->tape()), {.client = view.client});
  if (begun && view.plugin_api) {
    begun = conference->follow_exchanges();
  }
  if (!begun) {
    return fail(begun.error());
  }
  std::optional<state::PluginEvents> plugin_events;
  if (view.plugin_api) {
    plugin_events.emplace(*view.plugin_api);
  }
  Printer printer(given.has("raw"));
  while (true) {
    const auto step = conference->next();
    if (!step) {
      return fail(step.error());
    }
    if (!*step) {
      break;
    }
    if (auto printed = print_step(printer, **step, plugin_events); !printed) {
      return fail(printed.error());
    }
  }
  if (auto flushed = printer.flush(); !flushed) {
    return fail(flushed.error());
  }
  return conference->conclude();
}

}  // namespace

Result<ExitCode> run_events(const Arguments& arguments) {
  Options options("events", "TAPE [options]",
                  "Prints what a plugin would have seen, one JSON line an event, in the shapes of\n"
                  "the plugin documentation; with --as the signals that @pexip/infinity of that\n"
                  "version emits. docs/EVENTS.md tells where each comes from.");
  options.positional("TAPE");
  options.add()("as", po::value<std::string>(),
                "signals of client-17, client-19 or client-20 (17.7.0, 19.1.2, 20.0.0)")(
      "plugin-api", po::value<std::string>(), "plugin events of plugin-api 19 (the default) or 22")(
      "raw", "keep rawData, the wire's own object");
  add_join_options(options);
  const auto given = options.parse(arguments);
  if (!given) {
    return fail(given.error());
  }
  if (!*given) {
    return ExitCode::done;
  }
  const auto view = view_of(**given);
  if (!view) {
    return fail(view.error());
  }
  return print_all(**given, *view);
}

}  // namespace tapedeck::cli
