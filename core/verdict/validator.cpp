#include "core/verdict/validator.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/base/utf8.hpp"
#include "core/event/catalogue.hpp"
#include "core/verdict/event_id.hpp"
#include "core/verdict/shape_check.hpp"
#include "core/verdict/sse_line.hpp"

namespace tapedeck::verdict {
namespace {

using event::Kind;
using event::Payload;
using event::Value;

constexpr std::string_view main_room = "main";

constexpr std::string_view present = "somebody who is there";

constexpr std::string_view taken = "a message that @pexip/infinity 20.0.0 takes";

/// Nodes, and rooms within a breakout_event, whose event ids are followed at once.
constexpr std::size_t counters_max = 10'000;

/// What one name costs beside its bytes: a node of a set and its string.
constexpr std::size_t name_overhead = 96;

/// `value` as JSON, short enough for a finding.
std::string short_json(const Value& value) {
  if (value.is_undefined()) {
    return "nothing";
  }
  std::string text;
  if (value.is_string()) {
    append_json(text, Value::string(clipped(value.as_string())));
  } else {
    append_json(text, value);
  }
  return clipped(text);
}

std::string nanoseconds(std::int64_t ns) {
  return std::to_string(ns) + " ns";
}

/// The string that `value` is; nothing for anything else.
std::string_view text_of(const Value& value) {
  return value.is_string() ? value.as_string() : std::string_view();
}

/// Whether the first line of `block` is one of data; its end is far away and not looked for.
bool begins_with_data(std::string_view block) {
  return block.starts_with("data") &&
         (block.size() == 4 || block[4] == ':' || block[4] == '\n' || block[4] == '\r');
}

/// The event that a block names when it brings no data with it; empty for any other block.
std::string_view event_without_data(std::string_view block) {
  std::string_view name;
  while (!block.empty()) {
    if (begins_with_data(block)) {
      return {};
    }
    const std::string_view line = take_line(block);
    if (const auto event = field_of(line, "event")) {
      name = *event;
    }
  }
  return name;
}

Place place_of(const port::Frame& frame) {
  return {frame.seq, frame.recv_ns, {}, {}};
}

Place place_of(const event::WireEvent& event, std::string_view pointer = {}) {
  return {event.seq, event.recv_ns, event.name, pointer};
}

}  // namespace

void Validator::self(std::string_view uuid) {
  rooms_[std::string(main_room)].selves.emplace(uuid);
}

void Validator::report(Rule rule, const Inner& inner, std::string_view pointer,
                       std::string_view expected, std::string_view found) {
  const std::string full = std::string(inner.prefix) + std::string(pointer);
  findings_.add(rule, place_of(*inner.outer, full), expected, found);
}

// The frames.

void Validator::frame(const port::Frame& frame) {
  check_dispatched();
  const bool same_connection = last_.seq != 0 && last_.connection_id == frame.connection_id;
  if (last_.seq != 0 && !last_.complete) {
    if (same_connection) {
      findings_.add(Rule::limit_reached, place_of(last_), "a block in one frame",
                    "a block that goes on in the next frame");
    } else {
      findings_.add(Rule::torn_block, place_of(last_), "a blank line at the end",
                    "the end of the connection");
    }
  }
  if (last_.seq != 0 && frame.recv_ns < last_.recv_ns) {
    findings_.add(Rule::time_backwards, place_of(frame), "at least " + nanoseconds(last_.recv_ns),
                  nanoseconds(frame.recv_ns));
  }
  if (!same_connection) {
    begin_connection();
  }
  // Of a block that was cut only the whole is UTF-8, and only the whole has an event.
  if (frame.complete && (last_.complete || !same_connection)) {
    check_bytes(frame);
    undispatched_event_ = clipped(event_without_data(frame.raw));
  }
  last_ = frame;
  last_.raw = {};
}

void Validator::check_bytes(const port::Frame& frame) {
  if (!findings_.wants(Rule::invalid_utf8) || is_valid_utf8(frame.raw)) {
    return;
  }
  const std::size_t valid = valid_utf8_prefix(frame.raw);
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(frame.raw[valid]);
  findings_.add(Rule::invalid_utf8, place_of(frame), "UTF-8",
                std::string("byte 0x") + digits[byte >> 4U] + digits[byte & 0xfU] + " at offset " +
                    std::to_string(valid) + " of the frame");
}

void Validator::check_dispatched() {
  // A still picture is its event id, so that it may come without data.
  if (!undispatched_event_.empty() && undispatched_event_ != name_of(Kind::presentation_frame)) {
    Place place = place_of(last_);
    place.event = undispatched_event_;
    findings_.add(Rule::dropped_message, place, taken, "a block without a data line");
  }
  undispatched_event_.clear();
}

void Validator::begin_connection() {
  if (last_.seq != 0) {
    end_open_syncs("the end of the connection");
  }
  for (auto& [id, room] : rooms_) {
    room.begun_here = false;
  }
  disconnected_ = false;
  counters_.clear();  // another connection may be to another node that counts anew
}

void Validator::finish() {
  check_dispatched();
  if (last_.seq != 0 && !last_.complete) {
    findings_.add(Rule::torn_block, place_of(last_), "a blank line at the end",
                  "the end of the tape");
  }
  end_open_syncs("the end of the tape");
}

void Validator::end_open_syncs(std::string_view found) {
  if (rosters_off_) {
    return;
  }
  for (auto& [id, room] : rooms_) {
    if (room.sync_seq != 0) {
      end_sync(id, room, found);
    }
  }
}

void Validator::end_sync(std::string_view id, Room& room, std::string_view found) {
  const bool main = id == main_room;
  const Place place{room.sync_seq, room.sync_ns,
                    name_of(main ? Kind::participant_sync_begin : Kind::breakout_event),
                    main ? "" : "/event"};
  findings_.add(Rule::open_sync, place, "participant_sync_end", found);
  room.sync_seq = 0;
}

// One event by itself.

void Validator::event(const event::WireEvent& event, const state::Outcome& outcome) {
  undispatched_event_.clear();
  check_order(event.last_event_id, "", event);
  if (disconnected_) {
    findings_.add(Rule::after_disconnect, place_of(event), "nothing after disconnect",
                  clipped(event.name));
    return;
  }
  switch (event.payload) {
    case Payload::decoded:
      break;
    case Payload::undecoded:
      check(false, "an event is decoded before it is judged");
      break;
    case Payload::empty:
      findings_.add(Rule::dropped_message, place_of(event), taken, "the data is empty");
      return;
    case Payload::not_json:
      findings_.add(Rule::bad_json, place_of(event), "JSON",
                    "no JSON from offset " + std::to_string(event.fault_offset) + " on: " +
                        clipped(event.data.substr(std::min(event.fault_offset, event.data.size())),
                                limits::finding_text_bytes_max / 2));
      return;
    case Payload::too_deep:
    case Payload::too_many:
    case Payload::too_long:
      check_limit(event, outcome.limit);
      return;
  }
  if (event.kind == Kind::unknown) {
    findings_.add(Rule::unknown_event, place_of(event), "an event of the catalogue",
                  clipped(event.name));
    return;
  }
  const Inner whole{event.kind, event.value, main_room, "", &event};
  const bool fits = check_payload(whole);
  if (outcome.fate == state::Fate::dropped) {
    findings_.add(Rule::dropped_message, place_of(event), taken, outcome.why);
    return;
  }
  check_limit(event, outcome.limit);
  if (event.kind == Kind::breakout_event) {
    breakout_event(event);
  } else {
    follow(whole);
  }
  note_fit(whole, fits && outcome.fate == state::Fate::handled);
}

bool Validator::few_changes(const event::WireEvent& event, std::string_view uuid,
                            const state::Outcome& outcome) {
  const auto room = rooms_.find(main_room);
  if (disconnected_ || rosters_off_ || room == rooms_.end()) {
    return false;
  }
  const auto known = room->second.roster.find(uuid);
  if (known == room->second.roster.end() || !known->second.payload_fits) {
    return false;
  }
  undispatched_event_.clear();
  check_order(event.last_event_id, "", event);
  check_limit(event, outcome.limit);
  return true;
}

/// What the client keeps of somebody in the main room is the last payload that it has taken.
void Validator::note_fit(const Inner& inner, bool fits) {
  if (inner.kind != Kind::participant_create && inner.kind != Kind::participant_update) {
    return;
  }
  if (const auto room = rooms_.find(main_room); room != rooms_.end()) {
    const auto known = room->second.roster.find(text_of(inner.value["uuid"]));
    if (known != room->second.roster.end()) {
      known->second.payload_fits = fits;
    }
  }
}

void Validator::check_limit(const event::WireEvent& event, state::Limit limit) {
  const auto at_most = [&](std::size_t count, std::string_view what, std::string_view found) {
    findings_.add(Rule::limit_reached, place_of(event),
                  "at most " + std::to_string(count) + std::string(what), found);
  };
  switch (limit) {
    case state::Limit::none:
      return;
    case state::Limit::data_bytes:
      findings_.add(Rule::limit_reached, place_of(event),
                    "a line of at most " + std::to_string(limits::line_bytes_max) +
                        " bytes, data of at most " + std::to_string(limits::message_bytes_max),
                    "more");
      return;
    case state::Limit::json_depth:
      return at_most(limits::json_depth_max, " levels of JSON", "more");
    case state::Limit::json_values:
      return at_most(limits::json_values_max, " values of JSON", "more");
    case state::Limit::state_bytes:
      return at_most(limits::state_bytes_max, " bytes of state", "more; the event is left out");
    case state::Limit::roster:
      return at_most(limits::roster_listed_max, " people in a roster that is listed",
                     "more; the list is left out");
  }
}

void Validator::check_order(std::string_view id, std::string_view pointer,
                            const event::WireEvent& event) {
  if (id.empty() || !findings_.wants(Rule::id_backwards)) {
    return;
  }
  const auto parsed = event_ids_.parse(id);
  if (!parsed) {
    return;
  }
  // The events of a room within a breakout_event count by themselves.
  std::string_view counted_by = parsed->node;
  std::string node_and_room;
  if (!pointer.empty()) {
    node_and_room = parsed->node;
    node_and_room += ' ';
    node_and_room += clipped(text_of(event.value["breakout_uuid"]));
    counted_by = node_and_room;
  }
  const auto known = counters_.find(counted_by);
  if (known == counters_.end()) {
    if (counters_.size() < counters_max) {
      counters_.emplace(counted_by, parsed->counter);
    }
    return;
  }
  if (parsed->counter < known->second) {
    findings_.add(Rule::id_backwards, place_of(event, pointer),
                  "a counter of node " + std::string(parsed->node) + " from " +
                      std::to_string(known->second) + " on",
                  std::to_string(parsed->counter));
  }
  known->second = parsed->counter;
}

/// Whether it is as the catalogue has it.
bool Validator::check_payload(const Inner& inner) {
  bool fits = true;
  const event::WireShape* const shape = event::find_wire_shape(inner.kind);
  shapes_.check(shape->payload, inner.value, "", [&](const Misfit& misfit) {
    fits = false;
    if (findings_.wants(misfit.rule)) {
      report(misfit.rule, inner, misfit.pointer, misfit.expected, short_json(misfit.found));
    }
  });
  return fits;
}

// One event among the others.

void Validator::breakout_event(const event::WireEvent& event) {
  const std::string_view id = text_of(event.value["breakout_uuid"]);
  const Value name = event.value["event"];
  const Value* const data = event.value.find("data");
  check_order(text_of(event.value["id"]), "/id", event);
  if (id.empty() || !name.is_string() || data == nullptr) {
    return;  // mistyped or missing, which has been said
  }
  if (Room* const room = room_of(id, event);
      room != nullptr && id != main_room && !room->begun && !room->reported) {
    room->reported = true;
    findings_.add(Rule::breakout_not_begun, place_of(event, "/breakout_uuid"),
                  "breakout_begin of this room before", short_json(event.value["breakout_uuid"]));
  }
  const Kind kind = event::kind_of(name.as_string());
  if (kind == Kind::unknown) {
    findings_.add(Rule::unknown_event, place_of(event, "/event"), "an event of the catalogue",
                  short_json(name));
    return;
  }
  const Inner inner{kind, *data, id, "/data", &event};
  check_payload(inner);
  follow(inner);
}

void Validator::follow(const Inner& inner) {
  const bool nested = !inner.prefix.empty();
  if (inner.kind == Kind::breakout_begin || inner.kind == Kind::breakout_end) {
    if (!nested) {
      follow_breakout(inner);
    }
    return;
  }
  if (inner.kind == Kind::disconnect) {
    disconnected_ = !nested;
    return;
  }
  Room* const room = room_of(inner.room, *inner.outer);
  if (room == nullptr) {
    return;
  }
  const Value& value = inner.value;
  if (inner.kind == Kind::participant_sync_begin) {
    sync_begin(inner, *room);
  } else if (inner.kind == Kind::participant_sync_end) {
    sync_end(inner, *room);
  } else if (inner.kind == Kind::participant_create) {
    create(inner, *room);
  } else if (inner.kind == Kind::participant_update) {
    known(inner, *room);
  } else if (inner.kind == Kind::participant_delete) {
    if (known(inner, *room)) {
      forget(room->roster, text_of(value["uuid"]));
    }
  } else if (inner.kind == Kind::stage) {
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      if (const Value uuid = value.items()[i]["participant_uuid"]; is_nobody(*room, uuid)) {
        report(Rule::stage_nobody, inner, '/' + std::to_string(i) + "/participant_uuid", present,
               short_json(uuid));
      }
    }
  } else if (inner.kind == Kind::layout) {
    const Value shown = value["participants"];
    if (is_nobody(*room, shown)) {
      report(Rule::layout_nobody, inner, "/participants", present, short_json(shown));
    }
    for (std::size_t i = 0; i < shown.items().size(); ++i) {
      if (const Value uuid = shown.items()[i]; is_nobody(*room, uuid)) {
        report(Rule::layout_nobody, inner, "/participants/" + std::to_string(i), present,
               short_json(uuid));
      }
    }
  } else if (inner.kind == Kind::presentation_start) {
    if (const Value uuid = value["presenter_uuid"]; is_nobody(*room, uuid)) {
      report(Rule::presentation_nobody, inner, "/presenter_uuid", present, short_json(uuid));
    }
  }
}

