#include "testing/matchers.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <utility>

#include "core/base/check.hpp"
#include "core/event/catalogue.hpp"
#include "core/event/decoder.hpp"
#include "core/state/signal.hpp"
#include "core/verdict/findings.hpp"
#include "testing/json_part.hpp"

namespace tapedeck::testing {
namespace {

using event::Decoder;
using event::Value;

/// Matches and misses that are told one by one; of the rest there is only the number.
constexpr std::size_t told_max = 3;

/// What plugin-api 22 knows beyond the catalogue, which is that of 19.
constexpr std::array<std::string_view, 2> later_plugin_events{"cancelTransfer",
                                                              "participantsActivities"};

bool is_signal(std::string_view name) {
  for (std::size_t i = 0; i < state::signals; ++i) {
    if (state::name_of(static_cast<state::Signal>(i)) == name) {
      return true;
    }
  }
  return false;
}

bool is_plugin_event(std::string_view name) {
  return event::find_plugin_shape(name) != nullptr ||
         std::ranges::find(later_plugin_events, name) != later_plugin_events.end();
}

/// A part, decoded: it lives as long as its decoder.
class DecodedPart {
 public:
  explicit DecodedPart(const Part& part)
      : is_any_(!part.json()), value_(is_any_ ? Value() : decoder_.decode(*part.json()).value) {}

  /// Nothing where `whole` includes the part.
  [[nodiscard]] std::optional<std::string> what_differs_in(const Value& whole) const {
    return is_any_ ? std::nullopt : what_differs(whole, value_);
  }

