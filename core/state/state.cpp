#include "core/state/state.hpp"

namespace tapedeck::state {

std::string_view name_of(Link link) {
  switch (link) {
    case Link::fresh:
      return "new";
    case Link::connecting:
      return "connecting";
    case Link::connected:
      return "connected";
    case Link::disconnected:
      return "disconnected";
    case Link::failed:
      return "failed";
  }
  return {};
}

State::State() {
  Room room;
  room.id = OwnedValue(Value::string(main_room));
  rooms.set(JsKey(main_room), std::move(room));
}

const StoredParticipant* State::participant(std::string_view room_id, std::string_view uuid) const {
  const Room* found = room(room_id);
  return found == nullptr ? nullptr : found->participants.get(JsKey(uuid));
}

Value State::self_in(const Room& room) const {
  if (room.id->is_text(main_room)) {
    return Value::string(join.self);
  }
  return (*room.breakout)["participant_uuid"];
}

}  // namespace tapedeck::state
