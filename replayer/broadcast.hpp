// From plays to streams: which client hears which source, and who waits for whom.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "replayer/answer.hpp"
#include "replayer/call.hpp"
#include "replayer/channel.hpp"
#include "replayer/deck.hpp"
#include "replayer/event_stream.hpp"
#include "replayer/facade.hpp"
#include "replayer/faithful_source.hpp"
#include "replayer/journal.hpp"
#include "replayer/server.hpp"
#include "replayer/steering.hpp"

namespace tapedeck::replayer {

class Broadcast final : public Plays {
 public:
  /// All must outlive it.
  Broadcast(Deck& deck, port::Clock& clock, const ServerOptions& options,
            const Programme& programme);

  /// What is played in this conference.
  [[nodiscard]] Result<const Programme*> programme_of(std::string_view alias) const;

  /// The role of who comes with the one-time token of a transfer; nothing: it is not known. A
  /// failure where it had to be.
  [[nodiscard]] Result<std::optional<Role>> redeem(std::string_view alias,
                                                   std::string_view token) const;

  /// Gives somebody who is joining the participant_uuid that the recording says.
  void identify(JoinInfo& who);

  /// Who asks, now.
  [[nodiscard]] JoinInfo join_info(JoinInfo who) const;

  /// Somebody who has joined asks or does something.
  void call(Call call, Answer& answer);

  void note_answer(std::string_view method, std::string_view target, int status) const;

  /// With ServerOptions::at_once: begins to play.
  Result<void> start();

  /// On the recording there was no connection at the moment that is played for this client.
  [[nodiscard]] bool is_lost_for(const StreamGrant& grant) const;

  /// Lets a client hear its source. `open_stream` is called once the source is there; fails, and
  /// does not call it, when the source does.
  Result<void> attach(const StreamGrant& grant,
                      const std::function<std::shared_ptr<EventStream>()>& open_stream);
  void detach(EventStream& stream);

  /// Ends the streams of a member, where there is a reason with a `disconnect` that says it.
  void end_member(std::uint64_t member_id, std::string_view reason);
  void end_all();
  /// Drops who keeps others waiting.
  void drop_stalled();

  [[nodiscard]] std::vector<Session> sessions() const override;
  [[nodiscard]] const PlayReport& played() const override { return deck_.report(); }
  [[nodiscard]] bool begins_paused() const override { return timeline_.paused; }
  [[nodiscard]] const Rate& begins_at_rate() const override { return timeline_.rate; }
  // For all sessions these three hold for those to come too.
  void pause(SessionId id) override;
  void resume(SessionId id) override;
  void set_rate(SessionId id, const Rate& rate) override;
  Result<void> step(SessionId id, std::uint64_t frames) override;
  Result<void> seek(SessionId id, const Position& position) override;

  /// With ServerOptions::once: a source is over, and those who heard it have all of it.
  [[nodiscard]] bool done() const;

  /// Each frame is to be a write of its own.
  [[nodiscard]] bool writes_apart() const;

  [[nodiscard]] std::uint64_t streams_opened() const { return opened_; }
  [[nodiscard]] std::uint64_t streams_dropped() const { return dropped_; }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  using Channels = std::list<Channel>;
  /// What a client comes back to.
  struct Return {
    Position position;
    std::int64_t not_before_ns = 0;  ///< by the clock
  };

  /// The channel that a new stream hears; a new one unless all of a conference share one.
  [[nodiscard]] Result<Channels::iterator> channel_for(const StreamGrant& grant);
  [[nodiscard]] Channel::Rules rules_of(const StreamGrant& grant, const Programme& programme);
  /// Where somebody goes on, whose stream is their own; nothing: they begin.
  [[nodiscard]] std::optional<Position> return_of(const JoinInfo& who,
                                                  const Programme& programme) const;
  [[nodiscard]] Result<std::optional<Position>> position_of(const StreamGrant& grant,
                                                            const Programme& programme) const;
  [[nodiscard]] bool plays_for(Channel& channel, const JoinInfo& who,
                               const Programme& programme) const;
  [[nodiscard]] Moment moment_of(const JoinInfo& who, const Programme& programme);
  /// A source with what was lost on the recording and what the options let go wrong.
  [[nodiscard]] std::unique_ptr<port::FrameSource> as_heard(
      Channel& channel, std::unique_ptr<port::FrameSource> source);
  /// Of the channel of this session; of all of them.
  void for_each(SessionId id, const std::function<void(Channel&)>& action);
  [[nodiscard]] bool keeps_places() const {
    return options_.sharing == Sharing::separate && (programme_.reopen || programme_.conference);
  }
  void remember_place(Channel& channel, std::uint64_t member_id);
  void end_older_stream(std::uint64_t member_id);
  void welcome(const Programme& programme, const Channel::Listener& listener, std::uint64_t seq);
  void lose(Channel& channel, std::uint64_t member_id, const Loss& loss);
  [[nodiscard]] bool is_shared() const { return options_.sharing == Sharing::shared; }
  void drop(EventStream& stream, const std::string& why);
  void note_failure(const Error& error);
  void log(const std::string& sentence) const;
  void note(std::uint64_t stream, decltype(JournalEntry::what) what) const;
  [[nodiscard]] std::int64_t timeline_now_ns() const;

  Deck& deck_;
  port::Clock& clock_;
  const ServerOptions& options_;
  const Programme& programme_;
  TimelineOptions timeline_;  ///< of the next play
  std::int64_t started_ns_;
  Channels channels_;
  struct Place {
    Channels::iterator channel;
    std::uint64_t number = 0;
    std::uint64_t member_id = 0;
  };
  std::map<const EventStream*, Place> place_of_;
  std::map<std::uint64_t, Return> returns_;  ///< by member, where each stream is one's own
  /// By the clock, where all share one.
  std::map<const Programme*, std::int64_t> lost_until_ns_;
  bool done_ = false;  ///< where each stream has a source of its own
  SessionId last_session_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t dropped_ = 0;
  std::optional<Error> failure_;
};

}  // namespace tapedeck::replayer
