// The calls of clients while a tape is served: answered from the state that their timeline plays,
// held against what the recording has at that time, and with --react carried out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_effect.hpp"
#include "cli/compared_command.hpp"
#include "cli/reactions.hpp"
#include "cli/recorded_calls.hpp"
#include "cli/replay_frames.hpp"
#include "cli/tape_state.hpp"
#include "replayer/answer.hpp"
#include "replayer/call.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// What is made of the calls of one conference. Not thread-safe.
class ServedCalls {
 public:
  struct Rules {
    bool react = false;
    /// Is told of each command.
    std::function<void(const ComparedCommand&)> compared = {};
  };

  /// `tape` and `frames` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ServedCalls>> prepare(const schema::TapeReader& tape,
                                                                    ServedFrames& frames,
                                                                    Rules rules);

  [[nodiscard]] std::vector<replayer::Told> call(const replayer::Call& call,
                                                 replayer::Answer& answer);

  /// With `react`: see replayer::Programme.
  [[nodiscard]] std::optional<std::string> rewrite(std::uint64_t timeline,
                                                   const port::Frame& frame);
  /// How things stand after a frame of the timeline that all share, commands and all.
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> open_state(std::uint64_t seq);

  void leave(const replayer::JoinInfo& who);

  [[nodiscard]] std::optional<replayer::AnyPin> asked_pin() const { return recorded_.asked_pin(); }

  /// How the recorded client had joined that is played at this moment; null: the tape does not
  /// tell.
  [[nodiscard]] const RecordedJoin* joined_at(const replayer::Moment& moment) const {
    return recorded_.joined_at(frames_.connected_ns(moment));
  }

  /// What clients did of what the recorded one did, as a sentence; "": nothing, and so did it.
  [[nodiscard]] std::string summary() const;

 private:
  ServedCalls(const schema::TapeReader& tape, ServedFrames& frames, Rules rules,
              RecordedCalls recorded)
      : tape_(tape),
        frames_(frames),
        rules_(std::move(rules)),
        recorded_(std::move(recorded)),
        recorded_state_(tape),
        done_(recorded_.all().size()) {}

  void answer_question(const replayer::Call& call, replayer::Answer& answer);
  [[nodiscard]] ComparedCommand compare(const replayer::Call& call, const Command& command,
                                        const state::State& state);
  void look_for_effect(const Change& change, const Place& place, ComparedCommand& compared);
  /// The state that a timeline plays; nothing: the tape cannot be read.
  [[nodiscard]] const state::State* state_at(const replayer::Moment& moment,
                                             const std::string& self);
  [[nodiscard]] Result<std::vector<std::string>> blocks_at(std::uint64_t seq);

  const schema::TapeReader& tape_;
  ServedFrames& frames_;
  Rules rules_;
  RecordedCalls recorded_;
  TapeState recorded_state_;
  std::vector<bool> done_;                              ///< of the recorded calls, by anybody
  std::map<std::uint64_t, std::vector<bool>> done_by_;  ///< by join
  std::uint64_t commands_ = 0;
  std::uint64_t matched_ = 0;
  std::map<std::uint64_t, Reactions> reactions_;  ///< by timeline
  FollowedState asked_;                           ///< the last state that was asked for
  std::optional<std::pair<std::uint64_t, std::string>> asked_for_;  ///< a seq, and who asked
};

}  // namespace tapedeck::cli
