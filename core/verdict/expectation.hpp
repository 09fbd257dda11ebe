// An expectation: a file that says what a tape is to mean, for people to read and review.
//
// JSON, written by `tapedeck verify --update --expect FILE`:
//
//   {"tapedeck": "expectation", "version": 1,
//    "frames": 214,
//    "plugin_events": {"participantJoined": 3, ...},   how often a plugin hears each event
//    "findings": {"unknown-field": 2, ...},            how many findings of a rule are allowed
//    "changes": 340,                                   of the state
//    "digest": "0f1e...",                              of all of them
//    "state": {...},                                   at the end
//    "checkpoints": [{"seq": 7, "t_ns": 340000000, "digest": "0f1e...",
//                     "patch": [{"op": "add", "path": "/rooms/0/participants/1", ...}]}, ...]}
//
// A checkpoint is a change of the state, as a JSON Patch (RFC 6902) against the checkpoint before,
// the first one against null. Where a tape has more changes than limits::checkpoints_max, each
// checkpoint stands for several of them. The state is that of `tapedeck state` without what every
// event changes: `seq`, `t_ns` and `counts`. When frames were received does not count: what the
// state takes from that reads 0, or 1970, so that each recording of a stream meets the same
// expectation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/event/value.hpp"
#include "core/port/frame.hpp"
#include "core/state/derivation.hpp"
#include "core/state/digest.hpp"
#include "core/state/reducer.hpp"
#include "core/verdict/plugin_event_counts.hpp"

namespace tapedeck::verdict {

/// What a tape came to, beside its state.
struct Totals {
  std::uint64_t frames = 0;
  Tally plugin_events;
  Tally findings;  ///< by rule, without those that found nothing
};

/// The state of a conference as an expectation holds it: nothing of it hangs on when a frame was
/// received. Frames are handed in in the order of `seq`. Not thread-safe.
class TimelessState {
 public:
  explicit TimelessState(state::Join join);

  void frame(const port::Frame& frame);
  void finish();

  [[nodiscard]] const state::Reducer& reducer() const { return derivation_.reducer(); }

 private:
  void take_steps();

  state::Derivation derivation_;
};

/// Counts the frames after which the state has changed.
class ChangeCount {
 public:
  /// True where it has with the frame just reduced.
  bool after(const state::Reducer& reducer);

  [[nodiscard]] std::uint64_t changes() const { return changes_; }

 private:
  state::Digest digest_;
  std::uint64_t changes_ = 0;
};

/// Writes the expectation of a tape, in a second pass over it: the first tells how many changes
/// there are. Not thread-safe.
class ExpectationWriter {
 public:
  explicit ExpectationWriter(std::uint64_t changes,
                             std::size_t checkpoints_max = limits::checkpoints_max);

  /// The frame has been reduced.
  void after(const port::Frame& frame, const state::Reducer& reducer);

  /// The text of the file.
  [[nodiscard]] std::string finish(const Totals& totals, const state::Reducer& reducer) const;

 private:
  std::uint64_t changes_;
  std::uint64_t stride_;  ///< changes that one checkpoint stands for
  ChangeCount count_;
  event::OwnedValue state_{event::Value::null()};  ///< at the last checkpoint
  std::vector<std::string> checkpoints_;           ///< as JSON
};

/// The file, read.
class Expectation {
 public:
  /// Whatever `text` is, the result is an expectation or one sentence that says what is wrong.
  [[nodiscard]] static Result<Expectation> parse(std::string_view text);

  struct Checkpoint {
    std::uint64_t seq = 0;
    std::string_view digest;
    event::Value patch;
  };

  [[nodiscard]] const event::Value& document() const { return *document_; }
  [[nodiscard]] const std::vector<Checkpoint>& checkpoints() const { return checkpoints_; }
  /// Each change of the state has a checkpoint of its own.
  [[nodiscard]] bool has_every_change() const { return every_change_; }
  /// The state after the first `count` checkpoints; an error where a patch does not fit.
  [[nodiscard]] Result<event::OwnedValue> state_after(std::size_t count) const;

 private:
  event::OwnedValue document_;  ///< what the checkpoints refer to
  std::vector<Checkpoint> checkpoints_;
  bool every_change_ = false;
};

/// Where a tape departs from its expectation.
struct Departure {
  std::uint64_t seq = 0;
  std::int64_t t_ns = 0;
  std::string field;  ///< JSON Pointer into the expectation; below /state into the state at `seq`
  std::string expected;  ///< JSON or words
  std::string got;
};

/// Holds a tape against its expectation, frame by frame. Not thread-safe.
class ExpectationCheck {
 public:
  /// `expectation` must outlive the check.
  explicit ExpectationCheck(const Expectation& expectation) : expectation_(expectation) {}

  /// The frame has been reduced.
  void after(const port::Frame& frame, const state::Reducer& reducer);

  /// After the last frame.
  void finish(const Totals& totals, const state::Reducer& reducer);

  /// The first departure of the state, if it departs, and those of counts.
  [[nodiscard]] const std::vector<Departure>& departures() const { return departures_; }

 private:
  void depart(const state::Reducer& reducer, std::size_t checkpoints, std::string_view expected,
              std::string_view got);
  void check_end(const state::Reducer& reducer);
  void check_tally(std::string_view name, const Tally& got, bool fewer_is_fine);
  void add(std::string field, std::string_view expected, std::string_view got);

  const Expectation& expectation_;
  std::vector<Departure> departures_;
  std::size_t next_ = 0;  ///< the checkpoint that comes next
  ChangeCount changes_;
  std::uint64_t seq_ = 0;  ///< of the last frame
  std::int64_t t_ns_ = 0;
  bool departed_ = false;  ///< the state has: what follows says nothing more
};

}  // namespace tapedeck::verdict
