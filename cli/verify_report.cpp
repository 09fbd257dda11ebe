#include "cli/verify_report.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/table.hpp"
#include "core/base/json_writer.hpp"
#include "core/base/units.hpp"
#include "core/base/utf8.hpp"

namespace tapedeck::cli {
namespace {

/// Longest text in a table.
constexpr std::size_t cell_bytes_max = 80;

/// Behind a sentence on a tape that is not whole.
constexpr const char* repair_hint = "; 'tapedeck repair' saves what can be saved of it";

using verdict::clipped;
using verdict::Departure;
using verdict::Finding;
using verdict::Severity;

/// Findings in the order of the tape.
std::vector<const Finding*> in_order(const verdict::Findings& findings) {
  std::vector<const Finding*> all;
  for (const Finding& finding : findings.kept()) {
    all.push_back(&finding);
  }
  std::ranges::stable_sort(all, {}, [](const Finding* finding) { return finding->seq; });
  return all;
}

bool is_whole(const TapeVerdict& verdict) {
  return verdict.findings->count(verdict::Rule::tape_damaged) == 0 &&
         verdict.findings->count(verdict::Rule::bytes_broken) == 0;
}

/// `2 findings: 1 error, 1 warning`, or `no findings`.
std::string count_findings(const verdict::Findings& findings) {
  constexpr std::pair<Severity, const char*> nouns[] = {
      {Severity::error, "error"}, {Severity::warning, "warning"}, {Severity::info, "note"}};
  std::uint64_t sum = 0;
  std::string parts;
  for (const auto& [severity, noun] : nouns) {
    if (const std::uint64_t count = findings.count(severity); count != 0) {
      parts += (sum == 0 ? ": " : ", ") + counted(count, noun);
      sum += count;
    }
  }
  return sum == 0 ? "no findings" : counted(sum, "finding") + parts;
}

/// One line that says it all.
std::string sentence_on(const TapeVerdict& verdict) {
  if (verdict.error) {
    return "could not be judged: " + verdict.error->message;
  }
  if (!verdict.was_read()) {
    return "failed: not whole, and cannot be read; " + count_findings(*verdict.findings) +
           repair_hint;
  }
  std::string text = verdict.passed() ? "passed: " : "failed: ";
  text += is_whole(verdict) ? "whole, " : "not whole, ";
  text += counted(verdict.frames, "frame") + " on " + counted(verdict.connections, "connection") +
          ", " + format_duration(verdict.summary.last_ns) + ", " + format_bytes(verdict.bytes);
  if (!verdict.summary.closed) {
    text += verdict.summary.recording ? ", still being recorded" : ", not closed";
  }
  text += "; " + count_findings(*verdict.findings);
  if (!verdict.departures.empty()) {
    text += "; departs from its expectation";
  }
  if (!is_whole(verdict) && !verdict.summary.recording) {
    text += repair_hint;
  }
  return text;
}

std::string where(const Finding& finding) {
  return printable(clipped(finding.event + finding.pointer, cell_bytes_max));
}

void append_findings(std::string& out, const verdict::Findings& findings) {
  if (findings.kept().empty()) {
    return;
  }
  out += '\n';
  Table table("rrlllll");
  table.add({"seq", "time", "severity", "rule", "where", "expected", "found"});
  for (const Finding* finding : in_order(findings)) {
    table.add({finding->seq == 0 ? "-" : std::to_string(finding->seq),
               finding->seq == 0 ? "-" : format_duration(finding->t_ns),
               std::string(name_of(finding->severity)), std::string(info_of(finding->rule).id),
               where(*finding), printable(finding->expected), printable(finding->found)});
  }
  table.print(out);
  if (findings.dropped() != 0) {
    out += "  and " + counted(findings.dropped(), "finding") +
           " more of these rules, counted and not kept\n";
  }
}

void append_departures(std::string& out, const TapeVerdict& verdict) {
  for (const Departure& departure : verdict.departures) {
    out += "\n  departs from its expectation at seq " + std::to_string(departure.seq) + " (" +
           format_duration(departure.t_ns) + ")\n" + "    field     " + printable(departure.field) +
           "\n    expected  " + printable(departure.expected) + "\n    got       " +
           printable(departure.got) + '\n';
  }
}

void write_json(JsonWriter& json, const Departure& departure) {
  json.begin_object();
  json.member("seq", departure.seq).member("t_ns", departure.t_ns);
  json.member("field", departure.field).member("expected", departure.expected);
  json.member("got", departure.got);
  json.end_object();
}

void write_json(JsonWriter& json, const TapeVerdict& verdict) {
  json.begin_object();
  json.member("tape", verdict.path);
  if (verdict.error) {
    json.member("verdict", "error").member("error", verdict.error->message).end_object();
    return;
  }
  const verdict::Findings& findings = *verdict.findings;
  json.member("verdict", verdict.passed() ? "passed" : "failed");
  json.key("whole").boolean(is_whole(verdict));
  json.key("closed").boolean(verdict.summary.closed);
  json.member("frames", verdict.frames).member("connections", verdict.connections);
  json.member("bytes", verdict.bytes).member("duration_ns", verdict.summary.last_ns);
  json.key("digest").begin_object();
  json.member("bytes", verdict.bytes_digest).member("state", verdict.state_digest).end_object();
  json.key("counts").begin_object();
  json.member("error", findings.count(Severity::error));
  json.member("warn", findings.count(Severity::warning));
  json.member("info", findings.count(Severity::info));
  json.member("not_kept", findings.dropped()).end_object();
  json.key("findings").begin_array();
  for (const Finding* finding : in_order(findings)) {
    write_json(json, *finding);
  }
  json.end_array();
  json.key("departures").begin_array();
  for (const Departure& departure : verdict.departures) {
    write_json(json, departure);
  }
  json.end_array().end_object();
}

/// What failed, a line for each, for reports of tests.
std::string details_of(const TapeVerdict& verdict) {
  std::string text;
  if (verdict.error) {
    return text;
  }
  for (const Departure& departure : verdict.departures) {
    text += "seq " + std::to_string(departure.seq) + " (" + format_duration(departure.t_ns) + ") " +
            departure.field + ": expected " + departure.expected + ", got " + departure.got + '\n';
  }
  for (const Finding* finding : in_order(*verdict.findings)) {
    text += "seq " + std::to_string(finding->seq) + " (" + format_duration(finding->t_ns) + ") " +
            std::string(name_of(finding->severity)) + ' ' + std::string(info_of(finding->rule).id) +
            ' ' + finding->event + finding->pointer + ": expected " + finding->expected +
            ", found " + finding->found + '\n';
  }
  return text;
}

/// `text` within XML 1.0, which has no place for most control characters, U+FFFE and U+FFFF.
std::string xml(std::string_view text) {
  std::string valid;
  append_utf8_lossy(valid, text);
  std::string out;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    const std::string_view rest = std::string_view(valid).substr(i);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\n') {
      out += "&#10;";
    } else if (rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf")) {
      out += '?';
      i += 2;
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

/// A description in TAP: a `#` would begin a directive.
std::string tap(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '#') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

}  // namespace

void append_text(std::string& out, std::span<const TapeVerdict> verdicts) {
  std::uint64_t passed = 0;
  std::uint64_t errors = 0;
  for (const TapeVerdict& verdict : verdicts) {
    out += printable(verdict.path) + ": " + sentence_on(verdict) + '\n';
    passed += verdict.passed() ? 1U : 0U;
    errors += verdict.error ? 1U : 0U;
    if (verdict.error || (verdicts.size() > 1 && verdict.passed())) {
      continue;
    }
    if (verdicts.size() == 1 && verdict.was_read()) {
      out += "  bytes " + verdict.bytes_digest + "\n  state " + verdict.state_digest + '\n';
    }
    append_findings(out, *verdict.findings);
    append_departures(out, verdict);
  }
  if (verdicts.size() > 1) {
    out += counted(verdicts.size(), "tape") + ": " + format_count(passed) + " passed, " +
           format_count(verdicts.size() - passed - errors) + " failed, " + format_count(errors) +
           " could not be judged\n";
  }
}

void append_json_lines(std::string& out, std::span<const TapeVerdict> verdicts) {
  for (const TapeVerdict& verdict : verdicts) {
    JsonWriter json(out);
    write_json(json, verdict);
    out += '\n';
  }
}

void append_tap(std::string& out, std::span<const TapeVerdict> verdicts) {
  out += "TAP version 14\n1.." + std::to_string(verdicts.size()) + '\n';
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const TapeVerdict& verdict = verdicts[i];
    out += (verdict.passed() ? "ok " : "not ok ") + std::to_string(i + 1) + " - " +
           tap(verdict.path) + '\n';
    if (verdict.passed()) {
      continue;
    }
    out += "  ---\n  message: ";
    JsonWriter(out).string(sentence_on(verdict));  // a JSON string is a YAML string
    out += "\n  details: ";
    JsonWriter(out).string(details_of(verdict));
    out += "\n  ...\n";
  }
}

void append_junit(std::string& out, std::span<const TapeVerdict> verdicts) {
  const auto errors =
      std::ranges::count_if(verdicts, [](const auto& one) { return one.error.has_value(); });
  const auto failures =
      std::ranges::count_if(verdicts, [](const auto& one) { return !one.passed() && !one.error; });
  out +=
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite "
      "name=\"tapedeck verify\" tests=\"" +
      std::to_string(verdicts.size()) + "\" failures=\"" + std::to_string(failures) +
      "\" errors=\"" + std::to_string(errors) + "\">\n";
  for (const TapeVerdict& verdict : verdicts) {
    out += "    <testcase classname=\"tapedeck.verify\" name=\"" + xml(verdict.path) + '"';
    if (verdict.passed()) {
      out += "/>\n";
      continue;
    }
    const std::string element = verdict.error ? "error" : "failure";
    out.append(">\n      <").append(element).append(" message=\"");
    out.append(xml(sentence_on(verdict))).append("\">").append(xml(details_of(verdict)));
    out.append("</").append(element).append(">\n    </testcase>\n");
  }
  out += "  </testsuite>\n</testsuites>\n";
}

}  // namespace tapedeck::cli
