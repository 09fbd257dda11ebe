#include "core/event/event_editor.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

#include "core/base/json_text.hpp"
#include "core/event/kind.hpp"
#include "core/event/raw_json.hpp"

namespace tapedeck::event {

/// An event as the room that it belongs to has it: what a breakout_event holds, or the event
/// itself.
struct EventEditor::Inner {
  Inner(std::string_view outer, std::string_view text) : name(outer), payload(raw_value(text)) {
    const Kind kind = kind_of(outer);
    if (kind == Kind::breakout_event || kind == Kind::breakout_begin ||
        kind == Kind::breakout_end) {
      room = string_of(raw_member(payload, "breakout_uuid"));
    }
    if (kind == Kind::breakout_event) {
      name = string_of(raw_member(payload, "event"));
      payload = raw_member(payload, "data");
    }
  }

  std::string name;
  std::string_view payload;
  std::string room = "main";
};

namespace {

/// Where an event says who it is about: a uuid, a name, and members that may repeat the name.
struct Person {
  Kind kind;
  std::string_view uuid;
  std::string_view name;
  std::array<std::string_view, 2> copies;
};

constexpr std::array persons{
    Person{Kind::participant_create, "uuid", "display_name", {"overlay_text", "uri"}},
    Person{Kind::participant_update, "uuid", "display_name", {"overlay_text", "uri"}},
    Person{Kind::participant_delete, "uuid", "", {}},
    Person{Kind::message_received, "uuid", "origin", {}},
    Person{Kind::presentation_start, "presenter_uuid", "presenter_name", {"presenter_uri", ""}},
    Person{Kind::incoming, "", "remote_display_name", {}},
};

const Person* person_of(std::string_view event) {
  const auto* const found = std::ranges::find(persons, kind_of(event), &Person::kind);
  return found == persons.end() ? nullptr : found;
}

bool has(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

}  // namespace

bool EventEdits::empty() const {
  const auto any = [](const EventChoice& choice) {
    return !choice.events.empty() || !choice.rooms.empty() || !choice.participants.empty();
  };
  return !any(only) && !any(omit) && renames.empty() && sets.empty();
}

EventEditor::Edited EventEditor::next(std::string_view event, std::string_view payload) {
  changed_ = false;
  text_ = payload;
  const bool is_json = decoder_.decode(payload).ok();
  const Inner inner(event, is_json ? std::string_view(text_) : std::string_view());
  learn(inner);
  meet(inner, event);
  if (leaves_out(inner, event)) {
    return {.left_out = true, .changed = false, .payload = {}};
  }
  if (is_json) {
    take_participants_out(event);
    for (Rename& each : edits_.renames) {
      rename(each, event);
    }
    for (SetField& each : edits_.sets) {
      set(each, event);
    }
  }
  return {.left_out = false, .changed = changed_, .payload = text_};
}

/// Who has which name, so that those who are chosen by it are found where only their uuid stands.
void EventEditor::learn(const Inner& inner) {
  const Kind kind = kind_of(inner.name);
  if (kind == Kind::participant_create || kind == Kind::participant_update) {
    name_of_[string_of(raw_member(inner.payload, "uuid"))] =
        string_of(raw_member(inner.payload, "display_name"));
  }
}

void EventEditor::meet(const Inner& inner, std::string_view outer) {
  for (const EventChoice* const choice : {&edits_.only, &edits_.omit}) {
    for (const std::string& event : choice->events) {
      if (event == outer || event == inner.name) {
        edits_.met.events.insert(event);
      }
    }
    if (has(choice->rooms, inner.room)) {
      edits_.met.rooms.insert(inner.room);
    }
  }
  const bool chooses = !edits_.only.participants.empty() || !edits_.omit.participants.empty();
  if (const Person* const person = person_of(inner.name); person != nullptr && chooses) {
    meet_participant(string_of(raw_member(inner.payload, person->uuid)),
                     string_of(raw_member(inner.payload, person->name)));
  }
}

void EventEditor::meet_participant(const std::string& uuid, const std::string& name) {
  for (const EventChoice* const choice : {&edits_.only, &edits_.omit}) {
    for (const std::string& who : choice->participants) {
      if (who == uuid || who == name) {
        edits_.met.participants.insert(who);
      }
    }
  }
}

bool EventEditor::is_one_of(const std::vector<std::string>& who, const std::string& uuid,
                            const std::string& name) const {
  const auto known = name_of_.find(uuid);
  return has(who, uuid) || (!name.empty() && has(who, name)) ||
         (known != name_of_.end() && has(who, known->second));
}

bool EventEditor::leaves_out_participant(const std::string& uuid, const std::string& name) const {
  if (uuid.empty() && name.empty()) {
    return false;
  }
  return is_one_of(edits_.omit.participants, uuid, name) ||
         (!edits_.only.participants.empty() && !is_one_of(edits_.only.participants, uuid, name));
}

bool EventEditor::leaves_out(const Inner& inner, std::string_view outer) const {
  const auto& [events, rooms, participants] = edits_.only;
  if (has(edits_.omit.events, outer) || has(edits_.omit.events, inner.name) ||
      has(edits_.omit.rooms, inner.room) || (!rooms.empty() && !has(rooms, inner.room)) ||
      (!events.empty() && !has(events, outer) && !has(events, inner.name))) {
    return true;
  }
  const Person* person = person_of(inner.name);
  return person != nullptr &&
         leaves_out_participant(string_of(raw_member(inner.payload, person->uuid)),
                                string_of(raw_member(inner.payload, person->name)));
}

void EventEditor::take_participants_out(std::string_view outer) {
  if (edits_.only.participants.empty() && edits_.omit.participants.empty()) {
    return;
  }
  const Inner inner(outer, text_);
  Replacements edited(text_);
  const Kind kind = kind_of(inner.name);
  if (kind == Kind::stage) {
    take_out(edited, inner.payload, [&](std::string_view entry) {
      return leaves_out_participant(string_of(raw_member(entry, "participant_uuid")), {});
    });
  } else if (kind == Kind::layout) {
    take_out(edited, raw_member(inner.payload, "participants"),
             [&](std::string_view uuid) { return leaves_out_participant(string_of(uuid), {}); });
  }
  if (!edited.empty()) {
    text_ = edited.apply();
    changed_ = true;
  }
}

void EventEditor::rename(Rename& rename, std::string_view outer) {
  const Inner inner(outer, text_);
  const Person* person = person_of(inner.name);
  if (person == nullptr || person->name.empty()) {
    return;
  }
  const std::string_view name = raw_member(inner.payload, person->name);
  const std::string old_name = string_of(name);
  const bool meant = string_of(raw_member(inner.payload, person->uuid)) == rename.who ||
                     (!old_name.empty() && old_name == rename.who);
  if (!meant || !name.starts_with('"')) {
    return;
  }
  Replacements edited(text_);
  edited.replace(name, quoted(rename.name));
  for (const std::string_view copy : person->copies) {
    const std::string_view value = raw_member(inner.payload, copy);
    if (!copy.empty() && !old_name.empty() && string_of(value) == old_name) {
      edited.replace(value, quoted(rename.name));
    }
  }
  text_ = edited.apply();
  changed_ = true;
  ++rename.done;
}

void EventEditor::set(SetField& set, std::string_view outer) {
  const Inner inner(outer, text_);
  const bool by_inner = inner.name == set.event;
  if (!by_inner && outer != set.event) {
    return;
  }
  Replacements edited(text_);
  if (set_at(edited, by_inner ? inner.payload : raw_value(text_), set.path, set.json)) {
    text_ = edited.apply();
    changed_ = true;
    ++set.done;
  }
}

}  // namespace tapedeck::event
