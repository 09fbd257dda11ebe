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
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "replayer/deck.hpp"
#include "replayer/event_stream.hpp"
#include "replayer/facade.hpp"
#include "replayer/journal.hpp"
#include "replayer/paced_sink.hpp"
#include "replayer/server.hpp"

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
  };

  Channel(Deck& deck, Rules rules) : deck_(deck), rules_(std::move(rules)) {}

  Result<void> start(std::unique_ptr<port::FrameSource> source, const Timeline& timeline);
  void stop() { deck_.stop(play_); }

  void add(Listener listener);
  void remove(EventStream& stream);

  [[nodiscard]] bool empty() const { return listeners_.empty() && arriving_.empty(); }
  /// The source is over.
  [[nodiscard]] bool over() const { return over_; }
  /// It was over because the connection broke off.
  [[nodiscard]] bool broke_off() const { return broke_off_; }

  void for_each(const std::function<void(Listener&)>& action);

  Result<void> accept(const port::Frame& frame) override;
  Result<void> flush() override;
  Result<void> finish() override;
  Result<void> source_failed(const Error& error) override;

 private:
  /// Sends what has been gathered.
  void send_gathered();
  /// Ends every connection in its middle.
  void break_off();
  void tell_sent(const Listener& listener, std::string_view bytes) const;
  void end_listener(const Listener& listener) const;
  void resume_if_drained();

  Deck& deck_;
  Rules rules_;
  Deck::PlayId play_ = 0;
  std::vector<Listener> listeners_;
  std::vector<Listener> arriving_;  ///< came in the middle of a block: they hear the next one
  std::string gathered_;
  std::vector<std::pair<std::size_t, bool>> gathered_frames_;  ///< bytes and completeness of each
  bool in_block_ = false;  ///< what was handed over last goes on in the next frame
  bool held_ = false;
  bool over_ = false;
  bool broke_off_ = false;  ///< nothing has been handed over since
};

class Broadcast {
 public:
  /// All must outlive it.
  Broadcast(Deck& deck, port::Clock& clock, const ServerOptions& options,
            const Programme& programme);

  /// Who asks, now.
  [[nodiscard]] JoinInfo join_info(JoinInfo who) const;

  void note_answer(std::string_view method, std::string_view target, int status) const;

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

  /// With ServerOptions::once: a source is over, and those who heard it have all of it.
  [[nodiscard]] bool done() const;

  /// Each frame is to be a write of its own.
  [[nodiscard]] bool writes_apart() const;

  [[nodiscard]] std::uint64_t streams_opened() const { return opened_; }
  [[nodiscard]] std::uint64_t streams_dropped() const { return dropped_; }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  using Channels = std::list<Channel>;

  /// The channel that a new stream hears; a new one unless all share one.
  [[nodiscard]] Result<Channels::iterator> channel_for(const StreamGrant& grant);
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
  std::int64_t started_ns_;
  Channels channels_;
  struct Place {
    Channels::iterator channel;
    std::uint64_t number = 0;
  };
  std::map<const EventStream*, Place> place_of_;
  bool done_ = false;  ///< where each stream has a source of its own
  std::uint64_t opened_ = 0;
  std::uint64_t dropped_ = 0;
  std::optional<Error> failure_;
};

}  // namespace tapedeck::replayer
