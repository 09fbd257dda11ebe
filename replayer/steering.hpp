// The one way to steer what is played: keys, HTTP and signals all come through here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/rate.hpp"
#include "core/base/result.hpp"
#include "replayer/deck.hpp"
#include "replayer/reel.hpp"

namespace tapedeck::replayer {

/// Names one thing that is played: from 1, in the order of starting.
using SessionId = std::uint64_t;

/// Everything that is played, and for some actions what will be.
inline constexpr SessionId all_sessions = 0;

/// How far one thing that is played is.
struct Session {
  SessionId id = 0;
  std::string conference = {};  ///< its alias; "" where there is one for every alias
  std::string listener = {};    ///< the name of who hears it alone; "" if there is none
  std::size_t clients = 0;      ///< that hear it
  Rate rate = {};
  bool paused = false;
  bool over = false;       ///< it can still be sought in
  std::int64_t at_ns = 0;  ///< as a Reel counts
  std::uint64_t seq = 0;   ///< the last whole block that was handed over
  Reel* reel = nullptr;    ///< never null
};

/// What is steered.
class Plays {
 public:
  Plays() = default;
  Plays(const Plays&) = delete;
  Plays& operator=(const Plays&) = delete;
  virtual ~Plays() = default;

  /// In the order of their ids.
  [[nodiscard]] virtual std::vector<Session> sessions() const = 0;
  [[nodiscard]] virtual const PlayReport& played() const = 0;
  /// How the next session begins.
  [[nodiscard]] virtual bool begins_paused() const = 0;
  [[nodiscard]] virtual const Rate& begins_at_rate() const = 0;

  // `id` is that of a session or all_sessions.
  virtual void pause(SessionId id) = 0;
  virtual void resume(SessionId id) = 0;
  virtual void set_rate(SessionId id, const Rate& rate) = 0;
  /// Hands over the next frames and lets time stand still.
  virtual Result<void> step(SessionId id, std::uint64_t frames) = 0;
  /// Goes on at a position; `id` is that of one session. Where this fails nothing has changed.
  virtual Result<void> seek(SessionId id, const Position& position) = 0;
};

enum class Direction { forward, back };

/// Why something could not be done.
enum class Refusal {
  unknown_session,
  nothing_there,  ///< to be steered, or to go to
  failed,         ///< the tape cannot be read
};

struct Steered {
  std::optional<Refusal> refusal = {};  ///< nothing: it is done
  std::string sentence = {};            ///< why not, or what there is to say
};

class Steering {
 public:
  /// Is called after each change.
  using Changed = std::function<void()>;

  /// `plays` must outlive it.
  explicit Steering(Plays& plays) : plays_(plays) {}

  void on_change(Changed changed) { changed_ = std::move(changed); }

  [[nodiscard]] const Plays& plays() const { return plays_; }
  /// One session, or all; none where there is none of this id.
  [[nodiscard]] std::vector<Session> sessions(SessionId id) const;

  Steered pause(SessionId id);
  Steered resume(SessionId id);
  /// Pauses unless all that is meant stands still already.
  Steered toggle_pause(SessionId id);
  Steered set_rate(SessionId id, const Rate& rate);
  /// To the next of the rates 0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100 and max.
  Steered change_rate(SessionId id, Direction direction);
  /// So many frames; back: to the state before them. Time stands still then.
  Steered step(SessionId id, Direction direction, std::uint64_t frames = 1);
  /// To a time of the tape.
  Steered seek_to(SessionId id, std::int64_t tape_ns);
  Steered seek_by(SessionId id, std::int64_t delta_ns);
  Steered seek_mark(SessionId id, Direction direction);
  /// To the next event of this name as on the wire, which is handed over.
  Steered seek_event(SessionId id, std::string_view event);
  /// Puts a mark at this time of the tape; nothing: at the moment played.
  Steered mark(SessionId id, std::optional<std::int64_t> tape_ns, const std::string& text);

 private:
  /// Does something to each session that is meant; the first that cannot be done ends it.
  Steered each(SessionId id, const std::function<Steered(const Session&)>& action);
  Steered act(SessionId id, const std::function<void()>& action);
  Steered seek(const Session& session, const Result<Position>& position);

  Plays& plays_;
  Changed changed_ = [] {};
};

/// Somebody at a terminal who steers.
struct Console {
  /// Readable when there is something for `heed`; negative: there is not for now, and it is asked
  /// again at the next `show`. Not set: nobody is there.
  std::function<int()> fd = {};
  std::function<void(Steering&)> heed = {};
  /// Is called some times a second; not set: nobody looks.
  std::function<void(Steering&)> show = {};
};

}  // namespace tapedeck::replayer
