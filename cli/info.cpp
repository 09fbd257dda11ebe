// tapedeck info: what a tape holds.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "core/base/json_text.hpp"
#include "core/base/units.hpp"
#include "core/sse/message_parser.hpp"
#include "core/verdict/findings.hpp"
#include "schema/byte_digest.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

/// Event names counted one by one, long ones by their beginning; a stream that makes up more has
/// the rest under `other`.
constexpr std::size_t event_names_max = 1000;
constexpr std::string_view other_events = "(other)";

/// What only reading all frames tells.
struct Contents {
  std::map<std::string, std::uint64_t> events;  ///< messages by event name
  std::uint64_t messages = 0;
  std::uint64_t quiet_blocks = 0;    ///< comments, keep-alives, torn ends: no message in them
  std::uint64_t busiest_frames = 0;  ///< in a whole second of the tape
  std::int64_t busiest_ns = 0;       ///< where that second begins
  std::map<std::uint32_t, std::uint64_t> frames;  ///< by connection
  schema::ByteDigest digest;
};

/// All that is said about a tape.
struct Info {
  std::string path;
  schema::Summary summary;
  std::map<std::string, std::string> values;
  std::vector<schema::Session> sessions;
  std::vector<schema::Connection> connections;
  std::vector<port::Gap> gaps;
  std::vector<schema::Mark> marks;
  Contents contents;
};

std::uint64_t count_messages(sse::MessageParser& parser, std::string_view raw, Contents& contents) {
  std::uint64_t count = 0;
  parser.push(raw);
  while (const auto found = parser.next()) {
    if (found->kind != sse::Parsed::Kind::message) {
      continue;
    }
    ++count;
    std::string name = verdict::clipped(found->message.event);
    if (contents.events.size() >= event_names_max && !contents.events.contains(name)) {
      name = other_events;
    }
    ++contents.events[name];
  }
  return count;
}

Result<void> read_contents(const schema::TapeReader& tape, Contents& contents) {
  const auto frames = tape.frames();
  if (!frames) {
    return fail(frames.error());
  }
  sse::MessageParser parser;
  std::optional<std::uint32_t> connection;
  std::uint64_t second_frames = 0;
  std::int64_t second = -1;
  while (true) {
    const auto next = (*frames)->next();
    if (!next) {
      return fail(next.error());
    }
    if (!*next) {
      return {};
    }
    const port::Frame& frame = **next;
    ++contents.frames[frame.connection_id];
    contents.digest.add(frame.connection_id, frame.raw);
    if (connection != frame.connection_id) {
      parser.reset();
      connection = frame.connection_id;
    }
    const std::uint64_t messages = count_messages(parser, frame.raw, contents);
    contents.messages += messages;
    contents.quiet_blocks += messages == 0 ? 1 : 0;
    second_frames = frame.recv_ns / ns_per_s == second ? second_frames + 1 : 1;
    second = frame.recv_ns / ns_per_s;
    if (second_frames > contents.busiest_frames) {
      contents.busiest_frames = second_frames;
      contents.busiest_ns = second * ns_per_s;
    }
  }
}

Result<void> read_info(const schema::TapeReader& tape, Info& info) {
  auto sessions = tape.sessions();
  auto connections = tape.connections();
  auto gaps = tape.gaps();
  auto marks = tape.marks();
  if (!sessions || !connections) {
    return fail(!sessions ? sessions.error() : connections.error());
  }
  if (!gaps || !marks) {
    return fail(!gaps ? gaps.error() : marks.error());
  }
  info.summary = tape.summary();
  info.values = tape.values();
  info.sessions = *std::move(sessions);
  info.connections = *std::move(connections);
  info.gaps = *std::move(gaps);
  info.marks = *std::move(marks);
  return read_contents(tape, info.contents);
}

/// The time that was recorded, without the gaps.
std::int64_t recorded_ns(const Info& info) {
  std::int64_t ns = info.summary.last_ns;
  for (const port::Gap& gap : info.gaps) {
    ns -= std::clamp<std::int64_t>(gap.end_ns - gap.start_ns, 0, ns);
  }
  return ns;
}

/// A rate; "" for a tape so short that it would say nothing.
std::string per_second(std::uint64_t count, std::int64_t ns) {
  if (ns < ns_per_s) {
    return "";
  }
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.2f/s",
                static_cast<double>(count) * 1e9 / static_cast<double>(ns));
  return text.data();
}

std::string_view how_it_ended(const schema::Summary& summary) {
  if (summary.closed) {
    return "closed";
  }
  return summary.recording ? "being recorded now"
                           : "not closed: the recording was cut off; nothing committed is lost";
}

// ---------------------------------------------------------------------------------------------
// For people.

