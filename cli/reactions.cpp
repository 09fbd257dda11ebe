#include "cli/reactions.hpp"

#include "core/base/json_writer.hpp"
#include "core/base/random.hpp"
#include "core/event/raw_json.hpp"
#include "core/sse/block_data.hpp"
#include "core/state/js_map.hpp"

namespace tapedeck::cli {
namespace {

using event::Value;
using replayer::Hearer;

/// The subjects of what is about a room.
constexpr std::string_view status_event = "conference_update";
constexpr std::string_view layout_event = "layout";

constexpr std::string_view presenting_field = "is_presenting";
constexpr std::string_view yes = R"("YES")";

/// What a node says of a status of which it has told nothing yet.
constexpr std::string_view unknown_status =
    R"({"locked":false,"guests_muted":false,"started":true})";

std::string json_of(const Value& value) {
  std::string json;
  if (!value.is_undefined()) {
    event::append_json(json, value);
  }
  return json;
}

std::string with_field(std::string_view payload, const std::string& key, std::string_view json) {
  event::Replacements changes(payload);
  event::set_at(changes, payload, {key}, json);
  return changes.apply();
}

}  // namespace

Reactions::Reactions(const std::vector<std::string>& blocks, std::string self)
    : self_(std::move(self)) {
  state::Join join;
  join.self = self_;
  followed_.begin(std::move(join));
  for (const std::string& block : blocks) {
    hear(block, 0);
  }
}

void Reactions::hear(std::string_view raw, std::uint32_t connection_id) {
  followed_.hear({.connection_id = connection_id, .complete = true, .raw = raw});
}

std::vector<replayer::Told> Reactions::carry_out(const Command& command,
                                                 const replayer::JoinInfo& who) {
  for (const Change& change : command.changes) {
    carry_out(change, who);
  }
  return std::exchange(told_, {});
}

void Reactions::carry_out(const Change& change, const replayer::JoinInfo& who) {
  using What = Change::What;
  const state::Room* room = state().room(change.room);
  const bool is_there = room != nullptr && (change.room == state::main_room || room->is_known());
  if (!is_there && change.what != What::room_begins) {
    return;
  }
  switch (change.what) {
    case What::participant:
      set_participant(change);
      return;
    case What::floor:
      pass_floor(change);
      return;
    case What::status:
      set_fields({change.room, std::string(status_event)}, status_event, *room->status,
                 change.fields);
      return;
    case What::layout:
      set_fields({change.room, std::string(layout_event)}, layout_event, *room->layout,
                 change.fields);
      return;
    case What::message:
      say(change, who);
      return;
    case What::removal:
      remove(change, who);
      return;
    case What::move:
      go(change, who);
      return;
    case What::refer:
      if (is_self(change, who)) {
        std::string payload;
        JsonWriter(payload)
            .begin_object()
            .member("alias", change.to)
            .member("token", derived_uuid(change.to, who.participant_uuid))
            .end_object();
        tell(state::main_room, "refer", payload);
      } else {
        remove(change, who);
      }
      return;
    case What::room_begins:
      begin_room(change, who);
      return;
    case What::room_ends:
      end_room(change);
      return;
    case What::end:
      tell(state::main_room, "disconnect",
           R"({"reason":"Conference terminated by another participant"})");
      return;
  }
}

bool Reactions::set_fields(const Subject& subject, std::string_view event, const Value& payload,
                           const Fields& fields) {
  const bool is_status = event == status_event;
  std::string told = payload.is_object() ? json_of(payload)
                     : is_status         ? std::string(unknown_status)
                                         : "{}";
  bool changed = false;
  for (const auto& [key, json] : fields) {
    const std::string before = json_of(payload[key]);
    if (before == json) {
      continue;
    }
    changed = true;
    told = with_field(told, key, json);
    // What was recorded in its place stays the same when a second command changes it.
    const auto [held, is_new] = held_[subject].try_emplace(key, Held{json, before});
    held->second.json = json;
  }
  if (changed) {
    tell(subject.first, event, told);
  }
  return changed;
}

bool Reactions::set_participant(const Change& change) {
  const auto* found = state().participant(change.room, change.who);
  return found != nullptr && set_fields({change.room, change.who}, "participant_update",
                                        *found->payload, change.fields);
}

/// Who presents loses the floor to who takes it.
void Reactions::pass_floor(const Change& change) {
  if (state().participant(change.room, change.who) == nullptr) {
    return;
  }
  const std::string presenter = presenter_of(change.room);
  if (change.fields.front().second != yes) {
    if (presenter == change.who) {
      tell(change.room, "presentation_stop", "{}");
    }
    set_participant(change);
    return;
  }
  if (!presenter.empty() && presenter != change.who) {
    set_participant({.what = Change::What::participant,
                     .room = change.room,
                     .who = presenter,
                     .fields = {{std::string(presenting_field), R"("NO")"}}});
  }
  if (set_participant(change) && presenter != change.who) {
    const Value& payload = *state().participant(change.room, change.who)->payload;
    std::string told;
    JsonWriter(told)
        .begin_object()
        .member("presenter_name", text_of(payload["display_name"]))
        .member("presenter_uri", text_of(payload["uri"]))
        .member("presenter_uuid", change.who)
        .end_object();
    tell(change.room, "presentation_start", told);
  }
}

std::string Reactions::commanded_floor_back(const std::string& room) {
  const auto held =
      state().room(room) == nullptr ? held_.end() : held_.find({room, presenter_of(room)});
  if (held == held_.end() || !held->second.contains(std::string(presenting_field))) {
    return {};
  }
  tell(room, "presentation_stop", "{}");
  std::string block = std::move(told_.back().block);
  told_.pop_back();
  return block;
}

std::string Reactions::presenter_of(std::string_view room) const {
  return text_of((*state().room(room)->presentation)["presenter_uuid"]);
}

/// A node does not tell who speaks what they said.
void Reactions::say(const Change& change, const replayer::JoinInfo& who) {
  if (!change.to.empty()) {
    return;  // nobody is there whose stream this is but who speaks
  }
  std::string payload;
  JsonWriter json(payload);
  json.begin_object()
      .member("origin", who.display_name)
      .member("uuid", change.who)
      .member("type", change.kind)
      .member("payload", change.text);
  json.key("direct").boolean(false).end_object();
  tell(change.room, "message_received", payload, Hearer::others);
}

bool Reactions::is_self(const Change& change, const replayer::JoinInfo& who) const {
  const state::Room* room = state().room(change.room);
  return change.who == who.participant_uuid ||
         (room != nullptr && state().self_in(*room).is_text(change.who));
}

void Reactions::remove(const Change& change, const replayer::JoinInfo& who) {
  if (is_self(change, who)) {
    tell(state::main_room, "disconnect", R"({"reason":"Disconnected by another participant"})");
    return;
  }
  if (state().participant(change.room, change.who) == nullptr) {
    return;
  }
  gone_.emplace(change.room, change.who);
  if (presenter_of(change.room) == change.who) {
    tell(change.room, "presentation_stop", "{}");
  }
  std::string payload;
  JsonWriter(payload).begin_object().member("uuid", change.who).end_object();
  tell(change.room, "participant_delete", payload);
}

void Reactions::go(const Change& change, const replayer::JoinInfo& who) {
  const state::Room* to = state().room(change.to);
  const auto* found = state().participant(change.room, change.who);
  const bool goes_nowhere = to == nullptr || !to->is_known() || change.to == change.room;
  if (goes_nowhere) {
    return;
  }
  if (is_self(change, who)) {
    std::string payload;
    JsonWriter json(payload);
    json.begin_object().member("breakout_uuid", change.to).key("breakout_name");
    const std::string name = json_of((*to->status)["breakout_name"]);
    json.raw(name.empty() ? R"("")" : name).member("requester_uuid", who.participant_uuid);
    json.end_object();
    tell(state::main_room, "breakout_refer", payload);
    return;
  }
  if (found != nullptr) {
    const std::string payload = json_of(*found->payload);
    remove(change, who);
    gone_.erase({change.to, change.who});
    tell(change.to, "participant_create", payload);
  }
}

/// As for every host: with an identity in the room, who is its first participant.
void Reactions::begin_room(const Change& change, const replayer::JoinInfo& who) {
  const std::string identity = derived_uuid(change.room, who.participant_uuid);
  std::string payload;
  JsonWriter(payload)
      .begin_object()
      .member("breakout_uuid", change.room)
      .member("participant_uuid", identity)
      .end_object();
  tell(state::main_room, "breakout_begin", payload);
  tell(change.room, "participant_sync_begin", "null");
  if (const auto* self = state().participant(state::main_room, who.participant_uuid)) {
    std::string uuid;
    append_json_string(uuid, identity);
    tell(change.room, "participant_create", with_field(json_of(*self->payload), "uuid", uuid));
  }
  tell(change.room, "participant_sync_end", "null");
  std::string status(unknown_status);
  std::string name;
  append_json_string(name, change.text);
  status = with_field(with_field(status, "breakout", "true"), "breakout_name", name);
  tell(change.room, status_event, status);
}

void Reactions::end_room(const Change& change) {
  const state::Room* room = state().room(change.room);
  if (change.room == state::main_room) {
    return;
  }
  const std::string payload = room->breakout->is_object()
                                  ? json_of(*room->breakout)
                                  : with_field("{}", "breakout_uuid", json_of(*room->id));
  if (!presenter_of(change.room).empty()) {
    tell(change.room, "presentation_stop", "{}");
  }
  ended_.insert(change.room);
  tell(state::main_room, "breakout_end", payload);
}

void Reactions::tell(std::string_view room, std::string_view event, std::string_view payload,
                     Hearer to) {
  std::string nested;
  if (room != state::main_room) {
    JsonWriter json(nested);
    json.begin_object().member("breakout_uuid", room).member("event", event);
    json.key("id").null().key("data").raw(payload).end_object();
    event = "breakout_event";
    payload = nested;
  }
  std::string block("event: ");
  block.append(event).append("\ndata: ").append(payload).append("\n\n");
  hear(block, connection_id_);
  told_.push_back({.to = to, .block = std::move(block)});
}

std::optional<std::string> Reactions::rewrite(const port::Frame& frame) {
  if (frame.connection_id != connection_id_) {
    connection_id_ = frame.connection_id;
    followed_.connected();
  }
  parser_.reset();
  parser_.push(frame.raw);
  std::optional<std::string> sent;
  std::string before;
  while (const auto parsed = parser_.next()) {
    if (parsed->kind != sse::Parsed::Kind::message || !decoder_.decode(parsed->message.data).ok()) {
      continue;
    }
    const std::string_view data = parsed->message.data;
    const bool nested = parsed->message.event == "breakout_event";
    const std::string room = nested ? event::string_of(event::raw_member(data, "breakout_uuid"))
                                    : std::string(state::main_room);
    const std::string inner = nested ? event::string_of(event::raw_member(data, "event"))
                                     : std::string(parsed->message.event);
    const std::string_view payload =
        nested ? event::raw_member(data, "data") : event::raw_value(data);
    if (inner == "breakout_end") {
      before = commanded_floor_back(event::string_of(event::raw_member(payload, "breakout_uuid")));
    }
    const auto told = told_of(room, inner, payload);
    if (!told) {
      return before;
    }
    if (*told != payload) {
      event::Replacements changes(data);
      changes.replace(payload, *told);
      sent = sse::with_data(frame.raw, changes.apply());
    }
    break;  // a block has one message
  }
  hear(sent ? *sent : frame.raw, frame.connection_id);
  if (!before.empty()) {
    sent = before + (sent ? *sent : std::string(frame.raw));
  }
  return sent;
}

std::optional<std::string> Reactions::told_of(std::string_view room, std::string_view event,
                                              std::string_view payload) {
  const auto text = [&](std::string_view key) {
    return event::string_of(event::raw_member(payload, key));
  };
  if (event == "breakout_begin") {
    ended_.erase(text("breakout_uuid"));
  } else if (ended_.contains(room) ||
             (event == "breakout_end" && ended_.contains(text("breakout_uuid")))) {
    return std::nullopt;
  }
  if (event == "participant_sync_begin") {
    syncing_.emplace(room);
  } else if (event == "participant_sync_end") {
    syncing_.erase(std::string(room));
  }
  if (event == status_event || event == layout_event) {
    return with_held({std::string(room), std::string(event)}, payload);
  }
  const Subject who(room, text("uuid"));
  if (event == "participant_delete") {
    held_.erase(who);
    return gone_.erase(who) == 0 ? std::optional<std::string>(payload) : std::nullopt;
  }
  if (event == "participant_create" || event == "participant_update") {
    if (event == "participant_create" && !syncing_.contains(room)) {
      gone_.erase(who);
    }
    return gone_.contains(who) ? std::nullopt : std::optional(with_held(who, payload));
  }
  if (event == "stage") {
    event::Replacements changes(payload);
    event::take_out(changes, payload, [&](std::string_view item) {
      return gone_.contains(
          {std::string(room), event::string_of(event::raw_member(item, "participant_uuid"))});
    });
    return changes.apply();
  }
  return std::string(payload);
}

std::string Reactions::with_held(const Subject& subject, std::string_view payload) {
  std::string told(payload);
  const auto fields = held_.find(subject);
  if (fields == held_.end()) {
    return told;
  }
  std::erase_if(fields->second, [&](const auto& field) {
    return normalized(event::raw_member(payload, field.first)) != field.second.recorded;
  });
  for (const auto& [key, held] : fields->second) {
    told = with_field(told, key, held.json);
  }
  return told;
}

std::string Reactions::normalized(std::string_view json) {
  return json.empty() ? std::string() : json_of(decoder_.decode(json).value);
}

}  // namespace tapedeck::cli
