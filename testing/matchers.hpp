// Matchers of GoogleTest about a Playback: EXPECT_THAT(playback, HasParticipant("Alice")).
//
// They work with the GoogleTest of whoever includes them, and this library needs none. A match that
// fails tells why, with the nearest frames of the tape.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "testing/playback.hpp"

namespace tapedeck::testing {

/// Part of a JSON value, written as JSON text; a value includes it as json_part.hpp tells.
class Part {
 public:
  /// Any value at all.
  Part() = default;
  /// Aborts, naming the place, when `json` is not JSON.
  Part(const char* json, const char* file = __builtin_FILE(),  // NOLINT: implicit on purpose
       int line = __builtin_LINE());

  [[nodiscard]] const std::optional<std::string>& json() const { return json_; }

 private:
  std::optional<std::string> json_;
};

class EmittedMatcher {
 public:
  using is_gtest_matcher = void;

  EmittedMatcher(std::string_view name, Part payload);

  /// Not once or more, but as often as that.
  [[nodiscard]] EmittedMatcher times(std::size_t count) const;

  bool MatchAndExplain(const Playback& playback, std::ostream* listener) const;
  void DescribeTo(std::ostream* out) const;
  void DescribeNegationTo(std::ostream* out) const;

 private:
  void describe(std::string_view verb, std::ostream& out) const;

  std::string name_;
  Part payload_;
  std::optional<std::size_t> times_;
};

/// The plugin event or signal `name` was emitted up to now, with a payload that includes `payload`.
/// Aborts on a name that no plugin event and no signal has.
[[nodiscard]] EmittedMatcher Emitted(std::string_view name, Part payload = {},
                                     const char* file = __builtin_FILE(),
                                     int line = __builtin_LINE());

class ParticipantMatcher {
 public:
  using is_gtest_matcher = void;

  ParticipantMatcher(std::string_view display_name, Part participant);

  /// Only in the room of this id: "main", or the uuid of a breakout.
  [[nodiscard]] ParticipantMatcher in(std::string_view room_id) const;

  bool MatchAndExplain(const Playback& playback, std::ostream* listener) const;
  void DescribeTo(std::ostream* out) const;
  void DescribeNegationTo(std::ostream* out) const;

 private:
  void describe(std::string_view verb, std::ostream& out) const;

  std::string display_name_;
  Part participant_;
  std::optional<std::string> room_id_;
};

/// Somebody of this display name is in a room now, and is as `participant` says, in the shape of
/// the client's Participant: HasParticipant("Alice", R"({"isMuted":true})").
[[nodiscard]] ParticipantMatcher HasParticipant(std::string_view display_name,
                                                Part participant = {});

class StateMatcher {
 public:
  using is_gtest_matcher = void;

  StateMatcher(std::optional<std::string> room_id, Part part);

  bool MatchAndExplain(const Playback& playback, std::ostream* listener) const;
  void DescribeTo(std::ostream* out) const;
  void DescribeNegationTo(std::ostream* out) const;

 private:
  void describe(std::string_view verb, std::ostream& out) const;

  std::optional<std::string> room_id_;
  Part part_;
};

/// The state, as canonical JSON, includes `part` now.
[[nodiscard]] StateMatcher HasState(Part part);

/// The room of this id, as the canonical JSON of the state has it, includes `part` now.
[[nodiscard]] StateMatcher HasRoom(std::string_view room_id, Part part = {});

}  // namespace tapedeck::testing