/// A name that is not in the roster, where that is known.
bool Validator::is_nobody(const Room& room, const Value& uuid) {
  return room.roster_known && !text_of(uuid).empty() && !room.roster.contains(text_of(uuid));
}

void Validator::follow_breakout(const Inner& inner) {
  const std::string_view id = text_of(inner.value["breakout_uuid"]);
  const std::string_view you = text_of(inner.value["participant_uuid"]);
  if (id.empty() || id == main_room) {
    return;
  }
  Room* const room = room_of(id, *inner.outer);
  if (room == nullptr) {
    return;
  }
  if (inner.kind == Kind::breakout_end) {
    if (!room->begun) {
      report(Rule::breakout_not_begun, inner, "/breakout_uuid",
             "breakout_begin of this room before", short_json(inner.value["breakout_uuid"]));
    }
    forget_all(room->roster);
    forget_all(room->selves);
    names_bytes_ -= id.size() + name_overhead;
    rooms_.erase(rooms_.find(id));
    return;
  }
  if (!you.empty()) {
    if (room->begun_here && !room->selves.contains(you)) {
      report(Rule::two_selves, inner, "/participant_uuid", "who you are in this room already",
             short_json(inner.value["participant_uuid"]));
    }
    keep(room->selves, you, *inner.outer);
  }
  room->begun = true;
  room->begun_here = true;
}

