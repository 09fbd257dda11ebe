// tapedeck diff: where two tapes of the same conference first differ.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "core/base/json_writer.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/verdict/findings.hpp"
#include "core/verdict/tape_diff.hpp"
#include "schema/byte_digest.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

using verdict::clipped;
using verdict::DiffPlace;
using verdict::DiffReport;
using verdict::DiffValue;
using verdict::FrameText;

/// Longest value in a table.
constexpr std::size_t cell_bytes_max = 60;

/// One of the two tapes.
struct Tape {
  std::string path;
  std::unique_ptr<schema::TapeReader> reader;
  std::string digest;  ///< of all its bytes
  std::uint64_t frames = 0;

  [[nodiscard]] port::FrameSourceFactory source() const {
    return [this] { return reader->frames(); };
  }
};

Result<Tape> open_tape(const std::string& path) {
  auto reader = schema::TapeReader::open(path);
  if (!reader) {
    return fail(reader.error());
  }
  Tape tape{path, *std::move(reader), {}, 0};
  const auto frames = tape.reader->frames();
  if (!frames) {
    return fail(frames.error());
  }
  schema::ByteDigest digest;
  while (true) {
    const auto frame = (*frames)->next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      tape.digest = digest.tape();
      return tape;
    }
    digest.add((*frame)->connection_id, (*frame)->raw);
    ++tape.frames;
  }
}

/// Both tapes and what came out.
struct Comparison {
  const Tape& a;
  const Tape& b;
  bool same_bytes = false;
  DiffReport report;  ///< of same bytes there is none

  [[nodiscard]] bool equal() const { return same_bytes || report.equal(); }
};

// For people.

std::string text_of(const FrameText& frame) {
  return "seq " + std::to_string(frame.seq) + " (" + format_duration(frame.t_ns) +
         "), connection " + std::to_string(frame.connection_id) + ", byte " +
         format_count(frame.byte_offset);
}

void append_side(std::string& out, const char* side, const std::optional<FrameText>& frame) {
  out += std::string("  ") + side + "  ";
  if (!frame) {
    out += "nothing\n";
    return;
  }
  out += text_of(*frame) + "\n     " + printable(frame->event) + (frame->event.empty() ? "" : " ") +
         printable(frame->data) + '\n';
}

void append_values(std::string& out, const std::string& title,
                   const std::vector<DiffValue>& values) {
  if (values.empty()) {
    return;
  }
  out += title + '\n';
  Table table("lll");
  table.add({"place", "a", "b"});
  for (const DiffValue& value : values) {
    table.add(
        {value.pointer.empty() ? "(all of it)" : printable(clipped(value.pointer, cell_bytes_max)),
         printable(value.a), printable(value.b)});
  }
  table.print(out);
  if (values.size() == limits::diff_values_max) {
    out += "  and perhaps more\n";
  }
}

/// A place in one line.
std::string summary_of(const DiffPlace& place) {
  const auto side = [](const std::optional<FrameText>& frame) {
    return frame ? "seq " + std::to_string(frame->seq) + ' ' +
                       (frame->event.empty() ? "without event" : printable(frame->event))
                 : std::string();
  };
  if (!place.b) {
    return "only in a: " + counted(place.frames_a, "frame") + " from " + side(place.a) + " on";
  }
  if (!place.a) {
    return "only in b: " + counted(place.frames_b, "frame") + " from " + side(place.b) + " on";
  }
  return "changed: " + counted(place.frames_a, "frame") + " of a from " + side(place.a) + " on, " +
         counted(place.frames_b, "frame") + " of b from " + side(place.b) + " on";
}

void append_text(std::string& out, const Comparison& compared) {
  const DiffReport& report = compared.report;
  if (compared.same_bytes) {
    out += "equal: " + counted(compared.a.frames, "frame") + ", the same bytes, digest " +
           compared.a.digest + '\n';
    return;
  }
  if (report.equal()) {
    out += "equal: " + counted(report.frames_a, "frame") +
           " say the same; the bytes differ only in what is ignored, digests " + compared.a.digest +
           " and " + compared.b.digest + '\n';
    return;
  }
  out += "different in " + counted(report.place_count, "place") + ": " +
         format_count(report.only_a) + " only in a, " + format_count(report.only_b) +
         " only in b, " + format_count(report.changed) + " changed; a has " +
         counted(report.frames_a, "frame") + ", b has " + format_count(report.frames_b) + '\n';
  out += "\nthe first:\n";
  append_side(out, "a", report.places.front().a);
  append_side(out, "b", report.places.front().b);
  append_values(out, "\nin the payload:", report.places.front().fields);
  append_values(out, "\nin the state after it:", report.state);
  if (report.state_at_end.empty()) {
    out += "\nat the end the state is the same\n";
  } else {
    append_values(out, "\nin the state at the end:", report.state_at_end);
  }
  if (report.places.size() > 1) {
    out += "\nall places:\n";
    for (const DiffPlace& place : report.places) {
      out += "  " + summary_of(place) + '\n';
      for (const DiffValue& field : place.fields) {
        out += "    " + printable(field.pointer) + ": " + printable(field.a) + " in a, " +
               printable(field.b) + " in b\n";
      }
    }
    if (report.place_count > report.places.size()) {
      out += "  and " + format_count(report.place_count - report.places.size()) + " more\n";
    }
  }
}

