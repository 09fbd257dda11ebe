// One play, and the streams that hear it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/frame_source.hpp"
#include "replayer/deck.hpp"
#include "replayer/event_stream.hpp"
#include "replayer/faithful_source.hpp"
#include "replayer/journal.hpp"
#include "replayer/paced_sink.hpp"
#include "replayer/server.hpp"
#include "replayer/steering.hpp"

namespace tapedeck::replayer {

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

}  // namespace tapedeck::replayer