void Validator::sync_begin(const Inner& inner, Room& room) {
  if (room.sync_seq != 0) {
    end_sync(inner.room, room, "another participant_sync_begin");
  }
  forget_all(room.roster);
  room.sync_seq = inner.outer->seq;
  room.sync_ns = inner.outer->recv_ns;
  room.roster_known = false;
}

void Validator::sync_end(const Inner& inner, Room& room) {
  if (room.sync_seq == 0) {
    report(Rule::stray_sync_end, inner, "", "participant_sync_begin before", "none");
  }
  room.sync_seq = 0;
  room.roster_known = true;
}

void Validator::create(const Inner& inner, Room& room) {
  const Value uuid = inner.value["uuid"];
  const std::string_view name = text_of(uuid);
  if (name.empty()) {
    return;
  }
  if (room.roster.contains(name)) {
    if (room.sync_seq == 0) {
      report(Rule::known_participant, inner, "/uuid", "somebody who is not there yet",
             short_json(uuid));
    }
    return;
  }
  if (room.selves.contains(name)) {
    for (const std::string& self : room.selves) {
      if (room.roster.contains(self)) {
        report(Rule::two_selves, inner, "/uuid",
               "nobody else that was you: " + clipped(self) + " is still there", short_json(uuid));
      }
    }
  }
  keep(room.roster, name, *inner.outer);
}