// For programs.

void write_json(JsonWriter& json, const std::optional<FrameText>& frame) {
  if (!frame) {
    json.null();
    return;
  }
  json.begin_object().member("seq", frame->seq).member("t_ns", frame->t_ns);
  json.member("connection", std::uint64_t{frame->connection_id});
  json.member("byte_offset", frame->byte_offset);
  json.member("event", frame->event).member("data", frame->data).end_object();
}

void write_json(JsonWriter& json, std::string_view name, const std::vector<DiffValue>& values) {
  json.key(name).begin_array();
  for (const DiffValue& value : values) {
    json.begin_object().member("pointer", value.pointer);
    json.member("a", value.a).member("b", value.b).end_object();
  }
  json.end_array();
}

void append_json(std::string& out, const Comparison& compared) {
  const DiffReport& report = compared.report;
  JsonWriter json(out);
  json.begin_object();
  json.key("equal").boolean(compared.equal());
  json.key("same_bytes").boolean(compared.same_bytes);
  for (const auto& [name, tape] : {std::pair("a", &compared.a), std::pair("b", &compared.b)}) {
    json.key(name).begin_object().member("tape", tape->path);
    json.member("frames", tape->frames).member("digest", tape->digest).end_object();
  }
  json.key("counts").begin_object();
  json.member("places", report.place_count).member("only_a", report.only_a);
  json.member("only_b", report.only_b).member("changed", report.changed).end_object();
  json.key("places").begin_array();
  for (const DiffPlace& place : report.places) {
    json.begin_object().key("a");
    write_json(json, place.a);
    json.key("b");
    write_json(json, place.b);
    json.member("frames_a", place.frames_a).member("frames_b", place.frames_b);
    write_json(json, "fields", place.fields);
    json.end_object();
  }
  json.end_array();
  write_json(json, "state", report.state);
  write_json(json, "state_at_end", report.state_at_end);
  json.end_object();
  out += '\n';
}

Result<ExitCode> compare(const Values& given, const verdict::Ignore& ignore) {
  const auto a = open_tape(given.get("A"));
  if (!a) {
    return fail(a.error());
  }
  const auto b = open_tape(given.get("B"));
  if (!b) {
    return fail(b.error());
  }
  Comparison compared{*a, *b, a->frames == b->frames && a->digest == b->digest, {}};
  if (!compared.same_bytes) {
    auto report = verdict::diff_tapes(a->source(), b->source(), ignore);
    if (!report) {
      return fail(report.error());
    }
    compared.report = *std::move(report);
  }
  Output output;
  if (given.has("json")) {
    append_json(output.buffer(), compared);
  } else {
    append_text(output.buffer(), compared);
  }
  if (auto flushed = output.flush(); !flushed) {
    return fail(flushed.error());
  }
  return compared.equal() ? ExitCode::done : ExitCode::failed;
}

}  // namespace

Result<ExitCode> run_diff(const Arguments& arguments) {
  Options options(
      "diff", "A B [options]",
      "Tells where two tapes of the same conference first differ: frame, field and state.\n"
      "Frames are aligned, so that one that came or went does not make the rest differ.\n"
      "Exit 0 where they are equal, 1 where they are not.\n\n"
      "When the frames came never counts. By default nor does what is different in any two\n"
      "runs: times, tokens, ids (event ids), comments (keep-alives). people takes participants\n"
      "for the same when their names are. A JSON Pointer leaves out that place of every\n"
      "payload; * in it is any key.");
  options.positional("A").positional("B");
  options.add()("ignore", po::value<std::string>()->default_value("times,tokens,ids,comments"),
                "what does not count, or none for a comparison of bytes")("json",
                                                                          "one JSON object");
  const auto given = options.parse(arguments);
  if (!given) {
    return fail(given.error());
  }
  if (!*given) {
    return ExitCode::done;
  }
  const auto ignore = verdict::Ignore::parse((*given)->get("ignore"));
  if (!ignore) {
    return fail_usage("--ignore: " + ignore.error().message);
  }
  return compare(**given, *ignore);
}

}  // namespace tapedeck::cli
