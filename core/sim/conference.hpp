// The truth of a simulated conference, and the events by which a node tells it to its clients.
//
// Every member function that changes something says so on the wire, in the order in which a node
// would: what it emits is a valid stream by construction, whatever calls it. It decides nothing by
// itself; a Director does. Time is handed in and only moves forward. Not thread-safe.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/sim/participant.hpp"
#include "core/sim/payload.hpp"

namespace tapedeck::sim {

/// The uuid of a host's identity in a breakout room.
[[nodiscard]] std::string identity_in(std::string_view breakout_uuid, std::string_view host_uuid);

/// Whom a node sends an event.
enum class Audience {
  everyone,
  hosts,     ///< what happens in breakout rooms
  observer,  ///< captions that it alone asked for, messages to it alone
  one,       ///< Event::only_for
  others,    ///< all but Event::only_for
};

/// Events of one burst leave the node this far apart.
inline constexpr std::int64_t burst_gap_ns = 200'000;

/// One block of the stream, as the conference's observer gets it.
struct Event {
  std::int64_t at_ns = 0;  ///< since the conference began; later than the event before it
  Audience audience = Audience::everyone;
  std::string bytes;
  std::string guest_bytes;  ///< what guests get in their place; "": the same
  std::string only_for;     ///< a uuid; "" where the audience needs none
  /// In breakout_begin and breakout_end: where in `bytes` the observer's identity in the room
  /// stands. Another client has its own there.
  std::size_t identity_at = std::string::npos;
  std::string breakout_uuid;
};

class Conference {
 public:
  /// The main room with the observer in it: an API participant and host, through whose eyes those
  /// see the conference who did not join it.
  explicit Conference(std::string observer_uuid);

  /// From now on events say what guests see of them, where that is not the same.
  void show_to_guests() { shows_to_guests_ = true; }

  /// Moves the time on to `at_ns`, which must not be in the past.
  void set_now(std::int64_t at_ns);
  [[nodiscard]] std::int64_t now_ns() const { return now_ns_; }
  [[nodiscard]] std::int64_t wall_ns() const { return epoch_ns + now_ns_; }
  [[nodiscard]] std::int64_t last_event_ns() const { return last_event_ns_; }

  [[nodiscard]] Leg observer() const { return observer_; }
  [[nodiscard]] const std::map<RoomId, Room>& rooms() const { return rooms_; }
  [[nodiscard]] bool has_room(RoomId room) const { return rooms_.contains(room); }
  [[nodiscard]] const Room& room(RoomId room) const { return rooms_.at(room); }
  [[nodiscard]] const Participant& participant(RoomId room, Leg leg) const {
    return rooms_.at(room).participants.at(leg);
  }

  /// `participant.start_wall_ns` is set here unless it is set already.
  Leg join(RoomId room, Participant participant);
  /// Presentation, stage and layout are cleared of them first.
  void leave(RoomId room, Leg leg);
  /// Changes a participant by `edit(Participant&)`, except for uuid and presenting. Like the
  /// other functions, says nothing where nothing changes.
  template <std::invocable<Participant&> Edit>
  void update(RoomId room, Leg leg, Edit edit) {
    Participant& participant = participant_at(room, leg);
    const Participant before = participant;
    edit(participant);
    if (participant != before) {
      updated(room, leg);
    }
  }

  template <std::invocable<Status&> Edit>
  void update_status(RoomId room, Edit edit) {
    Status& status = rooms_.at(room).status;
    const Status before = status;
    edit(status);
    if (status != before) {
      status_updated(room);
    }
  }
  /// Also mutes, or unmutes, each guest.
  void mute_guests(RoomId room, bool muted);
  void set_layout(RoomId room, std::string_view layout);

  /// `leg` alone is heard from now on; nobody with `no_leg`.
  void speak(RoomId room, Leg leg);
  /// `leg` is heard beside those who are.
  void join_in(RoomId room, Leg leg);
  void caption(RoomId room, Leg speaker, const Caption& caption);
  /// The others in the room hear it, or the observer alone where it is direct.
  void say(RoomId room, Leg from, const Chat& chat);
  /// A client alone hears it.
  void say_to(const std::string& only_for, RoomId room, Leg from, const Chat& chat);
  /// Takes the floor from whoever has it.
  void present(RoomId room, Leg leg);
  void stop_presenting(RoomId room);

  /// Every participant with `controls_rooms` gets an identity in the new room.
  RoomId open_breakout(std::string uuid, std::string name, std::int64_t end_wall_ns);
  void close_breakout(RoomId room);

  void keep_alive();
  /// The last event of all, or of one client.
  void disconnect(std::string_view reason, const std::string& only_for = {});
  /// Asks a client to refresh its token at once.
  void ask_refresh(const std::string& only_for);
  /// Sends a client to another conference.
  void refer(const std::string& only_for, const Transfer& transfer);
  /// Sends a client the greeting among the other events.
  void greet(RoomId room, Leg leg);

  /// What a node sends a client that joins now: roster, status, layout, stage, presentation, and
  /// the same for each breakout room. Without times, and not part of `take_events`.
  [[nodiscard]] std::vector<Event> greeting();
  /// The same for somebody in the waiting room, who sees nobody else.
  [[nodiscard]] std::vector<Event> waiting_greeting(Leg leg);

  /// What happened since the last call.
  [[nodiscard]] std::vector<Event> take_events();

 private:
  Participant& participant_at(RoomId room, Leg leg) { return rooms_.at(room).participants.at(leg); }
  void updated(RoomId room, Leg leg);
  void status_updated(RoomId room);
  void refresh_stage_and_layout(const Room& room);
  void greet(const Room& room, std::vector<Event>& greeting);

  /// `only_for` "": everyone.
  void tell(const std::string& only_for, Event event);
  void emit(Event event);
  void emit(const Room& room, std::string_view name, std::string_view data,
            Audience audience = Audience::everyone);
  /// `guest_data` "": the same.
  [[nodiscard]] Event event(const Room& room, std::string_view name, std::string_view data,
                            std::string_view guest_data = {});
  [[nodiscard]] Event participant_event(const Room& room, std::string_view name,
                                        const Participant& participant);
  [[nodiscard]] Event status_event(const Room& room);
  [[nodiscard]] Event breakout_border(std::string_view name, const Room& room);

  std::int64_t now_ns_ = 0;
  std::int64_t last_event_ns_ = -burst_gap_ns;
  Leg last_leg_ = no_leg;
  RoomId last_room_ = main_room;
  Leg observer_ = no_leg;
  bool shows_to_guests_ = false;
  std::map<RoomId, Room> rooms_;
  struct Sent {  ///< the last of each, so that only a change is sent
    std::string stage;
    std::string layout;
    std::uint64_t counter = 0;  ///< of the room's event ids
  };
  std::map<RoomId, Sent> sent_;
  std::vector<Event> events_;
};

}  // namespace tapedeck::sim
