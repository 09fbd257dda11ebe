#include "core/verdict/findings.hpp"

namespace tapedeck::verdict {

void Findings::add(Rule rule, const Place& place, std::string_view expected,
                   std::string_view found) {
  const Severity severity = rules_.severity(rule);
  if (severity == Severity::off) {
    return;
  }
  std::uint64_t& count = counts_[static_cast<std::size_t>(rule)];
  if (count < limits::findings_per_rule_max) {
    kept_.push_back({rule, severity, place.seq, place.t_ns, clipped(place.event),
                     clipped(place.pointer), clipped(expected), clipped(found)});
  }
  ++count;
}

void Findings::append(const Findings& later) {
  auto kept_counts = counts_;
  for (const Finding& finding : later.kept_) {
    std::uint64_t& count = kept_counts[static_cast<std::size_t>(finding.rule)];
    if (count < limits::findings_per_rule_max) {
      kept_.push_back(finding);
    }
    ++count;
  }
  for (std::size_t rule = 0; rule < counts_.size(); ++rule) {
    counts_[rule] += later.counts_[rule];
  }
}

std::uint64_t Findings::count(Severity severity) const {
  std::uint64_t sum = 0;
  for (const RuleInfo& rule : rules()) {
    if (rules_.severity(rule.rule) == severity) {
      sum += count(rule.rule);
    }
  }
  return sum;
}

std::uint64_t Findings::dropped() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts_) {
    sum += count;
  }
  return sum - kept_.size();
}

void write_json(JsonWriter& json, const Finding& finding) {
  json.begin_object();
  json.member("rule", info_of(finding.rule).id).member("severity", name_of(finding.severity));
  json.member("seq", finding.seq).member("t_ns", finding.t_ns);
  json.member("event", finding.event).member("pointer", finding.pointer);
  json.member("expected", finding.expected).member("found", finding.found);
  json.end_object();
}

std::string clipped(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return std::string(text);
  }
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace tapedeck::verdict
