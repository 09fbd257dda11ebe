// From plays to streams: which client hears which source, and who waits for whom.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "replayer/answer.hpp"
#include "replayer/call.hpp"
#include "replayer/deck.hpp"
#include "replayer/event_stream.hpp"
#include "replayer/facade.hpp"
#include "replayer/faithful_source.hpp"
#include "replayer/journal.hpp"
#include "replayer/paced_sink.hpp"
#include "replayer/server.hpp"
#include "replayer/steering.hpp"

namespace tapedeck::replayer {

/// One play and the streams that hear it.
class Channel final : public PacedSink {
 public:
  struct Listener {
    std::shared_ptr<EventStream> stream;
    std::uint64_t member_id = 0;
    std::uint64_t number = 0;  ///< of the stream, as in a JournalEntry
  };

  struct Rules {
    /// A listener that is further behind is dropped; nothing: it is waited for.
    std::optional<std::size_t> behind_bytes_max;
    /// Streams end with the source.
    bool end_with_source = false;
    /// Each frame is a piece of its own.
    bool frames_apart = false;
    /// Ends a stream that is too slow.
    std::function<void(EventStream&)> drop;
    std::function<void(const Error&)> source_failed;
    /// Is told of each frame that a listener is sent; nothing: nobody wants to know.
    std::function<void(const Listener&, const FrameSent&)> sent;
    /// Tells a listener who comes after the frame `seq` how things stand; nothing: nobody does.
    std::function<void(const Listener&, std::uint64_t seq)> welcome;
    /// The connection was lost on the recording, and so it is for the listeners; the play is over.
    std::function<void(Channel&, const Loss&)> lost;
    /// Gives what is sent in place of a whole block; nothing: the block as it is.
    std::function<std::optional<std::string>(const port::Frame&)> rewrite = {};
    /// place_seq() will be asked for: there is one listener at most.
    bool keeps_place = false;
    /// What was received at another time is sent by itself.
    bool sends_each_time = false;
  };

  /// Deck and programme must outlive it.
  Channel(Deck& deck, const Programme& programme, Rules rules, Session session)
      : deck_(deck),
        programme_(programme),
        rules_(std::move(rules)),
        session_(std::move(session)) {}

  [[nodiscard]] SessionId id() const { return session_.id; }
  /// What it plays.
  [[nodiscard]] const Programme& programme() const { return programme_; }

  Result<void> start(std::unique_ptr<port::FrameSource> source, const Timeline& timeline);
  void stop() { deck_.stop(play_); }
  /// Goes on at a position of the source, also when it is over: `open` is called once the block
  /// that listeners have the beginning of is whole. Where this fails nothing else has changed.
  Result<void> seek(
      const Position& position,
      const std::function<Result<std::unique_ptr<port::FrameSource>>(const Position&)>& open,
      const Timeline& timeline);

  void pause(std::int64_t now_ns);
  void resume(std::int64_t now_ns);
  void set_rate(const Rate& rate, std::int64_t now_ns);
  Result<void> step(std::int64_t now_ns, std::uint64_t frames);
  /// How far it is.
  [[nodiscard]] Session session(std::int64_t now_ns) const;
  [[nodiscard]] Deck::PlayId play() const { return play_; }

  /// When the source is over the connections are lost.
  void lose_with_source(const Loss& loss) { loss_ = loss; }

  void add(Listener listener);
  void remove(EventStream& stream);

  [[nodiscard]] bool empty() const { return listeners_.empty() && arriving_.empty(); }
  /// The source is over.
  [[nodiscard]] bool over() const { return over_; }
  /// A fault has broken the connections off, and nothing has been handed over since.
  [[nodiscard]] bool broke_off() const { return broke_off_; }
  /// It is over because the connection was lost.
  [[nodiscard]] bool is_lost() const { return over_ && loss_; }

  void for_each(const std::function<void(Listener&)>& action);

  /// Sends a block to the listeners that are to hear it, after what has been handed over; where
  /// that is in the middle of a block, after that.
  void tell(std::string block, std::function<bool(const Listener&)> hears);

  /// The last whole block that was handed over, 0 for none.
  [[nodiscard]] std::uint64_t last_seq() const { return last_seq_; }
  /// The recorded time of what was handed over last.
  [[nodiscard]] std::int64_t last_ns() const { return last_ns_; }
  /// The last whole block that the connection of the listener has taken.
  [[nodiscard]] std::uint64_t place_seq();
  /// When the first block after that was received; nothing: there is none yet.
  [[nodiscard]] std::optional<std::int64_t> untaken_ns() const {
    return handed_.empty() ? std::nullopt : std::optional(handed_.front().recv_ns);
  }

  Result<void> accept(const port::Frame& frame) override;
  Result<void> flush() override;
  Result<void> finish() override;
  Result<void> source_failed(const Error& error) override;

 private:
  /// Sends what has been gathered.
  void send_gathered();
  void send_told();
  /// The block as it is to be sent.
  [[nodiscard]] port::Frame rewritten(port::Frame frame);
  /// Ends every connection in its middle.
  void break_off();
  /// A block that was handed over, and where in the body it ends.
  struct Handed {
    std::uint64_t end_bytes = 0;
    std::uint64_t seq = 0;
    std::int64_t recv_ns = 0;
  };

  void welcome(const Listener& listener) const;
  void tell_sent(const Listener& listener, std::string_view bytes) const;
  void end_listener(const Listener& listener) const;
  void resume_if_drained();

  Deck& deck_;
  const Programme& programme_;
  Rules rules_;
  Session session_;  ///< what does not change by itself: who it is, rate and pause
  Deck::PlayId play_ = 0;
  std::vector<Listener> listeners_;
  std::vector<Listener> arriving_;  ///< came in the middle of a block: they hear the next one
  std::string gathered_;
  std::int64_t gathered_ns_ = 0;
  std::vector<std::pair<std::size_t, bool>> gathered_frames_;  ///< bytes and completeness of each
  std::string rewritten_;
  struct Told {
    Piece block;
    std::function<bool(const Listener&)> hears;
  };
  std::vector<Told> told_;  ///< not yet
  bool in_block_ = false;   ///< what was handed over last goes on in the next frame
  bool held_ = false;
  bool over_ = false;
  bool broke_off_ = false;
  std::optional<Loss> loss_;  ///< after which the source is over
  std::int64_t from_ns_ = 0;  ///< what is told before has no time of its own
  std::uint64_t last_seq_ = 0;
  std::int64_t last_ns_ = 0;
  std::uint64_t handed_bytes_ = 0;
  std::deque<Handed> handed_;  ///< what the connection has not taken yet
  std::uint64_t place_seq_ = 0;
};

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
