// From a tape to the frames that a replay plays.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/replay_wishes.hpp"
#include "cli/tape_marks.hpp"
#include "cli/tape_state.hpp"
#include "core/port/frame_source.hpp"
#include "replayer/faithful_source.hpp"
#include "replayer/looped_source.hpp"
#include "replayer/seamless_source.hpp"
#include "replayer/server.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// The frames that are asked for, as often as asked for, every byte of them. Must not outlive the
/// tape.
[[nodiscard]] std::unique_ptr<port::FrameSource> open_frames(const schema::TapeReader& tape,
                                                             const ReplayWishes& wishes);

/// Where a timeline is on the tape, whatever its pass.
struct Place {
  std::uint64_t seq = 0;  ///< of the last frame that was played; 0: none was
  std::int64_t at_ns = 0;
};

/// The same for clients: where one begins in the middle it is first told what a node tells at a
/// join. The `seq` of a frame counts on from pass to pass. Sources must not outlive it. Without
/// clients, on stdout, every byte is played, and nothing else.
class ServedFrames final : public replayer::Reel {
 public:
  /// `tape` and `wishes` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ServedFrames>> prepare(const schema::TapeReader& tape,
                                                                     const ReplayWishes& wishes,
                                                                     TapeMarks marks = {});

  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> open();
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> reopen(
      const replayer::Position& position) override;
  /// How things stand after the frame `seq`; 0: before the first that is played.
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> open_state(std::uint64_t seq);

  [[nodiscard]] Place on_tape(const replayer::Moment& moment) const;

  /// Behind the first frame that sets this event id, so that nothing after it is lost.
  [[nodiscard]] Result<std::optional<replayer::Position>> find_event_id(std::string_view id) const;

  /// Behind the transfer with this one-time token, where it has been played; nothing: it has not.
  [[nodiscard]] Result<std::optional<replayer::Position>> find_transfer(
      std::string_view token) const;

  /// When the recorded connection was opened that goes on at this moment.
  [[nodiscard]] std::int64_t connected_ns(const replayer::Moment& moment) const;

  [[nodiscard]] replayer::Loss loss_between(std::uint32_t connection_id,
                                            std::uint32_t next_connection_id) const;

  [[nodiscard]] Result<replayer::Position> place_at(std::int64_t at_ns) override;
  [[nodiscard]] Result<replayer::Position> place_behind(std::uint64_t seq) override;
  [[nodiscard]] Result<std::optional<replayer::Position>> find_event(std::string_view event,
                                                                     std::uint64_t seq) override;
  [[nodiscard]] const std::vector<replayer::Mark>& marks() const override { return marks_.all(); }
  [[nodiscard]] Result<replayer::Kept> add_mark(replayer::Mark mark) override {
    return marks_.add(std::move(mark));
  }
  /// How many frames have been read for all the events that were looked for.
  [[nodiscard]] std::uint64_t frames_searched() const { return frames_searched_; }
  /// Of the tape, before anything is edited.
  [[nodiscard]] Result<std::string> state_json(std::uint64_t seq) override;
  [[nodiscard]] Result<std::optional<replayer::Glance>> glance(std::uint64_t seq) override;
  [[nodiscard]] std::int64_t tape_ns(std::int64_t at_ns) const override;
  [[nodiscard]] std::int64_t end_ns() const override;

  [[nodiscard]] const replayer::LeftOut& left_out() const { return left_out_; }

 private:
  ServedFrames(const schema::TapeReader& tape, const ReplayWishes& wishes, TapeMarks marks)
      : tape_(tape), wishes_(wishes), state_(tape), known_(tape), marks_(std::move(marks)) {}

  /// The frames of a pass from `first_seq` on, with what is to be told first.
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> open_pass(std::uint64_t first_seq,
                                                                     bool needs_state);
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> state_before(
      std::uint64_t seq, std::unique_ptr<port::FrameSource> rest);
  /// The same after a seek, for who knows how things stood after the frame `known_seq`.
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> change_before(std::uint64_t seq,
                                                                         std::uint64_t known_seq);
  /// The pass that a time of the replay lies in, from 0.
  [[nodiscard]] std::uint64_t pass_of(std::int64_t at_ns) const;
  /// Behind a frame of the tape, which may be 0, in this pass.
  [[nodiscard]] Result<replayer::Position> behind(std::uint64_t seq, std::uint64_t pass) const;
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> open_passes(
      const replayer::LoopStart& start, port::FrameSourceFactory open);
  [[nodiscard]] std::uint64_t seq_on_tape(std::uint64_t seq) const;
  [[nodiscard]] Result<std::optional<port::Frame>> first_frame(
      const schema::FrameRange& range) const;
  [[nodiscard]] Result<port::Frame> frame(std::uint64_t seq) const;
  [[nodiscard]] Result<std::uint64_t> first_whole_seq() const;
  /// The same among these frames of the tape, in this pass.
  [[nodiscard]] Result<std::optional<replayer::Position>> find_event(std::string_view event,
                                                                     std::uint64_t first_seq,
                                                                     std::uint64_t last_seq,
                                                                     std::uint64_t pass);
  /// A frame from `first_seq` on up to which no event of this name comes, the last one that the
  /// checkpoints of the tape can tell; the one before `first_seq` where they tell nothing.
  [[nodiscard]] Result<std::uint64_t> last_without(std::string_view event, std::uint64_t first_seq);

  const schema::TapeReader& tape_;
  const ReplayWishes& wishes_;
  TapeState state_;
  TapeState known_;                 ///< to those who are sought away, and to who looks on
  std::optional<TapeState> asked_;  ///< for who asks for the state; made then
  TapeMarks marks_;
  replayer::LeftOut left_out_;
  /// Where the one-time tokens of transfers were played last.
  std::map<std::string, replayer::Position, std::less<>> transfers_;
  std::vector<schema::Connection> connections_;
  /// Of a pass: its first frame, its last, and how much recorded time it is.
  std::uint64_t first_seq_ = 1;
  std::uint64_t last_seq_ = 0;
  std::int64_t pass_ns_ = 0;
  std::uint64_t frames_searched_ = 0;
};

}  // namespace tapedeck::cli