void print_head(std::string& out, const Info& info) {
  const schema::Summary& summary = info.summary;
  const std::int64_t ns = recorded_ns(info);
  Table table("ll");
  table.add({"tape", printable_cell(info.path) + ", format version " +
                         std::to_string(summary.version) + ", " +
                         format_bytes(summary.file_bytes)});
  table.add(
      {"began", summary.wall_start_ns == 0 ? "never" : format_wall_time(summary.wall_start_ns)});
  table.add({"length", format_duration(summary.last_ns) +
                           (info.gaps.empty()
                                ? ""
                                : ", " + format_duration(summary.last_ns - ns) + " of it gaps")});
  table.add({"state", std::string(how_it_ended(summary))});
  const std::string rate = per_second(summary.frame_count, ns);
  table.add({"frames", format_count(summary.frame_count) + " in " +
                           format_bytes(info.contents.digest.bytes()) +
                           (rate.empty() ? "" : ", " + rate)});
  if (!rate.empty()) {
    table.add({"busiest", counted(info.contents.busiest_frames, "frame") + " in the second from " +
                              format_duration(info.contents.busiest_ns)});
  }
  if (info.summary.exchange_count != 0) {
    table.add({"REST", counted(info.summary.exchange_count, "exchange")});
  }
  table.add({"digest", info.contents.digest.tape()});
  for (const auto& [key, value] : info.values) {
    table.add({printable_cell(key), printable_cell(value)});
  }
  table.print(out);
}

void print_sessions(std::string& out, const Info& info) {
  out += "\nsessions\n";
  Table table("rllll");
  std::size_t number = 0;
  for (const schema::Session& session : info.sessions) {
    const bool last = ++number == info.sessions.size();
    table.add({std::to_string(number), format_wall_time(session.wall_ns),
               "at " + format_duration(session.start_ns),
               session.end_ns ? "for " + format_duration(*session.end_ns - session.start_ns)
               : last && info.summary.recording ? "goes on"
                                                : "cut off",
               printable_cell(session.program)});
  }
  table.print(out);
}

void print_connections(std::string& out, const Info& info) {
  out += "\nconnections\n";
  Table table("rlrlrrl");
  table.add({"", "opened", "status", "for", "frames", "size", "source, and how it ended"});
  for (const schema::Connection& connection : info.connections) {
    const auto frames = info.contents.frames.find(connection.id);
    const auto body = info.contents.digest.body(connection.id);
    const auto& start = connection.start;
    const auto& end = connection.end;
    std::string about = printable_cell(start.source) + ", ";
    about += end ? name_of(end->end) : info.summary.recording ? "goes on" : "cut off";
    if (end && !end->detail.empty()) {
      about += ": " + printable_cell(end->detail);
    }
    table.add({std::to_string(connection.id), format_duration(start.opened_ns),
               start.http_status == 0 ? "-" : std::to_string(start.http_status),
               end ? format_duration(end->closed_ns - start.opened_ns) : "-",
               format_count(frames == info.contents.frames.end() ? 0 : frames->second),
               format_bytes(body.bytes), about});
  }
  table.print(out);
}

void print_gaps(std::string& out, const Info& info) {
  out += "\ngaps\n";
  Table table("lrl");
  for (const port::Gap& gap : info.gaps) {
    table.add({"at " + format_duration(gap.start_ns),
               format_duration(std::max<std::int64_t>(gap.end_ns - gap.start_ns, 0)),
               printable_cell(gap.reason)});
  }
  table.print(out);
}

void print_marks(std::string& out, const Info& info) {
  out += "\nmarks\n";
  Table table("ll");
  for (const schema::Mark& mark : info.marks) {
    table.add({"at " + format_duration(mark.at_ns), printable_cell(mark.text)});
  }
  table.print(out);
}

void print_events(std::string& out, const Info& info) {
  out += "\nevents\n";
  const std::int64_t ns = recorded_ns(info);
  std::vector<std::pair<std::string, std::uint64_t>> events(info.contents.events.begin(),
                                                            info.contents.events.end());
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  Table table("lrr");
  for (const auto& [name, count] : events) {
    table.add({printable_cell(name), format_count(count), per_second(count, ns)});
  }
  if (info.contents.quiet_blocks != 0) {
    table.add({"blocks without a message", format_count(info.contents.quiet_blocks),
               per_second(info.contents.quiet_blocks, ns)});
  }
  table.print(out);
}

std::string text_of(const Info& info) {
  std::string out;
  print_head(out, info);
  if (!info.sessions.empty()) {
    print_sessions(out, info);
  }
  if (!info.connections.empty()) {
    print_connections(out, info);
  }
  if (!info.gaps.empty()) {
    print_gaps(out, info);
  }
  if (!info.marks.empty()) {
    print_marks(out, info);
  }
  if (info.summary.frame_count != 0) {
    print_events(out, info);
  }
  return out;
}

// ---------------------------------------------------------------------------------------------
// For programs.

/// Starts a member of the object, or an item of the array, that `out` ends in.
void separate(std::string& out) {
  if (out.back() != '{' && out.back() != '[') {
    out += ',';
  }
}

void key(std::string& out, std::string_view name) {
  separate(out);
  append_json_string(out, name);
  out += ':';
}

void member(std::string& out, std::string_view name, std::string_view text) {
  key(out, name);
  append_json_string(out, text);
}

template <class Number>
void member(std::string& out, std::string_view name, std::optional<Number> number) {
  key(out, name);
  out += number ? std::to_string(*number) : "null";
}

