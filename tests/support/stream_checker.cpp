#include "tests/support/stream_checker.hpp"

#include <charconv>

namespace tapedeck::test {
namespace {

constexpr double epoch_s = 1767603600;  // 2026-01-05T09:00:00Z

std::string text(const simdjson::dom::element& object, std::string_view key) {
  std::string_view value;
  return object[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string("?");
}

double number(const simdjson::dom::element& object, std::string_view key) {
  double value = -1;
  return object[key].get(value) == simdjson::SUCCESS ? value : -1;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !digit) {
      return false;
    }
  }
  return text[14] == '4';
}

std::string base64_decoded(std::string_view encoded) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : encoded) {
    const std::size_t value = digits.find(c);
    if (value == std::string_view::npos) {
      break;
    }
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 255);
    }
  }
  return out;
}

}  // namespace

void StreamChecker::fault(const std::string& what) {
  if (faults_.size() < 20) {
    faults_.push_back(what + " in: " + block_.substr(0, 400));
  }
}

void StreamChecker::expect(bool holds, const std::string& what) {
  if (!holds) {
    fault(what);
  }
}

void StreamChecker::take(std::string_view block, std::int64_t at_ns) {
  block_ = block;
  expect(at_ns >= at_ns_, "time goes back");
  at_ns_ = at_ns;
  expect(!is_over_, "something follows disconnect");
  if (block.starts_with(": ")) {
    expect(block.find('\n') == block.size() - 2 && block.ends_with("\n\n"), "an odd comment");
    ++counts_[":"];
    return;
  }
  std::vector<std::string_view> lines;
  while (!block.empty()) {
    const std::size_t end = block.find('\n');
    if (end == std::string_view::npos) {
      fault("a line without an end");
      return;
    }
    lines.push_back(block.substr(0, end));
    block.remove_prefix(end + 1);
  }
  if (lines.size() != 4 || !lines[0].starts_with("event: ") || !lines[1].starts_with("data: ") ||
      !lines[2].starts_with("id: ") || !lines[3].empty()) {
    fault("not event, data, id and a blank line");
    return;
  }
  counter(lines[2].substr(4), "192.0.2.10", rooms_[""].last_id);
  simdjson::dom::parser parser;
  Element data;
  const std::string_view json = lines[1].substr(6);
  if (parser.parse(std::string(json)).get(data) != simdjson::SUCCESS) {
    fault("data that is not JSON");
    return;
  }
  const std::string_view name = lines[0].substr(7);
  ++counts_[std::string(name)];
  if (name == "breakout_begin" || name == "breakout_end") {
    border(name, data);
  } else if (name == "breakout_event") {
    nested(data, json);
  } else if (name == "disconnect") {
    is_over_ = true;
    expect(!text(data, "reason").empty() && text(data, "reason") != "?", "no reason");
  } else {
    event(rooms_[""], name, data, json);
  }
}

void StreamChecker::counter(std::string_view id, std::string_view node, std::uint64_t& last) {
  const std::string plain = base64_decoded(id);
  expect(id.size() % 4 == 0, "an id that is not padded");
  expect(plain.starts_with(std::string(node) + '_'), "an id of another node");
  const std::string digits = plain.substr(std::min(plain.size(), node.size() + 1));
  std::uint64_t count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  expect(std::to_string(count) == digits && count > last, "an id that does not go up");
  last = count;
}

void StreamChecker::border(std::string_view name, const Element& data) {
  const std::string uuid = text(data, "breakout_uuid");
  const std::string own = text(data, "participant_uuid");
  expect(is_uuid(uuid) && is_uuid(own), "no uuids");
  const bool is_open = rooms_.contains(uuid);
  if (name == "breakout_begin") {
    expect(!is_open, "a breakout room begins twice");
    expect(own != rooms_[""].self, "the identity in a breakout room is that of the main room");
    rooms_[uuid].self = own;
  } else if (is_open) {
    expect(rooms_[uuid].self == own, "a breakout room ends for another identity");
    for (const auto& [who, person] : rooms_[uuid].roster) {
      expect(person.is_api, "a breakout room ends with people in it");
    }
    rooms_.erase(uuid);
  } else {
    fault("a breakout room ends that never began");
  }
}

void StreamChecker::nested(const Element& data, std::string_view json) {
  constexpr std::string_view key = ",\"data\":";
  const std::string uuid = text(data, "breakout_uuid");
  const std::size_t at = json.find(key);
  if (uuid.empty() || !rooms_.contains(uuid) || at == std::string_view::npos) {
    fault("an event of a breakout room that is not there");
    return;
  }
  RoomFacts& room = rooms_[uuid];
  counter(text(data, "id"), "7", room.last_id);
  const std::string name = text(data, "event");
  ++counts_["breakout_event/" + name];
  const std::size_t begin = at + key.size();
  event(room, name, data["data"].value(), json.substr(begin, json.size() - begin - 1));
}

