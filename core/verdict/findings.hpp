// Findings: the departures of one tape from what it may contain, kept within bounds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_writer.hpp"
#include "core/base/limits.hpp"
#include "core/verdict/rule.hpp"

namespace tapedeck::verdict {

/// Where on a tape. A seq of 0 stands for the tape as a whole.
struct Place {
  std::uint64_t seq = 0;
  std::int64_t t_ns = 0;
  std::string_view event;    ///< name of the wire event; empty without one
  std::string_view pointer;  ///< JSON Pointer (RFC 6901) into its payload; empty for all of it
};

struct Finding {
  Rule rule = Rule::tape_damaged;
  Severity severity = Severity::error;
  std::uint64_t seq = 0;
  std::int64_t t_ns = 0;
  std::string event;
  std::string pointer;
  std::string expected;  ///< for people: what should stand there
  std::string found;     ///< what stands there: JSON where it is a value of the payload
};

/// Collects findings. Of each rule the first `limits::findings_per_rule_max` are kept and all are
/// counted; texts are cut at `limits::finding_text_bytes_max`. Memory is bounded by the two.
class Findings {
 public:
  explicit Findings(const RuleSet& rules) : rules_(rules) {}

  /// Whether `add` would do anything: saves putting texts together for a rule that is off.
  [[nodiscard]] bool wants(Rule rule) const { return rules_.severity(rule) != Severity::off; }

  [[nodiscard]] Severity severity(Rule rule) const { return rules_.severity(rule); }

  void add(Rule rule, const Place& place, std::string_view expected, std::string_view found);

  /// As if what `later` holds had been added here after all else; it must have the same rules.
  void append(const Findings& later);

  /// In the order in which they were found.
  [[nodiscard]] std::span<const Finding> kept() const { return kept_; }

  [[nodiscard]] std::uint64_t count(Rule rule) const {
    return counts_[static_cast<std::size_t>(rule)];
  }
  [[nodiscard]] std::uint64_t count(Severity severity) const;

  /// How many were counted and not kept.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  RuleSet rules_;
  std::vector<Finding> kept_;
  std::array<std::uint64_t, rule_count> counts_{};
};

/// {"rule","severity","seq","t_ns","event","pointer","expected","found"}.
void write_json(JsonWriter& json, const Finding& finding);

/// `text`, or its beginning and "..." where it is longer than `bytes_max`; never cut within a
/// character.
[[nodiscard]] std::string clipped(std::string_view text,
                                  std::size_t bytes_max = limits::finding_text_bytes_max);

}  // namespace tapedeck::verdict
