// The rules of the verdict: what a stream or a tape may not contain, each with an id and a
// severity.
//
// docs/FINDINGS.md explains each rule with an example.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::verdict {

enum class Severity : std::uint8_t {
  off,      ///< not looked at
  info,     ///< worth knowing; no verdict hangs on it
  warning,  ///< fails a strict verdict
  error,    ///< fails the verdict
};

/// `off`, `info`, `warn`, `error`.
[[nodiscard]] std::string_view name_of(Severity severity);
[[nodiscard]] std::optional<Severity> find_severity(std::string_view name);

enum class Rule : std::uint8_t {
  // the bytes and frames of the tape
  tape_damaged,
  bytes_broken,
  wrong_checkpoint,
  tape_unclosed,
  torn_block,
  limit_reached,
  time_backwards,
  invalid_utf8,
  // one message by itself
  bad_json,
  unknown_event,
  unknown_field,
  missing_field,
  mistyped_field,
  dropped_message,
  // a message among the others
  id_backwards,
  after_disconnect,
  unknown_participant,
  known_participant,
  open_sync,
  stray_sync_end,
  stage_nobody,
  presentation_nobody,
  layout_nobody,
  two_selves,
  breakout_not_begun,
};

inline constexpr std::size_t rule_count = static_cast<std::size_t>(Rule::breakout_not_begun) + 1;

struct RuleInfo {
  Rule rule;
  std::string_view id;  ///< kebab-case
  Severity severity;    ///< unless it is set otherwise
  std::string_view summary;
};

/// All rules in the order of `Rule`.
[[nodiscard]] std::span<const RuleInfo> rules();
[[nodiscard]] const RuleInfo& info_of(Rule rule);
[[nodiscard]] const RuleInfo* find_rule(std::string_view id);

/// The severity of each rule: as the catalogue has it until it is set.
class RuleSet {
 public:
  RuleSet();

  [[nodiscard]] Severity severity(Rule rule) const {
    return severities_[static_cast<std::size_t>(rule)];
  }
  void set(Rule rule, Severity severity) { severities_[static_cast<std::size_t>(rule)] = severity; }

  /// Reads `id=off|info|warn|error`.
  Result<void> set(std::string_view assignment);

 private:
  std::array<Severity, rule_count> severities_{};
};

}  // namespace tapedeck::verdict
