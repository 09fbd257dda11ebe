// tapedeck repair: what can be saved from a damaged tape, onto a new one, and what was lost.
#include <string>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "core/base/json_writer.hpp"
#include "core/base/units.hpp"
#include "schema/tape_repair.hpp"

namespace tapedeck::cli {
namespace {

using schema::LostFrames;
using schema::RepairReport;

/// Ranges of lost frames that people are shown; --json has more.
constexpr std::size_t shown_max = 20;

std::uint64_t frames_in(const LostFrames& lost) {
  return lost.last_seq - lost.first_seq + 1;
}

void append_sentences(std::string& out, const char* title,
                      const std::vector<std::string>& sentences) {
  if (!sentences.empty()) {
    out += std::string(title) + '\n';
    for (const std::string& sentence : sentences) {
      out += "  " + printable(sentence) + '\n';
    }
  }
}

void append_lost(std::string& out, const RepairReport& report) {
  std::vector<std::string> lines;
  std::uint64_t rest = report.frames_lost;
  for (const LostFrames& lost : report.lost) {
    if (lines.size() == shown_max) {
      break;
    }
    const std::string first = std::to_string(lost.first_seq);
    lines.push_back((lost.first_seq == lost.last_seq
                         ? "frame " + first
                         : "frames " + first + " to " + std::to_string(lost.last_seq)) +
                    ", between " + format_duration(lost.start_ns) + " and " +
                    format_duration(lost.end_ns));
    rest -= frames_in(lost);
  }
  if (rest != 0) {
    lines.push_back("and " + counted(rest, "frame") + " more");
  }
  lines.insert(lines.end(), report.losses.begin(), report.losses.end());
  append_sentences(out, "lost", lines);
}

void append_text(std::string& out, const std::string& tape, const std::string& output,
                 const RepairReport& report) {
  out += printable(tape) + ": " + counted(report.frames, "frame") + " in " +
         format_bytes(report.bytes) + " saved onto " + printable(output) + "; ";
  if (!report.has_losses()) {
    out += "nothing is lost\n";
  } else if (report.frames_lost == 0) {
    out += "no frame is known to be lost\n";
  } else {
    out += counted(report.frames_lost, "frame") +
           (report.frames_lost == 1 ? " is lost\n" : " are lost\n");
  }
  out += "  bytes " + report.digest + '\n';
  append_lost(out, report);
  append_sentences(out, "mended", report.mended);
  append_sentences(out, "besides", report.remarks);
  if (report.sentences_omitted != 0) {
    out += "and " + format_count(report.sentences_omitted) + " more of the kind\n";
  }
  if (report.frames_lost != 0) {
    out += "the frames are numbered anew, from 1 without holes; gaps name those that are lost\n";
  }
}

void write_sentences(JsonWriter& json, const char* key, const std::vector<std::string>& sentences) {
  json.key(key).begin_array();
  for (const std::string& sentence : sentences) {
    json.string(sentence);
  }
  json.end_array();
}

void append_repair_json(std::string& out, const std::string& tape, const std::string& output,
                        const RepairReport& report) {
  JsonWriter json(out);
  json.begin_object().member("tape", tape).member("output", output);
  json.member("frames", report.frames).member("bytes", report.bytes);
  json.member("digest", report.digest).member("frames_lost", report.frames_lost);
  json.key("lost").begin_array();
  for (const LostFrames& lost : report.lost) {
    json.begin_object().member("first_seq", lost.first_seq).member("last_seq", lost.last_seq);
    json.member("start_ns", lost.start_ns).member("end_ns", lost.end_ns).end_object();
  }
  json.end_array();
  write_sentences(json, "losses", report.losses);
  write_sentences(json, "mended", report.mended);
  write_sentences(json, "remarks", report.remarks);
  json.member("sentences_omitted", report.sentences_omitted).end_object();
  out += '\n';
}

}  // namespace

Result<ExitCode> run_repair(const Arguments& arguments) {
  Options options("repair", "TAPE -o OUT [options]",
                  "Saves from a damaged TAPE what can be saved, onto the tape OUT, and tells what\n"
                  "is lost. TAPE itself is only read. Exit 0 where nothing is lost, 4 where\n"
                  "something is, 3 where nothing can be saved.");
  options.positional("TAPE");
  options.add()("output,o", po::value<std::string>()->value_name("OUT"), "the new tape")(
      "overwrite", "replace OUT if it exists")("json", "one JSON object");
  const auto parsed = options.parse(arguments);
  if (!parsed) {
    return fail(parsed.error());
  }
  if (!*parsed) {
    return ExitCode::done;
  }
  const Values& given = **parsed;
  if (!given.has("output")) {
    return fail_usage("name the new tape with -o OUT; see 'tapedeck repair --help'");
  }
  const std::string& tape = given.get("TAPE");
  const std::string& output = given.get("output");
  const auto report = schema::repair_tape(tape, output, {.overwrite = given.has("overwrite")});
  if (!report) {
    return fail(report.error());
  }
  Output out;
  if (given.has("json")) {
    append_repair_json(out.buffer(), tape, output, *report);
  } else {
    append_text(out.buffer(), tape, output, *report);
  }
  if (auto flushed = out.flush(); !flushed) {
    return fail(flushed.error());
  }
  return report->has_losses() ? ExitCode::lost : ExitCode::done;
}

}  // namespace tapedeck::cli
