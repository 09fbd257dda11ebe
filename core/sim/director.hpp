// Decides what happens next in a simulated conference: people come and go, speak, raise hands,
// chat, present, are moved to breakout rooms and back.
//
// Every decision comes from one seeded generator and from the director's own people, never from who
// else joined: clients that come and go do not change what the conference does. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/sim/conference.hpp"
#include "core/sim/options.hpp"

namespace tapedeck::sim {

class Director {
 public:
  /// Brings the first people in. The conference must outlive the director.
  Director(const Options& options, Random random, Conference& conference);

  /// When something happens next; there is always something.
  [[nodiscard]] std::int64_t next_ns() const { return agenda_.begin()->first.first; }

  /// Moves the conference's time on to `next_ns()` and lets it happen.
  void act();

  // What others do with the director's people; nothing happens where it is none of them.
  void send_away(Leg leg);
  void move(Leg leg, RoomId room);
  /// Who is in the breakout room comes back first.
  void close(RoomId room);

 private:
  struct Person {
    Participant profile;  ///< as they come in each time
    bool present = false;
    RoomId room = main_room;
    Leg leg = no_leg;
    std::uint64_t visit = 0;  ///< counts arrivals; what was planned for an earlier visit is void
  };

  enum class Deed {
    arrive,
    settle,  ///< is connected, or let in from the waiting room
    lose,    ///< the picture stands still
    leave,
    enter_breakout,
    return_to_main,
    speak,
    act_for_oneself,
    act_for_all,
    keep_alive,
    open_breakouts,
    recall_from_breakouts,
    close_breakouts,
  };
  struct Plan {
    Deed deed;
    std::size_t person = 0;
    std::uint64_t visit = 0;
    RoomId room = main_room;
  };
  struct Choice {
    std::uint64_t weight;
    void (Director::*act)(Person& person);
  };
  static const std::array<Choice, 9> own_choices;
  static const std::array<Choice, 8> common_choices;

  void plan(std::int64_t least_ns, std::int64_t most_ns, const Plan& what);
  void plan(std::int64_t least_ns, std::int64_t most_ns, Deed deed, const Person& person,
            RoomId room = main_room);
  void carry_out(const Plan& planned);
  void carry_out_for(Person& person, const Plan& planned);
  [[nodiscard]] Person invent_person(std::size_t index);

  [[nodiscard]] Person* find(Leg leg);
  void arrive(Person& person, std::int64_t start_wall_ns = 0);
  void settle(Person& person);
  void lose(Person& person);
  void leave(Person& person);
  void move(Person& person, RoomId room);
  void keep_alive();
  void open_breakouts();
  void recall_from_breakouts();
  void close_breakouts();

  void speak(RoomId room);
  void caption(Leg speaker);
  template <std::size_t N>
  void let_someone_act(const std::array<Choice, N>& choices);
  [[nodiscard]] std::int64_t own_mean_ns() const;
  void mute_self(Person& person);
  void be_muted(Person& person);
  void mute_video(Person& person);
  void raise_hand(Person& person);
  void chat(Person& person);
  void send_data(Person& person);
  void whisper(Person& person);
  void present(Person& person);
  void spotlight(Person& person);
  void change_role(Person& person);
  void rename(Person& person);
  void choose_layout(Person& person);
  void lock(Person& person);
  void mute_guests(Person& person);
  void set_banner(Person& person);
  void ask_for_help(Person& person);
  void log_in(Person& person);

  template <class Edit>
  void update(const Person& person, Edit edit) {
    conference_.update(person.room, person.leg, edit);
  }
  [[nodiscard]] const Participant& participant(const Person& person) const {
    return conference_.participant(person.room, person.leg);
  }
  [[nodiscard]] bool leads(const Person& person) const;

  Options options_;
  Random random_;
  Conference& conference_;
  std::vector<Person> people_;
  std::vector<RoomId> breakouts_;
  std::map<std::pair<std::int64_t, std::uint64_t>, Plan> agenda_;  ///< by time, then as planned
  std::uint64_t last_plan_ = 0;
  std::string_view phrase_;     ///< what the captions are at
  std::size_t phrase_end_ = 0;  ///< how far they got
  Leg phrase_speaker_ = no_leg;
};

}  // namespace tapedeck::sim
