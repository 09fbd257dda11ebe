#include "core/verdict/rule.hpp"

#include <algorithm>
#include <string>

namespace tapedeck::verdict {
namespace {

constexpr std::array<RuleInfo, rule_count> table{{
    {Rule::tape_damaged, "tape-damaged", Severity::error, "the file is not whole as a database"},
    {Rule::bytes_broken, "bytes-broken", Severity::error,
     "the frames of a connection are not the body that was received"},
    {Rule::wrong_checkpoint, "wrong-checkpoint", Severity::error,
     "a checkpoint is not what is derived of the frames"},
    {Rule::tape_unclosed, "tape-unclosed", Severity::warning,
     "the recording did not come to its end"},
    {Rule::torn_block, "torn-block", Severity::warning,
     "a connection ended in the middle of a block"},
    {Rule::limit_reached, "limit-reached", Severity::warning,
     "something was larger than a limit of tapedeck"},
    {Rule::time_backwards, "time-backwards", Severity::error,
     "a frame is older than the one before"},
    {Rule::invalid_utf8, "invalid-utf8", Severity::warning, "bytes of a block are no UTF-8"},
    {Rule::bad_json, "bad-json", Severity::error, "the data of an event is no JSON"},
    {Rule::unknown_event, "unknown-event", Severity::warning,
     "the catalogue has no event of this name"},
    {Rule::unknown_field, "unknown-field", Severity::info,
     "the catalogue has no such field in this event"},
    {Rule::missing_field, "missing-field", Severity::warning,
     "a field that every known node sends is not there"},
    {Rule::mistyped_field, "mistyped-field", Severity::error, "a field holds what it never holds"},
    {Rule::dropped_message, "dropped-message", Severity::error,
     "the client throws this message away and says nothing"},
    {Rule::id_backwards, "id-backwards", Severity::warning,
     "an event id counts down within its node"},
    {Rule::after_disconnect, "after-disconnect", Severity::warning,
     "an event follows the disconnect that ends the stream"},
    {Rule::unknown_participant, "unknown-participant", Severity::warning,
     "an update or delete of somebody who is not there"},
    {Rule::known_participant, "known-participant", Severity::warning,
     "a create of somebody who is there already, outside a sync"},
    {Rule::open_sync, "open-sync", Severity::warning, "a roster sync begins and does not end"},
    {Rule::stray_sync_end, "stray-sync-end", Severity::warning,
     "a roster sync ends that has not begun"},
    {Rule::stage_nobody, "stage-nobody", Severity::warning,
     "the stage names somebody who is not there"},
    {Rule::presentation_nobody, "presentation-nobody", Severity::warning,
     "the presenter is not there"},
    {Rule::layout_nobody, "layout-nobody", Severity::warning,
     "the layout shows somebody who is not there"},
    {Rule::two_selves, "two-selves", Severity::warning, "a room holds you twice"},
    {Rule::breakout_not_begun, "breakout-not-begun", Severity::warning,
     "an event of a breakout room that has not begun"},
}};

constexpr bool in_order_of_rules() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].rule != static_cast<Rule>(i)) {
      return false;
    }
  }
  return true;
}
static_assert(in_order_of_rules());

constexpr std::array severities{Severity::off, Severity::info, Severity::warning, Severity::error};

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::off:
      return "off";
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warn";
    case Severity::error:
      return "error";
  }
  return {};
}

std::optional<Severity> find_severity(std::string_view name) {
  const auto* const found = std::ranges::find(severities, name, name_of);
  return found == severities.end() ? std::nullopt : std::optional(*found);
}

std::span<const RuleInfo> rules() {
  return table;
}

const RuleInfo& info_of(Rule rule) {
  return table[static_cast<std::size_t>(rule)];
}

const RuleInfo* find_rule(std::string_view id) {
  const auto* const found = std::ranges::find(table, id, &RuleInfo::id);
  return found == table.end() ? nullptr : found;
}

RuleSet::RuleSet() {
  for (const RuleInfo& rule : table) {
    set(rule.rule, rule.severity);
  }
}

Result<void> RuleSet::set(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string_view id = assignment.substr(0, equals);
  const RuleInfo* const rule = find_rule(id);
  if (rule == nullptr) {
    return fail_usage("there is no rule '" + std::string(id) + "'; docs/FINDINGS.md lists them");
  }
  const auto severity = equals == std::string_view::npos
                            ? std::nullopt
                            : find_severity(assignment.substr(equals + 1));
  if (!severity) {
    return fail_usage("'" + std::string(assignment) + "' sets no severity; use " + std::string(id) +
                      "=off, =info, =warn or =error");
  }
  set(rule->rule, *severity);
  return {};
}

}  // namespace tapedeck::verdict