void member(std::string& out, std::string_view name, std::int64_t number) {
  member(out, name, std::optional{number});
}

void member(std::string& out, std::string_view name, std::uint64_t number) {
  member(out, name, std::optional{number});
}

void flag(std::string& out, std::string_view name, bool value) {
  key(out, name);
  out += value ? "true" : "false";
}

void append_connection(std::string& out, const Info& info, const schema::Connection& connection) {
  const auto frames = info.contents.frames.find(connection.id);
  const auto body = info.contents.digest.body(connection.id);
  const auto& start = connection.start;
  const auto& end = connection.end;
  separate(out);
  out += '{';
  member(out, "id", std::uint64_t{connection.id});
  member(out, "source", start.source);
  member(out, "http_status", start.http_status);
  member(out, "headers", start.headers);
  member(out, "last_event_id", start.last_event_id);
  member(out, "opened_ns", start.opened_ns);
  member(out, "wall_ns", start.wall_ns);
  member(out, "closed_ns", end ? std::optional{end->closed_ns} : std::nullopt);
  key(out, "ended");
  if (end) {
    append_json_string(out, name_of(end->end));
  } else {
    out += "null";
  }
  member(out, "detail", end ? end->detail : "");
  member(out, "frames", frames == info.contents.frames.end() ? 0 : frames->second);
  member(out, "bytes", body.bytes);
  member(out, "digest", body.digest);
  out += '}';
}

void append_sessions(std::string& out, const Info& info) {
  key(out, "sessions");
  out += '[';
  for (const schema::Session& session : info.sessions) {
    separate(out);
    out += '{';
    member(out, "start_ns", session.start_ns);
    member(out, "wall_ns", session.wall_ns);
    member(out, "end_ns", session.end_ns);
    member(out, "program", session.program);
    out += '}';
  }
  out += ']';
}

void append_gaps_and_marks(std::string& out, const Info& info) {
  key(out, "gaps");
  out += '[';
  for (const port::Gap& gap : info.gaps) {
    separate(out);
    out += '{';
    member(out, "after_connection", std::uint64_t{gap.after_connection});
    member(out, "start_ns", gap.start_ns);
    member(out, "end_ns", gap.end_ns);
    member(out, "reason", gap.reason);
    out += '}';
  }
  out += ']';
  key(out, "marks");
  out += '[';
  for (const schema::Mark& mark : info.marks) {
    separate(out);
    out += '{';
    member(out, "id", mark.id);
    member(out, "at_ns", mark.at_ns);
    member(out, "text", mark.text);
    out += '}';
  }
  out += ']';
}

std::string json_of(const Info& info) {
  const schema::Summary& summary = info.summary;
  const Contents& contents = info.contents;
  std::string out = "{";
  member(out, "tape", info.path);
  member(out, "version", summary.version);
  flag(out, "closed", summary.closed);
  flag(out, "recording", summary.recording);
  member(out, "wall_start_ns", summary.wall_start_ns);
  member(out, "length_ns", summary.last_ns);
  member(out, "gaps_ns", summary.last_ns - recorded_ns(info));
  member(out, "frames", summary.frame_count);
  member(out, "bytes", contents.digest.bytes());
  member(out, "file_bytes", summary.file_bytes);
  member(out, "digest", contents.digest.tape());
  member(out, "exchanges", summary.exchange_count);
  member(out, "busiest_second_frames", contents.busiest_frames);
  member(out, "busiest_second_ns", contents.busiest_ns);
  key(out, "values");
  out += '{';
  for (const auto& [name, value] : info.values) {
    member(out, name, value);
  }
  out += '}';
  append_sessions(out, info);
  key(out, "connections");
  out += '[';
  for (const schema::Connection& connection : info.connections) {
    append_connection(out, info, connection);
  }
  out += ']';
  append_gaps_and_marks(out, info);
  key(out, "events");
  out += '{';
  for (const auto& [name, count] : contents.events) {
    member(out, name, count);
  }
  out += '}';
  member(out, "messages", contents.messages);
  member(out, "blocks_without_message", contents.quiet_blocks);
  out += "}\n";
  return out;
}

}  // namespace

Result<ExitCode> run_info(const Arguments& arguments) {
  Options options(
      "info", "TAPE [options]",
      "Says what a tape holds: sessions, connections, gaps, events by name, and a digest\n"
      "of the bytes.");
  options.add()("json", "one JSON object instead of text");
  options.positional("TAPE");
  const auto values = options.parse(arguments);
  if (!values) {
    return fail(values.error());
  }
  if (!*values) {
    return ExitCode::done;
  }
  Info info;
  info.path = (*values)->get("TAPE");
  const auto tape = schema::TapeReader::open(info.path);
  if (!tape) {
    return fail(tape.error());
  }
  if (auto read = read_info(**tape, info); !read) {
    return fail(read.error());
  }
  Output output;
  if (auto written = output.write((*values)->has("json") ? json_of(info) : text_of(info));
      !written) {
    return fail(written.error());
  }
  if (auto flushed = output.flush(); !flushed) {
    return fail(flushed.error());
  }
  return ExitCode::done;
}

}  // namespace tapedeck::cli
