#include "core/verdict/expectation.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/json_writer.hpp"
#include "core/base/limits.hpp"
#include "core/event/decoder.hpp"
#include "core/state/state_json.hpp"
#include "core/verdict/findings.hpp"
#include "core/verdict/json_pointer.hpp"
#include "core/verdict/value_diff.hpp"

namespace tapedeck::verdict {
namespace {

using event::Arena;
using event::Member;
using event::OwnedValue;
using event::Value;

constexpr int file_version = 1;

std::string json_of(const Value& value) {
  if (value.is_undefined()) {
    return "nothing";
  }
  std::string text;
  append_json(text, value);
  return clipped(text);
}

/// The state as an expectation holds it.
OwnedValue expected_part(const state::Reducer& reducer) {
  std::string text;
  append_state_json(text, reducer);
  event::Decoder decoder(limits::document_depth_max, limits::document_values_max);
  const Value all = decoder.decode(text).value;
  std::vector<Member> members;
  for (const Member& member : all.members()) {
    if (member.key != "seq" && member.key != "t_ns" && member.key != "counts") {
      members.push_back(member);
    }
  }
  return OwnedValue(Value::object(members));
}

/// Pretty where people read, on one line where a line is the unit.
void write_value(JsonWriter& json, const Value& value) {
  if (value.is_object() && !value.members().empty()) {
    json.begin_object();
    for (const Member& member : value.members()) {
      json.key(member.key);
      write_value(json, member.value);
    }
    json.end_object();
  } else if (value.is_array() && !value.items().empty()) {
    json.begin_array();
    for (const Value& item : value.items()) {
      write_value(json, item);
    }
    json.end_array();
  } else {
    std::string text;
    append_json(text, value);
    json.raw(text);
  }
}

void write_tally(JsonWriter& json, std::string_view name, const Tally& tally) {
  json.key(name).begin_object();
  for (const auto& [what, count] : tally) {
    json.member(what, count);
  }
  json.end_object();
}

/// A whole number from 0 on that a double holds exactly.
std::optional<std::uint64_t> whole(const Value& value) {
  constexpr double exact_max = 9007199254740992.0;  // 2^53
  if (!value.is_number() || value.as_number() < 0 || value.as_number() > exact_max ||
      std::trunc(value.as_number()) != value.as_number()) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(value.as_number());
}

bool is_tally(const Value& value) {
  return value.is_object() && std::ranges::all_of(value.members(), [](const Member& member) {
           return whole(member.value).has_value();
         });
}

/// What is wrong with the members of an expectation other than its checkpoints; empty if nothing.
std::string fault_of(const Value& document) {
  if (!document["tapedeck"].is_text("expectation")) {
    return "is no expectation of tapedeck";
  }
  const auto version = whole(document["version"]);
  if (!version || *version != file_version) {
    return "has version " + json_of(document["version"]) + ", this tapedeck reads version " +
           std::to_string(file_version);
  }
  for (const char* name : {"frames", "changes"}) {
    if (!whole(document[name])) {
      return "has no whole number '" + std::string(name) + '\'';
    }
  }
  for (const char* name : {"plugin_events", "findings"}) {
    if (!is_tally(document[name])) {
      return "has no object of whole numbers '" + std::string(name) + '\'';
    }
  }
  for (const Member& member : document["findings"].members()) {
    if (find_rule(member.key) == nullptr) {
      return "allows findings of '" + clipped(member.key) + "', which is no rule";
    }
  }
  if (!document["state"].is_object()) {
    return "has no object 'state'";
  }
  return document["digest"].is_string() ? "" : "has no text 'digest'";
}

}  // namespace

TimelessState::TimelessState(state::Join join)
    : derivation_(std::move(join),
                  {.client = state::Client::client_20, .signals = false, .digest = true}) {}

void TimelessState::frame(const port::Frame& frame) {
  derivation_.push({frame.seq, frame.connection_id, 0}, 0, frame.raw);
  take_steps();
}

void TimelessState::finish() {
  derivation_.finish();
  take_steps();
}

void TimelessState::take_steps() {
  while (derivation_.next()) {
  }
}

bool ChangeCount::after(const state::Reducer& reducer) {
  if (reducer.digest() == digest_) {
    return false;
  }
  digest_ = reducer.digest();
  ++changes_;
  return true;
}

// Writing.

ExpectationWriter::ExpectationWriter(std::uint64_t changes, std::size_t checkpoints_max)
    : changes_(changes),
      stride_(std::max<std::uint64_t>(1, (changes + checkpoints_max - 1) / checkpoints_max)) {}

void ExpectationWriter::after(const port::Frame& frame, const state::Reducer& reducer) {
  if (!count_.after(reducer) || (count_.changes() % stride_ != 0 && count_.changes() != changes_)) {
    return;
  }
  OwnedValue state = expected_part(reducer);
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.member("seq", frame.seq).member("t_ns", frame.recv_ns);
  json.member("digest", reducer.digest().to_string());
  json.key("patch").begin_array();
  compare(*state_, *state, [&](const Difference& difference) {
    std::string operation;
    append_patch_operation(operation, difference);
    json.raw(operation);
    return true;
  });
  json.end_array().end_object();
  checkpoints_.push_back(std::move(text));
  state_ = std::move(state);
}

std::string ExpectationWriter::finish(const Totals& totals, const state::Reducer& reducer) const {
  std::string text;
  JsonWriter json(text, JsonWriter::Layout::indented);
  json.begin_object();
  json.member("tapedeck", "expectation").member("version", std::int64_t{file_version});
  json.member("frames", totals.frames);
  write_tally(json, "plugin_events", totals.plugin_events);
  write_tally(json, "findings", totals.findings);
  json.member("changes", changes_).member("digest", reducer.digest().to_string());
  json.key("state");
  write_value(json, *expected_part(reducer));
  json.key("checkpoints").begin_array();
  for (const std::string& checkpoint : checkpoints_) {
    json.raw(checkpoint);
  }
  json.end_array().end_object();
  text += '\n';
  return text;
}

// Reading.

Result<Expectation> Expectation::parse(std::string_view text) {
  event::Decoder decoder(limits::document_depth_max, limits::document_values_max);
  const event::Decoded decoded = decoder.decode(text);
  if (!decoded.ok()) {
    return fail_io("is no JSON from byte " + std::to_string(decoded.offset) + " on");
  }
  if (auto fault = fault_of(decoded.value); !fault.empty()) {
    return fail_io(std::move(fault));
  }
  Expectation expectation;
  expectation.document_ = OwnedValue(decoded.value);
  const Value document = *expectation.document_;
  if (!document["checkpoints"].is_array()) {
    return fail_io("has no array 'checkpoints'");
  }
  for (const Value& item : document["checkpoints"].items()) {
    const auto seq = whole(item["seq"]);
    const Value digest = item["digest"];
    const bool ascends =
        seq && (expectation.checkpoints_.empty() || *seq > expectation.checkpoints_.back().seq);
    if (!ascends || !digest.is_string() || !item["patch"].is_array()) {
      return fail_io("has a checkpoint " + std::to_string(expectation.checkpoints_.size() + 1) +
                     " without an ascending seq, a digest and a patch");
    }
    expectation.checkpoints_.push_back({*seq, digest.as_string(), item["patch"]});
  }
  expectation.every_change_ =
      whole(document["changes"]).value_or(0) == expectation.checkpoints_.size();
  return expectation;
}

Result<OwnedValue> Expectation::state_after(std::size_t count) const {
  constexpr std::size_t garbage_bytes_max = std::size_t{16} * 1024 * 1024;
  OwnedValue owned;
  Arena arena;
  Value state = Value::null();
  for (std::size_t i = 0; i < count; ++i) {
    const auto next = apply_patch(state, checkpoints_[i].patch, arena);
    if (!next) {
      return fail_io("checkpoint " + std::to_string(i + 1) +
                     " of the expectation: " + next.error().message);
    }
    state = *next;
    if (arena.bytes() > garbage_bytes_max) {  // each patch leaves behind what it replaced
      owned = OwnedValue(state);
      arena = Arena();
      state = *owned;
    }
  }
  return OwnedValue(state);
}

// Comparing.

void ExpectationCheck::add(std::string field, std::string_view expected, std::string_view got) {
  departures_.push_back({seq_, t_ns_, std::move(field), clipped(expected), clipped(got)});
}

void ExpectationCheck::after(const port::Frame& frame, const state::Reducer& reducer) {
  seq_ = frame.seq;
  t_ns_ = frame.recv_ns;
  const bool changed = changes_.after(reducer);
  if (departed_) {
    return;
  }
  const auto& checkpoints = expectation_.checkpoints();
  if (next_ < checkpoints.size() && checkpoints[next_].seq <= frame.seq) {
    const Expectation::Checkpoint& due = checkpoints[next_];
    ++next_;
    const std::string digest = reducer.digest().to_string();
    if (due.seq != frame.seq || due.digest != digest) {
      depart(reducer, next_, due.digest, digest);
    }
  } else if (changed && (expectation_.has_every_change() || next_ == checkpoints.size())) {
    depart(reducer, next_, "no change of the state", "a change");
  }
}

/// Finds what differs from the state after the first `checkpoints`; `expected` and `got` stand
/// where nothing does: it differed in between.
void ExpectationCheck::depart(const state::Reducer& reducer, std::size_t checkpoints,
                              std::string_view expected, std::string_view got) {
  departed_ = true;
  const auto due = expectation_.state_after(checkpoints);
  if (!due) {
    add("/checkpoints", "patches that fit one another", due.error().message);
    return;
  }
  const OwnedValue state = expected_part(reducer);
  bool found = false;
  compare(**due, *state, [&](const Difference& difference) {
    add("/state" + difference.pointer, json_of(difference.a), json_of(difference.b));
    found = true;
    return false;
  });
  if (!found) {
    add("/digest", expected, got);
  }
}

void ExpectationCheck::finish(const Totals& totals, const state::Reducer& reducer) {
  check_end(reducer);
  if (const std::uint64_t frames = whole(expectation_.document()["frames"]).value_or(0);
      frames != totals.frames) {
    add("/frames", std::to_string(frames), std::to_string(totals.frames));
  }
  check_tally("plugin_events", totals.plugin_events, false);
  check_tally("findings", totals.findings, true);
}

void ExpectationCheck::check_end(const state::Reducer& reducer) {
  if (departed_) {
    return;
  }
  const auto& checkpoints = expectation_.checkpoints();
  if (next_ < checkpoints.size()) {
    depart(reducer, checkpoints.size(),
           "a change of the state at seq " + std::to_string(checkpoints[next_].seq),
           "the end of the tape");
    return;
  }
  const OwnedValue state = expected_part(reducer);
  compare(expectation_.document()["state"], *state, [&](const Difference& difference) {
    add("/state" + difference.pointer, json_of(difference.a), json_of(difference.b));
    return false;
  });
  if (const std::string digest = reducer.digest().to_string();
      departures_.empty() && !expectation_.document()["digest"].is_text(digest)) {
    add("/digest", expectation_.document()["digest"].as_string(), digest);
  }
}

void ExpectationCheck::check_tally(std::string_view name, const Tally& got, bool fewer_is_fine) {
  const Value expected = expectation_.document()[name];
  Tally due;
  for (const Member& member : expected.members()) {
    due[std::string(member.key)] = whole(member.value).value_or(0);
  }
  for (const auto& [what, count] : got) {
    due.try_emplace(what, 0);
  }
  for (const auto& [what, count] : due) {
    const auto found = got.find(what);
    const std::uint64_t seen = found == got.end() ? 0 : found->second;
    if (seen > count || (seen < count && !fewer_is_fine)) {
      std::string field = '/' + std::string(name);
      append_pointer(field, what);
      add(std::move(field), (fewer_is_fine ? "at most " : "") + std::to_string(count),
          std::to_string(seen));
    }
  }
}

}  // namespace tapedeck::verdict
