#include "core/state/conference_status.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/state/participant.hpp"

namespace tapedeck::state {
namespace {

struct StatusField {
  std::string_view key;
  std::string_view wire;
  Clients clients = every_client;
  bool is_flag = false;  ///< `?? false`
};

/// In the order of the client's object literal; rawData follows.
constexpr StatusField status_fields[] = {
    {.key = "locked", .wire = "locked"},
    {.key = "guestsMuted", .wire = "guests_muted"},
    {.key = "allMuted", .wire = "all_muted", .is_flag = true},
    {.key = "started", .wire = "started"},
    {.key = "liveCaptionsAvailable", .wire = "live_captions_available", .is_flag = true},
    {.key = "breakoutRooms", .wire = "breakout_rooms", .is_flag = true},
    {.key = "classification", .wire = "classification"},
    {.key = "directMedia", .wire = "direct_media", .is_flag = true},
    {.key = "presentationAllowed", .wire = "presentation_allowed", .is_flag = true},
    {.key = "breakout", .wire = "breakout", .is_flag = true},
    {.key = "breakoutName", .wire = "breakout_name"},
    {.key = "breakoutDescription", .wire = "breakout_description"},
    {.key = "endTime", .wire = "end_time"},
    {.key = "endAction", .wire = "end_action"},
    {.key = "guestsAllowedToLeave", .wire = "breakout_guests_allowed_to_leave"},
    {.key = "breakoutbuzz", .wire = "breakoutbuzz"},
    {.key = "guestsCanUnmute", .wire = "guests_can_unmute", .clients = from_19},
    {.key = "guestsCanPresent", .wire = "guests_can_present", .clients = from_19},
};

}  // namespace

Value conference_status(const Value& payload, Client client, event::Arena& arena) {
  if (payload.is_nullish()) {
    throw Thrown{"the status is null"};
  }
  auto* const members = arena.allocate<event::Member>(std::size(status_fields) + 1);
  std::size_t count = 0;
  for (const StatusField& field : status_fields) {
    if (!field.clients.has(client)) {
      continue;
    }
    Value value = payload[field.wire];
    if (field.is_flag && value.is_nullish()) {
      value = Value::boolean(false);
    }
    std::construct_at(members + count++, event::Member{field.key, value});
  }
  std::construct_at(members + count++, event::Member{raw_data_key, payload});
  return Value::object({members, count});
}

}  // namespace tapedeck::state