bool Validator::known(const Inner& inner, const Room& room) {
  const Value uuid = inner.value["uuid"];
  if (room.roster.contains(text_of(uuid))) {
    return true;
  }
  report(Rule::unknown_participant, inner, "/uuid", present, short_json(uuid));
  return false;
}

// The names that are kept.

Validator::Room* Validator::room_of(std::string_view id, const event::WireEvent& event) {
  if (rosters_off_) {
    rooms_.clear();
    return nullptr;
  }
  if (const auto found = rooms_.find(id); found != rooms_.end()) {
    return &found->second;
  }
  return take_bytes(id.size(), event) ? &rooms_[std::string(id)] : nullptr;
}

void Validator::keep(Roster& roster, std::string_view name, const event::WireEvent& event) {
  if (!roster.contains(name) && take_bytes(name.size(), event)) {
    roster.emplace(name, Name{});
  }
}

void Validator::keep(Selves& selves, std::string_view name, const event::WireEvent& event) {
  if (!selves.contains(name) && take_bytes(name.size(), event)) {
    selves.emplace(name);
  }
}

void Validator::forget(Roster& roster, std::string_view name) {
  if (const auto found = roster.find(name); found != roster.end()) {
    names_bytes_ -= name.size() + name_overhead;
    roster.erase(found);
  }
}

void Validator::forget_all(Roster& roster) {
  for (const auto& [name, _] : roster) {
    names_bytes_ -= name.size() + name_overhead;
  }
  roster.clear();
}

void Validator::forget_all(Selves& selves) {
  for (const std::string& name : selves) {
    names_bytes_ -= name.size() + name_overhead;
  }
  selves.clear();
}

bool Validator::take_bytes(std::size_t bytes, const event::WireEvent& event) {
  if (names_bytes_ + bytes + name_overhead <= names_bytes_max_) {
    names_bytes_ += bytes + name_overhead;
    return true;
  }
  if (!rosters_off_) {
    rosters_off_ = true;
    findings_.add(Rule::limit_reached, place_of(event),
                  "at most " + std::to_string(names_bytes_max_) + " bytes of names",
                  "more; rules about who is there rest from here on");
  }
  return false;
}

}  // namespace tapedeck::verdict
