// Finds what in a stream departs from the rules: a push object over frames and their wire events.
//
// Order is the caller's: `frame`, then `event` for each wire event that the frame completed, with
// what became of it in the client, and `finish` after the last frame. It follows just enough of the
// conference to know who is in a room; the names it keeps are bounded by limits::roster_bytes_max.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/event/wire_event.hpp"
#include "core/port/frame.hpp"
#include "core/state/reducer.hpp"
#include "core/verdict/event_id.hpp"
#include "core/verdict/findings.hpp"
#include "core/verdict/shape_check.hpp"

namespace tapedeck::verdict {

class Validator {
 public:
  /// `findings` must outlive the validator.
  explicit Validator(Findings& findings, std::size_t names_bytes_max = limits::roster_bytes_max)
      : findings_(findings), names_bytes_max_(names_bytes_max) {}

  /// From here on you are the participant `uuid` of the main room.
  void self(std::string_view uuid);

  void frame(const port::Frame& frame);
  void event(const event::WireEvent& event, const state::Outcome& outcome);
  /// The same for an update of the main room that is not decoded: of the participant `uuid`, its
  /// payload like the one before but for values that may be. False, and nothing has been done,
  /// where it has to be decoded.
  [[nodiscard]] bool few_changes(const event::WireEvent& event, std::string_view uuid,
                                 const state::Outcome& outcome);
  void finish();

 private:
  struct Name {
    bool payload_fits = false;  ///< the last one of whom it names, as the catalogue has it
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  using Roster = std::unordered_map<std::string, Name, Hash, std::equal_to<>>;
  using Selves = std::set<std::string, std::less<>>;

  struct Room {
    Roster roster;
    Selves selves;               ///< everyone you have been in this room
    std::uint64_t sync_seq = 0;  ///< where the sync began that has not ended, or 0
    std::int64_t sync_ns = 0;
    bool roster_known = false;  ///< a sync has ended and none is on
    // Breakout rooms only.
    bool begun = false;       ///< breakout_begin has come
    bool begun_here = false;  ///< on this connection
    bool reported = false;    ///< it was said that it has not
  };

  /// An event of the main room, or the one that a breakout_event holds.
  struct Inner {
    event::Kind kind = event::Kind::unknown;
    event::Value value;
    std::string_view room;
    std::string_view prefix;  ///< where `value` stands in the payload of the outer event
    const event::WireEvent* outer = nullptr;
  };

  void begin_connection();
  void check_bytes(const port::Frame& frame);
  void check_dispatched();
  void check_limit(const event::WireEvent& event, state::Limit limit);
  void check_order(std::string_view id, std::string_view pointer, const event::WireEvent& event);
  bool check_payload(const Inner& inner);

  void breakout_event(const event::WireEvent& event);
  void follow(const Inner& inner);
  void follow_breakout(const Inner& inner);
  void sync_begin(const Inner& inner, Room& room);
  void sync_end(const Inner& inner, Room& room);
  void end_sync(std::string_view id, Room& room, std::string_view found);
  void end_open_syncs(std::string_view found);
  void create(const Inner& inner, Room& room);
  void note_fit(const Inner& inner, bool fits);
  bool known(const Inner& inner, const Room& room);
  [[nodiscard]] static bool is_nobody(const Room& room, const event::Value& uuid);
  void report(Rule rule, const Inner& inner, std::string_view pointer, std::string_view expected,
              std::string_view found);

  /// Null where the names are more than are kept.
  [[nodiscard]] Room* room_of(std::string_view id, const event::WireEvent& event);
  void keep(Roster& roster, std::string_view name, const event::WireEvent& event);
  void keep(Selves& selves, std::string_view name, const event::WireEvent& event);
  void forget(Roster& roster, std::string_view name);
  void forget_all(Roster& roster);
  void forget_all(Selves& selves);
  bool take_bytes(std::size_t bytes, const event::WireEvent& event);

  Findings& findings_;
  ShapeCheck shapes_;
  port::Frame last_;                ///< the last frame, without its bytes; seq 0 before the first
  std::string undispatched_event_;  ///< the last frame names this event and has brought no data
  bool disconnected_ = false;
  EventIdParser event_ids_;
  std::map<std::string, std::uint64_t, std::less<>> counters_;  ///< the last id by node and room

  std::map<std::string, Room, std::less<>> rooms_;
  std::size_t names_bytes_max_;
  std::size_t names_bytes_ = 0;
  bool rosters_off_ = false;  ///< over the limit: who is where is not known any more
};

}  // namespace tapedeck::verdict
