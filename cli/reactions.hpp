// What a replay does to a conference that its clients command: the events that a node would send,
// and the recorded ones as they are after that.
//
// What a command changed stays until the recording changes the same field itself: a recorded
// update of somebody for another reason keeps it. Who was disconnected or moved stays away until
// they come again on the recording, outside of a roster that is told anew.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_effect.hpp"
#include "cli/followed_state.hpp"
#include "core/event/decoder.hpp"
#include "core/port/frame.hpp"
#include "core/sse/message_parser.hpp"
#include "replayer/call.hpp"

namespace tapedeck::cli {

/// Of one timeline. Not thread-safe.
class Reactions {
 public:
  /// `blocks` tell how things stand when it begins.
  explicit Reactions(const std::vector<std::string>& blocks, std::string self);

  /// Does what a command asks for, and gives what is told of it; nothing where nothing changes.
  [[nodiscard]] std::vector<replayer::Told> carry_out(const Command& command,
                                                      const replayer::JoinInfo& who);

  /// A whole block that comes next on the timeline, as it is to be sent instead; nothing: as it is;
  /// "": it is left out.
  [[nodiscard]] std::optional<std::string> rewrite(const port::Frame& frame);

  /// As the clients were told.
  [[nodiscard]] const state::State& state() const { return *followed_.state(); }

 private:
  /// A field that a command gave another value.
  struct Held {
    std::string json;
    std::string recorded;  ///< the value in its place; "": none
  };
  using Subject = std::pair<std::string, std::string>;  ///< a room, and a uuid or an event
  using Fields = std::vector<std::pair<std::string, std::string>>;

  void carry_out(const Change& change, const replayer::JoinInfo& who);
  /// Whether anything changes.
  bool set_fields(const Subject& subject, std::string_view event, const event::Value& payload,
                  const Fields& fields);
  bool set_participant(const Change& change);
  void pass_floor(const Change& change);
  /// A block that ends the presentation of who was commanded to present in a room; "": nobody was.
  [[nodiscard]] std::string commanded_floor_back(const std::string& room);
  /// Their uuid; "": nobody presents there.
  [[nodiscard]] std::string presenter_of(std::string_view room) const;
  void say(const Change& change, const replayer::JoinInfo& who);
  void remove(const Change& change, const replayer::JoinInfo& who);
  void go(const Change& change, const replayer::JoinInfo& who);
  void begin_room(const Change& change, const replayer::JoinInfo& who);
  void end_room(const Change& change);
  void tell(std::string_view room, std::string_view event, std::string_view payload,
            replayer::Hearer to = replayer::Hearer::all);
  void hear(std::string_view raw, std::uint32_t connection_id);

  [[nodiscard]] bool is_self(const Change& change, const replayer::JoinInfo& who) const;
  /// The payload as it is to be told; nothing: not at all.
  [[nodiscard]] std::optional<std::string> told_of(std::string_view room, std::string_view event,
                                                   std::string_view payload);
  [[nodiscard]] std::string with_held(const Subject& subject, std::string_view payload);
  [[nodiscard]] std::string normalized(std::string_view json);

  FollowedState followed_;
  std::string self_;
  std::map<Subject, std::map<std::string, Held>> held_;
  std::set<Subject> gone_;
  std::set<std::string, std::less<>> ended_;    ///< breakout rooms
  std::set<std::string, std::less<>> syncing_;  ///< rooms whose roster is being told
  std::vector<replayer::Told> told_;            ///< of the command that is being done
  sse::MessageParser parser_;
  event::Decoder decoder_;
  std::uint32_t connection_id_ = 0;
};

}  // namespace tapedeck::cli