void StreamChecker::event(RoomFacts& room, std::string_view name, const Element& data,
                          std::string_view json) {
  expect(room.has_synced || room.is_in_sync || name == "participant_sync_begin",
         "an event before the roster");
  if (name == "participant_sync_begin") {
    expect(data.is_null() && !room.has_synced && !room.is_in_sync, "a second sync");
    room.is_in_sync = true;
  } else if (name == "participant_sync_end") {
    expect(data.is_null() && room.is_in_sync, "an end without a begin");
    expect(room.roster.contains(room.self), "a roster without oneself");
    room.is_in_sync = false;
    room.has_synced = true;
  } else if (name.starts_with("participant_")) {
    participant_event(room, name, data, json);
  } else if (name == "conference_update") {
    for (const char* key : {"locked", "guests_muted", "started", "breakout_rooms"}) {
      expect(data[key].is_bool(), std::string("no ") + key);
    }
    expect((&room == &rooms_[""]) == (text(data, "breakout_name") == "?"), "a wrong status");
  } else if (name == "stage") {
    stage(room, data);
  } else if (name == "layout") {
    layout(room, data);
  } else if (name == "message_received") {
    expect(named(room, text(data, "uuid"), "a message").name == text(data, "origin"), "origin");
  } else if (name == "live_captions") {
    named(room, text(data["sources"].at(0).value(), "participant_uuid"), "a caption");
  } else if (name == "presentation_start" || name == "presentation_stop") {
    presentation(room, name, data);
  } else {
    fault("an event that nobody knows");
  }
}

void StreamChecker::participant_event(RoomFacts& room, std::string_view name, const Element& data,
                                      std::string_view json) {
  const std::string uuid = text(data, "uuid");
  expect(is_uuid(uuid), "a participant without a uuid");
  if (name == "participant_delete") {
    expect(room.presenter != uuid, "a presenter leaves who still presents");
    expect(room.roster.erase(uuid) == 1, "somebody leaves who was not there");
    expect(uuid != room.self, "one sees oneself leave");
    return;
  }
  const double now_s = epoch_s + static_cast<double>(at_ns_) / 1e9 + ahead_s_;
  for (const char* time : {"start_time", "buzz_time", "spotlight"}) {
    const double at = number(data, time);
    expect(at == 0 || (at > epoch_s - 3600 && at <= now_s),
           std::string(time) + " is not in the past");
  }
  expect(text(data, "api_url") == "/participants/" + uuid, "api_url");
  const bool is_known = room.roster.contains(uuid);
  if (name == "participant_create") {
    expect(!is_known && uuids_ever_.insert(uuid).second, "a uuid comes twice");
  } else if (name == "participant_update") {
    expect(is_known, "an update of somebody who is not there");
    expect(room.roster[uuid].payload != json, "an update without a change");
  } else {
    fault("an event that nobody knows");
  }
  room.roster[uuid] = {.payload = std::string(json),
                       .name = text(data, "display_name"),
                       .service_type = text(data, "service_type"),
                       .is_api = text(data, "protocol") == "api",
                       .is_presenting = text(data, "is_presenting") == "YES"};
}

void StreamChecker::stage(RoomFacts& room, const Element& data) {
  std::set<std::string> seen;
  for (const Element entry : data) {
    const std::string uuid = text(entry, "participant_uuid");
    expect(named(room, uuid, "the stage").service_type == "conference", "on stage but not in");
    expect(number(entry, "stage_index") == static_cast<double>(seen.size()), "an odd index");
    expect(number(entry, "vad") == 0 || number(entry, "vad") == 100, "an odd vad");
    expect(seen.insert(uuid).second, "somebody is on the stage twice");
  }
}

void StreamChecker::layout(RoomFacts& room, const Element& data) {
  std::set<std::string_view> seen;
  for (const Element uuid : data["participants"].get_array()) {
    named(room, uuid.get_string(), "the layout");
    expect(seen.insert(uuid.get_string()).second, "somebody is in the layout twice");
  }
  const auto screen = data["requested_layout"]["primary_screen"];
  expect(screen["chair_layout"].is_string() && screen["guest_layout"].is_string(), "no layouts");
  expect(data["view"].is_string() && data["overlay_text_enabled"].is_bool(), "an odd layout");
}

void StreamChecker::presentation(RoomFacts& room, std::string_view name, const Element& data) {
  if (name == "presentation_stop") {
    expect(!room.presenter.empty(), "a presentation stops that never started");
    room.presenter.clear();
    return;
  }
  room.presenter = text(data, "presenter_uuid");
  expect(named(room, room.presenter, "a presentation").name == text(data, "presenter_name"),
         "presenter_name");
  for (const auto& [uuid, person] : room.roster) {
    expect(person.is_presenting == (uuid == room.presenter),
           "is_presenting does not say who presents");
  }
}

const StreamChecker::Person& StreamChecker::named(const RoomFacts& room, std::string_view uuid,
                                                  const std::string& by) {
  static const Person nobody;
  const auto found = room.roster.find(std::string(uuid));
  if (found == room.roster.end()) {
    fault(by + " names somebody who is not there");
    return nobody;
  }
  return found->second;
}

std::map<std::string, std::map<std::string, std::string>> StreamChecker::rosters() const {
  std::map<std::string, std::map<std::string, std::string>> all;
  for (const auto& [uuid, room] : rooms_) {
    for (const auto& [who, person] : room.roster) {
      all[uuid][who] = person.payload;
    }
  }
  return all;
}

}  // namespace tapedeck::test