 private:
  Decoder decoder_;
  bool is_any_;
  Value value_;
};

void append_part(std::ostream& out, const Part& part) {
  if (part.json()) {
    out << " with " << *part.json();
  }
}

std::string json_of(const Value& value) {
  std::string json;
  event::append_json(json, value, {.without = "rawData"});
  return verdict::clipped(json);
}

std::string when(const Emission& emission) {
  return emission.seq == 0
             ? "at the join"
             : "at seq " + std::to_string(emission.seq) + ", " + format_duration(emission.t_ns);
}

void tell_names(std::span<const Emission> emissions, std::ostream& out) {
  std::map<std::string_view, std::size_t> counts;
  for (const Emission& emission : emissions) {
    ++counts[emission.name];
  }
  out << "up to here there were ";
  if (counts.empty()) {
    out << "none at all";
  }
  for (bool first = true; const auto& [name, count] : counts) {
    out << (std::exchange(first, false) ? "" : ", ") << count << " " << name;
  }
}

}  // namespace

Part::Part(const char* json, const char* file, int line) : json_(json) {
  Decoder decoder;
  check(decoder.decode(*json_).ok(), "what a matcher expects is not JSON", file, line);
}

EmittedMatcher Emitted(std::string_view name, Part payload, const char* file, int line) {
  check(is_plugin_event(name) || is_signal(name),
        "Emitted() was given a name that no plugin event and no signal has", file, line);
  return {name, std::move(payload)};
}

EmittedMatcher::EmittedMatcher(std::string_view name, Part payload)
    : name_(name), payload_(std::move(payload)) {}

EmittedMatcher EmittedMatcher::times(std::size_t count) const {
  EmittedMatcher copy = *this;
  copy.times_ = count;
  return copy;
}

bool EmittedMatcher::MatchAndExplain(const Playback& playback, std::ostream* listener) const {
  const auto all = is_signal(name_) ? playback.signals() : playback.events();
  const DecodedPart part(payload_);
  std::size_t matches = 0;
  std::size_t misses = 0;
  std::string told;
  for (const Emission& emission : all) {
    if (emission.name != name_) {
      continue;
    }
    const auto differs = part.what_differs_in(*emission.payload);
    if (++(differs ? misses : matches) <= told_max && listener != nullptr) {
      told += "\n  " + when(emission) + ": " +
              (differs ? "not this one, " + *differs : json_of(*emission.payload));
    }
  }
  if (listener != nullptr) {
    *listener << "where it came " << matches << (matches == 1 ? " time" : " times");
    if (misses != 0) {
      *listener << ", and " << misses << (misses == 1 ? " time" : " times") << " otherwise";
    }
    *listener << told;
    if (matches + misses == 0) {
      *listener << "; ";
      tell_names(all, *listener);
    }
    *listener << "\n" << playback.nearest_frames();
  }
  return times_ ? matches == *times_ : matches != 0;
}

void EmittedMatcher::describe(std::string_view verb, std::ostream& out) const {
  out << verb << " " << name_;
  append_part(out, payload_);
  if (times_) {
    out << ", " << *times_ << (*times_ == 1 ? " time" : " times");
  }
}

void EmittedMatcher::DescribeTo(std::ostream* out) const {
  describe("emitted", *out);
}

void EmittedMatcher::DescribeNegationTo(std::ostream* out) const {
  describe("did not emit", *out);
}

ParticipantMatcher HasParticipant(std::string_view display_name, Part participant) {
  return {display_name, std::move(participant)};
}

ParticipantMatcher::ParticipantMatcher(std::string_view display_name, Part participant)
    : display_name_(display_name), participant_(std::move(participant)) {}

ParticipantMatcher ParticipantMatcher::in(std::string_view room_id) const {
  ParticipantMatcher copy = *this;
  copy.room_id_ = room_id;
  return copy;
}

bool ParticipantMatcher::MatchAndExplain(const Playback& playback, std::ostream* listener) const {
  const std::string json = playback.state_json();
  Decoder decoder;
  const Value state = decoder.decode(json).value;
  const DecodedPart part(participant_);
  bool matches = false;
  std::string told;
  for (const Value& room : state["rooms"].items()) {
    if (room_id_ && !room["id"].is_text(*room_id_)) {
      continue;
    }
    told += "\n  in " + json_of(room["id"]) + ":";
    for (const Value& participant : room["participants"].items()) {
      told += " " + json_of(participant["displayName"]);
      if (!participant["displayName"].is_text(display_name_)) {
        continue;
      }
      if (const auto differs = part.what_differs_in(participant)) {
        told += " (" + *differs + ")";
      } else {
        matches = true;
      }
    }
  }
  if (listener != nullptr) {
    *listener << (told.empty() ? "where there is no such room" : "with these people" + told) << "\n"
              << playback.nearest_frames();
  }
  return matches;
}

void ParticipantMatcher::describe(std::string_view verb, std::ostream& out) const {
  out << verb << " participant \"" << display_name_ << "\"";
  append_part(out, participant_);
  if (room_id_) {
    out << " in room \"" << *room_id_ << "\"";
  }
}

void ParticipantMatcher::DescribeTo(std::ostream* out) const {
  describe("has the", *out);
}

void ParticipantMatcher::DescribeNegationTo(std::ostream* out) const {
  describe("does not have the", *out);
}

StateMatcher HasState(Part part) {
  return {std::nullopt, std::move(part)};
}

StateMatcher HasRoom(std::string_view room_id, Part part) {
  return {std::string(room_id), std::move(part)};
}

StateMatcher::StateMatcher(std::optional<std::string> room_id, Part part)
    : room_id_(std::move(room_id)), part_(std::move(part)) {}

bool StateMatcher::MatchAndExplain(const Playback& playback, std::ostream* listener) const {
  const std::string json = playback.state_json();
  Decoder decoder;
  const Value state = decoder.decode(json).value;
  const DecodedPart part(part_);
  std::optional<std::string> differs = "there is no such room";
  if (!room_id_) {
    differs = part.what_differs_in(state);
  }
  for (const Value& room : state["rooms"].items()) {
    if (room_id_ && room["id"].is_text(*room_id_)) {
      differs = part.what_differs_in(room);
    }
  }
  if (listener != nullptr) {
    *listener << "where " << differs.value_or("it is so") << "\n" << playback.nearest_frames();
  }
  return !differs;
}

void StateMatcher::describe(std::string_view verb, std::ostream& out) const {
  out << verb << (room_id_ ? " room \"" + *room_id_ + "\"" : std::string(" state"));
  append_part(out, part_);
}

void StateMatcher::DescribeTo(std::ostream* out) const {
  describe("has a", *out);
}

void StateMatcher::DescribeNegationTo(std::ostream* out) const {
  describe("does not have a", *out);
}

}  // namespace tapedeck::testing
