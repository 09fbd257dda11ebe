// tapedeck parse: SSE bytes to one JSON line a message, as a browser would dispatch them.
#include <algorithm>
#include <cstdint>
#include <string>

#include "cli/command.hpp"
#include "cli/input.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "core/base/json_text.hpp"
#include "core/base/units.hpp"
#include "core/sse/message_parser.hpp"

namespace tapedeck::cli {
namespace {

void append_message(std::string& out, const sse::Message& message) {
  out += "{\"event\":";
  append_json_string(out, message.event);
  out += ",\"data\":";
  append_json_string(out, message.data);
  out += ",\"lastEventId\":";
  append_json_string(out, message.last_event_id);
  out += "}\n";
}

/// Longest line, and longest data of a message.
struct Limits {
  std::size_t line_bytes_max = limits::line_bytes_max;
  std::size_t message_bytes_max = limits::message_bytes_max;
};

/// Prints what the parser finds, and says what it had to leave out.
class Printer {
 public:
  Printer(bool with_retry, const Limits& limits) : with_retry_(with_retry), limits_(limits) {}

  Result<void> print(const sse::Parsed& found) {
    switch (found.kind) {
      case sse::Parsed::Kind::message:
        ++messages_;
        append_message(output_.buffer(), found.message);
        break;
      case sse::Parsed::Kind::retry:
        if (with_retry_) {
          output_.buffer() += "{\"retry\":" + std::to_string(found.retry_ms) + "}\n";
        }
        break;
      case sse::Parsed::Kind::line_too_long:
        say_lost("a line of more than " + format_bytes(limits_.line_bytes_max) + " was skipped");
        break;
      case sse::Parsed::Kind::message_too_long:
        say_lost("a message with more than " + format_bytes(limits_.message_bytes_max) +
                 " of data was dropped");
        break;
    }
    return output_.written();
  }

  Result<void> flush() { return output_.flush(); }
  [[nodiscard]] bool lost() const { return lost_; }

 private:
  void say_lost(const std::string& what) {
    lost_ = true;
    say(what + " after message " + format_count(messages_) + "; a larger --line-limit keeps it");
  }

  bool with_retry_;
  Limits limits_;
  bool lost_ = false;
  std::uint64_t messages_ = 0;
  Output output_;
};

/// Parses all of `input`. What is found is written out before a read that would wait.
Result<void> parse(Input& input, sse::MessageParser& parser, Printer& printer) {
  while (true) {
    if (!input.ready()) {
      if (auto flushed = printer.flush(); !flushed) {
        return flushed;
      }
    }
    const auto bytes = input.read();
    if (!bytes) {
      return fail(bytes.error());
    }
    if (bytes->empty()) {
      return {};
    }
    parser.push(*bytes);
    while (const auto found = parser.next()) {
      if (auto printed = printer.print(*found); !printed) {
        return printed;
      }
    }
  }
}

}  // namespace

Result<ExitCode> run_parse(const Arguments& arguments) {
  Options options("parse", "[FILE] [options]",
                  "Reads the body of an event stream from FILE or stdin and prints a line of JSON\n"
                  "for each message, exactly as a browser would dispatch it and as soon.");
  options.add()("retry", "print {\"retry\":MS} each time the stream sets the reconnection time")(
      "line-limit", po::value<std::string>()->value_name("BYTES"),
      "skip lines longer than this (64 MiB)");
  options.positional("FILE", false);
  const auto values = options.parse(arguments);
  if (!values) {
    return fail(values.error());
  }
  if (!*values) {
    return ExitCode::done;
  }
  const auto line_limit = (*values)->whole("line-limit", 1);
  if (!line_limit) {
    return fail(line_limit.error());
  }
  auto input = Input::open((*values)->text("FILE").value_or("-"));
  if (!input) {
    return fail(input.error());
  }
  Limits limits;
  if (*line_limit) {
    limits.line_bytes_max = static_cast<std::size_t>(**line_limit);
    limits.message_bytes_max = std::max(limits.message_bytes_max, limits.line_bytes_max);
  }
  sse::MessageParser parser(limits.line_bytes_max, limits.message_bytes_max);
  Printer printer((*values)->has("retry"), limits);
  const auto parsed = parse(*input, parser, printer);
  const auto flushed = printer.flush();
  if (!parsed || !flushed) {
    return fail(!parsed ? parsed.error() : flushed.error());
  }
  return printer.lost() ? ExitCode::lost : ExitCode::done;
}

}  // namespace tapedeck::cli
