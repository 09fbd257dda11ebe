#include "core/sim/director.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>

#include "core/base/check.hpp"
#include "core/base/units.hpp"

namespace tapedeck::sim {
namespace {

using namespace std::string_view_literals;

/// Everybody does something for themselves, on average, once in this time.
constexpr std::int64_t own_period_ns = 15 * ns_per_s;
/// A stream is never silent for longer, so that who reads ahead is never far ahead.
constexpr std::int64_t silence_max_ns = ns_per_s;

constexpr std::array first_names{
    "Amina"sv,   "Bruno"sv, "Chloé"sv, "Dmitri"sv, "Elif"sv,  "Fergus"sv, "Greta"sv,   "Hiroshi"sv,
    "Ingrid"sv,  "João"sv,  "Kavya"sv, "Lars"sv,   "Malik"sv, "Nadia"sv,  "Øyvind"sv,  "Priya"sv,
    "Quentin"sv, "Rosa"sv,  "Søren"sv, "Tomás"sv,  "Uma"sv,   "Vera"sv,   "Wanjiru"sv, "Zoë"sv};
constexpr std::array last_names{"Abebe"sv,   "Bianchi"sv, "Carvalho"sv, "Dupont"sv,
                                "Eriksen"sv, "Faye"sv,    "García"sv,   "Haddad"sv,
                                "Ito"sv,     "Jansen"sv,  "Kowalski"sv, "Lindqvist"sv,
                                "Mbeki"sv,   "Nguyen"sv,  "O'Brien"sv,  "李"sv};
constexpr std::array browsers{
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 "
    "Safari/537.36 Webapp3/9.1.0+simulated"sv,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.4 Safari/605.1.15 Webapp3/9.1.0+simulated"sv,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0 "
    "Webapp3/9.0.2+simulated"sv};
constexpr std::array phrases{"Good morning, can everyone hear me?"sv,
                             "I would like to start with the numbers of last week."sv,
                             "That is a fair point, let us come back to it at the end."sv,
                             "Could you share the second page, please?"sv,
                             "We shipped it on Thursday and nobody complained so far."sv,
                             "The café on the ground floor is closed until Monday."sv};
constexpr std::array lines{"hello"sv,
                           "+1"sv,
                           "I have to drop at half past"sv,
                           "Is there a link to the document?"sv,
                           "see \"Plan B\", page 7"sv,
                           "first line\nsecond line"sv,
                           "C:\\temp\\minutes.txt"sv,
                           "Schöne Grüße aus München \xf0\x9f\x91\x8b"sv,
                           "<b>not markup</b> & so on"sv};
constexpr std::array data_messages{
    R"({"type":"reaction","emoji":"👍","count":1})"sv,
    R"({"type":"poll","question":"Lunch?","options":["yes","no"],"open":true})"sv,
    R"({"type":"cursor","x":0.25,"y":0.5})"sv};
constexpr std::array layouts{"1:7"sv,  "1:0"sv,  "4:0"sv, "9:0"sv,
                             "16:0"sv, "2:21"sv, "5:7"sv, "ac"sv};
constexpr std::array banners{"Recording starts at ten"sv, "Please mute when you do not speak"sv};

}  // namespace

/// What people do for themselves: the more they are, the more of it.
constexpr std::array<Director::Choice, 9> Director::own_choices{{
    {28, &Director::mute_self},
    {12, &Director::mute_video},
    {16, &Director::raise_hand},
    {20, &Director::chat},
    {4, &Director::send_data},
    {3, &Director::whisper},
    {2, &Director::rename},
    {1, &Director::log_in},
    {3, &Director::ask_for_help},
}};

/// What one does for all.
constexpr std::array<Director::Choice, 8> Director::common_choices{{
    {8, &Director::be_muted},
    {9, &Director::present},
    {4, &Director::spotlight},
    {3, &Director::change_role},
    {5, &Director::choose_layout},
    {2, &Director::lock},
    {2, &Director::mute_guests},
    {2, &Director::set_banner},
}};

Director::Director(const Options& options, Random random, Conference& conference)
    : options_(options), random_(random), conference_(conference) {
  people_.reserve(options_.participants);
  for (std::size_t index = 0; index < options_.participants; ++index) {
    people_.push_back(invent_person(index));
  }
  conference_.update_status(
      main_room, [this](Status& status) { status.captions_available = random_.percent(60); });
  conference_.update_status(main_room, [this](Status& status) { status.locked = options_.locked; });
  for (Person& person : people_) {
    if (&person == &people_.front() || random_.percent(60)) {
      arrive(person, conference_.wall_ns() - random_.between(1, std::int64_t{1200} * ns_per_s));
    } else {
      plan(ns_per_s / 4, 20 * ns_per_s, Deed::arrive, person);
    }
  }
  plan(ns_per_s / 4, ns_per_s, {Deed::speak});
  plan(ns_per_s / 4, ns_per_s, {Deed::act_for_oneself});
  plan(ns_per_s / 4, 4 * ns_per_s, {Deed::act_for_all});
  keep_alive();
  if (options_.breakouts > 0) {
    plan(3 * ns_per_s, 6 * ns_per_s, {Deed::open_breakouts});
  }
}

void Director::plan(std::int64_t least_ns, std::int64_t most_ns, const Plan& what) {
  const std::int64_t at_ns = conference_.now_ns() + random_.between(least_ns, most_ns);
  agenda_.emplace(std::pair{at_ns, ++last_plan_}, what);
}

void Director::plan(std::int64_t least_ns, std::int64_t most_ns, Deed deed, const Person& person,
                    RoomId room) {
  const auto index = static_cast<std::size_t>(&person - people_.data());
  plan(least_ns, most_ns, {deed, index, person.visit, room});
}

void Director::act() {
  const auto next = agenda_.extract(agenda_.begin());
  conference_.set_now(next.key().first);
  carry_out(next.mapped());
}

void Director::carry_out(const Plan& planned) {
  switch (planned.deed) {
    case Deed::arrive:
    case Deed::settle:
    case Deed::lose:
    case Deed::leave:
    case Deed::enter_breakout:
    case Deed::return_to_main:
      carry_out_for(people_[planned.person], planned);
      return;
    case Deed::speak:
      speak(planned.room);
      return;
    case Deed::act_for_oneself:
      plan(own_mean_ns() / 5, own_mean_ns() * 9 / 5, {Deed::act_for_oneself});
      let_someone_act(own_choices);
      return;
    case Deed::act_for_all:
      plan(ns_per_s, 7 * ns_per_s, {Deed::act_for_all});
      let_someone_act(common_choices);
      return;
    case Deed::keep_alive:
      keep_alive();
      return;
    case Deed::open_breakouts:
      open_breakouts();
      return;
    case Deed::recall_from_breakouts:
      recall_from_breakouts();
      return;
    case Deed::close_breakouts:
      close_breakouts();
      return;
  }
}

void Director::carry_out_for(Person& person, const Plan& planned) {
  if (planned.deed == Deed::arrive) {
    arrive(person);
    return;
  }
  if (!person.present || person.visit != planned.visit) {
    return;
  }
  if (planned.deed == Deed::settle) {
    settle(person);
  } else if (planned.deed == Deed::lose) {
    lose(person);
  } else if (planned.deed == Deed::leave) {
    leave(person);
  } else if (conference_.has_room(planned.room) && person.room != planned.room) {
    move(person, planned.room);
  }
}

Director::Person Director::invent_person(std::size_t index) {
  Person person;
  Participant& profile = person.profile;
  profile.display_name = random_.pick(first_names);
  profile.overlay_text = profile.display_name;
  profile.display_name.append(" ").append(random_.pick(last_names));
  profile.role = index == 0 || random_.percent(30) ? Role::chair : Role::guest;
  profile.uri = profile.display_name;
  const std::uint64_t kind = random_.below(20);
  profile.protocol = kind < 13   ? Protocol::webrtc
                     : kind < 17 ? Protocol::sip
                     : kind < 18 ? Protocol::h323
                                 : Protocol::api;
  if (index == 0) {
    profile.protocol = Protocol::webrtc;
  }
  switch (profile.protocol) {
    case Protocol::webrtc:
      profile.vendor = random_.pick(browsers);
      profile.call_tag = random_.percent(20) ? random_.uuid() : "";
      profile.idp_authenticated = random_.percent(20);
      break;
    case Protocol::sip:
      profile.uri = "sip:room-" + std::to_string(index) + "@example.com";
      profile.vendor = "Roomkit/11.4.2";
      profile.dialled_out = random_.percent(40);
      break;
    case Protocol::h323:
      profile.uri = "h323:room-" + std::to_string(index) + "@example.com";
      profile.vendor = "Boardroom (9.15.3)";
      break;
    case Protocol::api:
      profile.vendor = "okhttp/5.1.0";
      break;
  }
  profile.has_media = profile.protocol != Protocol::api;
  profile.has_video = profile.has_media && (index == 0 || random_.percent(90));
  return person;
}

void Director::arrive(Person& person, std::int64_t start_wall_ns) {
  Participant participant = person.profile;
  participant.uuid = random_.uuid();
  participant.start_wall_ns = start_wall_ns;
  participant.client_muted = participant.protocol == Protocol::webrtc && random_.percent(40);
  participant.video_muted = participant.has_video && random_.percent(15);
  const bool is_first = start_wall_ns != 0;
  if (!is_first && participant.dialled_out) {
    participant.service_type = ServiceType::connecting;
    participant.has_media = false;
  } else if (!is_first && conference_.room(main_room).status.locked &&
             participant.role == Role::guest) {
    participant.service_type = ServiceType::waiting_room;
  }
  const bool has_settled = participant.service_type == ServiceType::conference;
  person.present = true;
  person.room = main_room;
  person.leg = conference_.join(main_room, std::move(participant));
  ++person.visit;
  if (!has_settled) {
    plan(ns_per_s, 4 * ns_per_s, Deed::settle, person);
  }
  const std::int64_t stay_ns = random_.percent(20)
                                   ? random_.between(2 * ns_per_s, 20 * ns_per_s)
                                   : random_.between(20 * ns_per_s, std::int64_t{600} * ns_per_s);
  plan(stay_ns, stay_ns, random_.percent(20) ? Deed::lose : Deed::leave, person);
}

void Director::settle(Person& person) {
  update(person, [&person](Participant& participant) {
    participant.service_type = ServiceType::conference;
    participant.has_media = person.profile.has_media;
  });
}

void Director::lose(Person& person) {
  update(person, [](Participant& participant) { participant.video_dropped_out = true; });
  plan(ns_per_s, 4 * ns_per_s, Deed::leave, person);
}

void Director::leave(Person& person) {
  const bool comes_back_at_once = participant(person).video_dropped_out;
  conference_.leave(person.room, person.leg);
  person.present = false;
  if (comes_back_at_once) {
    plan(2 * ns_per_s, 8 * ns_per_s, Deed::arrive, person);
  } else {
    plan(5 * ns_per_s, 180 * ns_per_s, Deed::arrive, person);
  }
}

void Director::move(Person& person, RoomId room) {
  if (participant(person).service_type != ServiceType::conference) {
    return;  // nobody is moved out of the waiting room
  }
  update(person, [](Participant& participant) { participant.transferring = true; });
  Participant moved = participant(person);
  conference_.leave(person.room, person.leg);
  // Who is transferred comes as a new call leg.
  moved.uuid = random_.uuid();
  moved.start_wall_ns = 0;
  moved.buzz_wall_ns = 0;
  moved.spotlight_wall_ns = 0;
  moved.muted = false;
  moved.presenting = false;
  moved.transferring = false;
  person.room = room;
  person.leg = conference_.join(room, std::move(moved));
}

Director::Person* Director::find(Leg leg) {
  const auto found = std::ranges::find_if(
      people_, [leg](const Person& person) { return person.present && person.leg == leg; });
  return found == people_.end() ? nullptr : &*found;
}

void Director::send_away(Leg leg) {
  if (Person* person = find(leg)) {
    leave(*person);
  }
}

void Director::move(Leg leg, RoomId room) {
  Person* person = find(leg);
  if (person != nullptr && person->room != room) {
    move(*person, room);
  }
}

void Director::close(RoomId room) {
  for (Person& person : people_) {
    if (person.present && person.room == room) {
      move(person, main_room);
    }
  }
  std::erase(breakouts_, room);
  conference_.close_breakout(room);
}

void Director::keep_alive() {
  std::int64_t silent_ns = conference_.now_ns() - conference_.last_event_ns();
  if (silent_ns >= silence_max_ns) {
    conference_.keep_alive();
    silent_ns = 0;
  }
  const std::int64_t left_ns = std::min(silence_max_ns - silent_ns, silence_max_ns);
  plan(left_ns, left_ns, {Deed::keep_alive});
}

void Director::open_breakouts() {
  const std::int64_t open_ns = random_.between(20 * ns_per_s, 40 * ns_per_s);
  conference_.update_status(main_room, [](Status& status) { status.breakout_rooms = true; });
  for (std::uint32_t number = 1; number <= options_.breakouts; ++number) {
    const RoomId room = conference_.open_breakout(random_.uuid(), "Room " + std::to_string(number),
                                                  conference_.wall_ns() + open_ns);
    breakouts_.push_back(room);
    plan(ns_per_s, 4 * ns_per_s, {.deed = Deed::speak, .room = room});
  }
  for (const Person& person : people_) {
    if (person.present && &person != &people_.front() && random_.percent(70)) {
      const RoomId room = breakouts_[static_cast<std::size_t>(random_.below(breakouts_.size()))];
      plan(ns_per_s / 5, 3 * ns_per_s, Deed::enter_breakout, person, room);
    }
  }
  plan(open_ns, open_ns, {Deed::recall_from_breakouts});
}

void Director::recall_from_breakouts() {
  for (const Person& person : people_) {
    if (person.present && person.room != main_room) {
      plan(ns_per_s / 10, 2 * ns_per_s, Deed::return_to_main, person);
    }
  }
  plan(3 * ns_per_s, 3 * ns_per_s, {Deed::close_breakouts});
}

void Director::close_breakouts() {
  for (const RoomId room : std::vector(breakouts_)) {
    close(room);
  }
  conference_.update_status(main_room, [](Status& status) { status.breakout_rooms = false; });
  plan(15 * ns_per_s, 40 * ns_per_s, {Deed::open_breakouts});
}

void Director::speak(RoomId room_id) {
  if (!conference_.has_room(room_id)) {
    return;  // a breakout room that is closed
  }
  plan(120 * ns_per_ms, 700 * ns_per_ms, {.deed = Deed::speak, .room = room_id});
  const Room& room = conference_.room(room_id);
  std::vector<Leg> audible;  // who last spoke comes first
  std::copy_if(room.stage.begin(), room.stage.end(), std::back_inserter(audible), [&](Leg leg) {
    const Participant& one = room.participants.at(leg);
    return !one.muted && !one.client_muted && !one.video_dropped_out;
  });
  if (audible.empty()) {
    return;
  }
  // Most turns go to one of the few who spoke last.
  const std::uint64_t circle =
      std::min<std::uint64_t>(audible.size(), random_.percent(75) ? 4 : 50);
  const Leg other = audible[static_cast<std::size_t>(random_.below(circle))];
  const std::uint64_t roll = random_.below(100);
  const Leg leg = roll < 50 ? audible.front() : other;
  if (roll < 50 && room.speaking.contains(leg)) {
    conference_.speak(room_id, no_leg);  // a pause
  } else if (roll < 80) {
    conference_.speak(room_id, leg);
  } else if (roll < 90) {
    conference_.join_in(room_id, leg);
  }
  if (room_id == main_room && room.speaking.contains(leg)) {
    caption(leg);
  }
}

void Director::caption(Leg speaker) {
  if (!conference_.room(main_room).status.captions_available) {
    return;
  }
  if (phrase_speaker_ != speaker || phrase_end_ >= phrase_.size()) {
    phrase_speaker_ = speaker;
    phrase_ = random_.pick(phrases);
    phrase_end_ = 0;
  }
  const std::size_t space = phrase_.find(' ', phrase_end_ + 8);
  phrase_end_ = std::min(space, phrase_.size());
  conference_.caption(main_room, speaker,
                      {phrase_.substr(0, phrase_end_), phrase_end_ == phrase_.size()});
}

template <std::size_t N>
void Director::let_someone_act(const std::array<Choice, N>& choices) {
  const std::uint64_t sum =
      std::accumulate(choices.begin(), choices.end(), std::uint64_t{0},
                      [](std::uint64_t so_far, const Choice& c) { return so_far + c.weight; });
  std::uint64_t roll = random_.below(sum);
  const auto* choice = choices.begin();
  while (roll >= choice->weight) {
    roll -= choice->weight;
    ++choice;
  }
  const std::size_t count = people_.size();
  const std::size_t first = count == 0 ? 0 : static_cast<std::size_t>(random_.below(count));
  for (std::size_t tried = 0; tried < count; ++tried) {
    Person& person = people_[(first + tried) % count];
    if (person.present && participant(person).service_type == ServiceType::conference) {
      (this->*choice->act)(person);
      return;
    }
  }
}

std::int64_t Director::own_mean_ns() const {
  return own_period_ns / std::max<std::int64_t>(1, static_cast<std::int64_t>(people_.size()));
}

bool Director::leads(const Person& person) const {
  return person.room == main_room && participant(person).role == Role::chair;
}

void Director::mute_self(Person& person) {
  update(person, [](Participant& p) { p.client_muted = p.has_media && !p.client_muted; });
}

void Director::be_muted(Person& person) {
  update(person, [](Participant& p) { p.muted = !p.muted; });
}

void Director::mute_video(Person& person) {
  update(person, [](Participant& p) { p.video_muted = p.has_video && !p.video_muted; });
}

void Director::raise_hand(Person& person) {
  const std::int64_t wall_ns = conference_.wall_ns();
  update(person, [wall_ns](Participant& p) { p.buzz_wall_ns = p.buzz_wall_ns == 0 ? wall_ns : 0; });
}

void Director::chat(Person& person) {
  conference_.say(person.room, person.leg, {.type = "text/plain", .payload = random_.pick(lines)});
}

void Director::send_data(Person& person) {
  conference_.say(person.room, person.leg,
                  {.type = "application/json", .payload = random_.pick(data_messages)});
}

void Director::whisper(Person& person) {
  conference_.say(person.room, person.leg,
                  {.type = "text/plain", .payload = random_.pick(lines), .direct = true});
}

void Director::present(Person& person) {
  const Leg presenter = conference_.room(person.room).presenter;
  if (presenter == person.leg || (presenter != no_leg && random_.percent(60))) {
    conference_.stop_presenting(person.room);
  } else if (participant(person).has_video) {
    conference_.present(person.room, person.leg);
  }
}

void Director::spotlight(Person& person) {
  const std::int64_t wall_ns = conference_.wall_ns();
  update(person, [wall_ns](Participant& p) {
    p.spotlight_wall_ns = p.spotlight_wall_ns == 0 ? wall_ns : 0;
  });
}

void Director::change_role(Person& person) {
  if (&person == &people_.front()) {
    return;  // somebody stays to lead
  }
  update(person,
         [](Participant& p) { p.role = p.role == Role::chair ? Role::guest : Role::chair; });
}

void Director::rename(Person& person) {
  update(person, [this](Participant& p) { p.overlay_text = random_.pick(first_names); });
}

void Director::choose_layout(Person& person) {
  conference_.set_layout(person.room, random_.pick(layouts));
}

void Director::lock(Person& person) {
  if (leads(person) && !options_.locked) {
    conference_.update_status(main_room, [](Status& status) { status.locked = !status.locked; });
  }
}

void Director::mute_guests(Person& person) {
  if (leads(person)) {
    conference_.mute_guests(main_room, !conference_.room(main_room).status.guests_muted);
  }
}

void Director::set_banner(Person& person) {
  if (!leads(person)) {
    return;
  }
  const std::int64_t wall_ns = conference_.wall_ns();
  conference_.update_status(main_room, [this, wall_ns](Status& status) {
    const bool clear = !status.banner.empty();
    status.banner = clear ? std::string_view() : random_.pick(banners);
    status.banner_wall_ns = clear ? 0 : wall_ns;
  });
}

void Director::ask_for_help(Person& person) {
  if (person.room == main_room) {
    return;
  }
  const std::int64_t wall_ns = conference_.wall_ns();
  conference_.update_status(person.room, [wall_ns](Status& status) {
    status.help_wall_ns = status.help_wall_ns == 0 ? wall_ns : 0;
  });
}

void Director::log_in(Person& person) {
  update(person, [](Participant& p) { p.idp_authenticated = p.protocol == Protocol::webrtc; });
}

}  // namespace tapedeck::sim
