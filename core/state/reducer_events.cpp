// The reducer's part for everything but rosters and the presentation.
#include <memory>
#include <string>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/event/wtf8.hpp"
#include "core/state/conference_status.hpp"
#include "core/state/error_code.hpp"
#include "core/state/message_id.hpp"
#include "core/state/reducer.hpp"

namespace tapedeck::state {
namespace {

using event::Member;

/// `(type ?? '').split(';')[0]`.
std::string_view media_type(const Value& type) {
  if (type.is_nullish()) {
    return {};
  }
  if (!type.is_string()) {
    throw Thrown{"the type of the message is no string"};
  }
  return type.as_string().substr(0, type.as_string().find(';'));
}

Limit limit_of(const event::Decoded& decoded) {
  switch (decoded.outcome) {
    case event::Decoded::Outcome::too_deep:
      return Limit::json_depth;
    case event::Decoded::Outcome::too_many:
      return Limit::json_values;
    case event::Decoded::Outcome::ok:
    case event::Decoded::Outcome::not_json:
      break;
  }
  return Limit::none;
}

}  // namespace

event::Decoded Reducer::parse_json(const Value& text) {
  try {
    return message_decoder_.decode(to_string(text));
  } catch (const Thrown&) {
    event::Decoded failed;
    failed.outcome = event::Decoded::Outcome::not_json;
    return failed;
  }
}

void Reducer::message(const Value& room_id, const Value& payload) {
  const Value user = property(payload, "uuid");
  const Value origin = payload["origin"];
  const Value body = payload["payload"];
  Value display_name;
  if (truthy(user)) {
    if (const StoredParticipant* sender = state_.main().participants.get(JsKey(user))) {
      display_name = shown_name(*sender->payload, arena_);
    }
  }
  const bool is_text = media_type(payload["type"]) == "text/plain";
  Value content = body;
  if (!is_text) {
    const event::Decoded decoded = parse_json(body);
    if (const Limit limit = limit_of(decoded); limit != Limit::none) {
      outcome_ = {Fate::left_out, {}, limit};
      return;
    }
    if (!decoded.ok()) {
      outcome_ = {Fate::dropped, "the payload of the message is neither text/plain nor JSON"};
      return;
    }
    content = decoded.value;
  }
  const Value made = object({
      {"at", text(format_wall_time(wall_ns_))},
      {"id", text(MessageId(state_.seq).text())},
      {"roomId", room_id},
      {"displayName", truthy(display_name) ? display_name : origin},
      {"userId", user},
      {"direct", payload["direct"]},
      {"message", content},
  });
  ++state_.counts.chat;
  state_.chat.push_back({state_.seq, OwnedValue(made), is_text});
  chat_bytes_ += state_.chat.back().message.bytes();
  while (state_.chat.size() > limits::chat_log_max || chat_bytes_ > limits::chat_bytes_max) {
    chat_bytes_ -= state_.chat.front().message.bytes();
    state_.chat.pop_front();
  }
  changed(is_text ? "message" : "application_message", room_id, {}, made);
  emit_value(is_text ? Signal::onMessage : Signal::onApplicationMessage, made);
}

void Reducer::conference_update(const Value& room_id, const Value& payload) {
  const Value status = conference_status(payload, policy_.client, arena_);
  Room& room = room_of(room_id);
  keep(room.status, payload);
  changed("status", room_id, {}, status);
  emit_value(Signal::onConferenceStatus, object({{"id", room_id}, {"status", status}}));
}

void Reducer::main_conference_update(const Value& payload) {
  conference_update(Value::string(main_room), payload);
  if (policy_.emits_main_status_twice && !emitted_.empty()) {
    emitted_.push_back(emitted_.back());
  }
}

void Reducer::stage(const Value& payload) {
  if (!payload.is_array()) {
    throw Thrown{"the stage is no array"};
  }
  const auto items = payload.items();
  for (const Value& item : items) {
    (void)property(item, "participant_uuid");  // throws as the client does
  }
  set_part(&Room::stage, "stage", state_.main(), payload);
  emit(Signal::onStage, [&] {
    Value* const stages = arena_.allocate<Value>(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::construct_at(stages + i, object({{"userId", items[i]["participant_uuid"]},
                                            {"stageIndex", items[i]["stage_index"]},
                                            {"vad", items[i]["vad"]}}));
    }
    return Value::array({stages, items.size()});
  });
}

void Reducer::layout(const Value& payload) {
  Value screen;
  Value host;
  Value guest;
  const Value requested = property(payload, "requested_layout");
  if (!requested.is_nullish()) {
    screen = requested["primary_screen"];
    host = property(screen, "chair_layout");
    guest = screen["guest_layout"];
  }
  set_part(&Room::layout, "layout", state_.main(), payload);
  emit(Signal::onRequestedLayout, [&] {
    return object({{"primaryScreen", object({{"hostLayout", host}, {"guestLayout", guest}})}});
  });
  emit_value(Signal::onLayoutOverlayTextEnabled,
             Value::boolean(truthy(payload["overlay_text_enabled"])));
  emit_value(Signal::onLayoutUpdate, payload);
}

void Reducer::live_captions(const Value& room_id, const Value& payload) {
  const Value data = property(payload, "data");
  const Value names = policy_.names_speakers ? speakers(room_id, payload["sources"]) : Value();
  set_part(&Room::captions, "captions", room_of(room_id), payload);
  emit(Signal::onLiveCaptions, [&] {
    return object({{"data", data}, {"isFinal", payload["is_final"]}, {"speakers", names}});
  });
}

Value Reducer::speakers(const Value& room_id, const Value& sources) {
  std::vector<Value> names;
  if (!sources.is_nullish() && !sources.is_array()) {
    throw Thrown{"sources is no array"};
  }
  const Room* room = find_room(room_id);
  for (const Value& source : sources.items()) {
    const Value uuid = property(source, "participant_uuid");
    if (!truthy(uuid)) {
      continue;
    }
    if (!uuid.is_string()) {
      throw Thrown{"participant_uuid of a source is no string"};
    }
    const StoredParticipant* speaker = room == nullptr || is_blank(uuid.as_string())
                                           ? nullptr
                                           : room->participants.get(JsKey(uuid));
    if (speaker != nullptr) {
      const Value name = shown_name(*speaker->payload, arena_);
      if (truthy(name)) {
        names.push_back(name);
      }
    }
  }
  return Value::array(arena_.copy(std::span<const Value>(names)));
}

void Reducer::refer(const Value& payload) {
  const Value breakout_name = property(payload, "breakout_name");
  keep(state_.transfer, payload);
  changed("transfer", {}, {}, payload);
  emit(Signal::onTransfer, [&] {
    event::ObjectBuilder details;  // `{...payload, callTag, breakoutName, target}`
    std::size_t index = 0;
    const auto add_indexed = [&](const Value& value) {
      details.set(arena_.copy(std::to_string(index++)), value);
    };
    for (const Member& member : payload.members()) {
      details.set(member.key, member.value);
    }
    for (const Value& item : payload.items()) {
      add_indexed(item);
    }
    if (payload.is_string()) {
      event::for_each_code_unit(payload.as_string(),
                                [&](std::string_view unit) { add_indexed(text(unit)); });
    }
    details.set("callTag", {});
    details.set("breakoutName", breakout_name);
    details.set("target", payload["target"]);
    return details.build(arena_);
  });
}

void Reducer::cancel_refer(const Value& payload) {
  if (!policy_.hears_cancel_refer) {
    outcome_ = {Fate::unheard, {}};
    return;
  }
  keep(state_.transfer, {});
  changed("transfer", {}, {}, {});
  emit_value(Signal::onCancelTransfer, payload);
}

void Reducer::breakout_begin(const Value& payload) {
  Room& room = room_of(property(payload, "breakout_uuid"));
  set_part(&Room::breakout, "breakout", room, payload);
  emit_value(Signal::onBreakoutBegin, payload);
}

void Reducer::breakout_end(const Value& payload) {
  if (Room* room = find_room(property(payload, "breakout_uuid"))) {
    clear_participants(*room);
    for (OwnedValue* part : {&room->status, &room->stage, &room->layout, &room->captions}) {
      keep(*part, {});
    }
    set_part(&Room::breakout, "breakout", *room, {});
  }
  emit_value(Signal::onBreakoutEnd, payload);
}

void Reducer::breakout_refer(const Value& payload) {
  const Value room_id = property(payload, "breakout_uuid");
  if (policy_.moves_on_breakout_refer) {
    OwnedValue target(room_id);
    account(0, target.bytes() + sizeof(OwnedValue));
    moves_.push_back(std::move(target));
    emit_value(Signal::onBreakoutRefer, object({{"breakout_uuid", room_id}}));
    return;
  }
  const Value requester = payload["requester_uuid"];
  require_id(requester, "requester_uuid is missing or blank");
  require_id(room_id, "breakout_uuid is missing or blank");
  emit(Signal::onBreakoutRefer, [&] {
    return object({{"breakoutUuid", room_id},
                   {"breakoutName", payload["breakout_name"]},
                   {"requesterUuid", requester}});
  });
}

void Reducer::splash_screen(const Value& payload) {
  if (truthy(payload) && !payload.is_object() && !payload.is_array()) {
    throw Thrown{"the splash screen is no object"};
  }
  if (payload.find("screen_key") != nullptr) {
    // The client shows a screen of the theme that it asked for at the join; a tape has none.
    keep(state_.splash_screen, payload);
    changed("splash_screen", {}, {}, payload);
    return ignore("the theme has no such screen");
  }
  keep(state_.splash_screen, {});
  changed("splash_screen", {}, {}, {});
  emit_value(Signal::onSplashScreen, {});
}

void Reducer::new_candidate(const Value& payload) {
  const Value candidate = property(payload, "candidate");
  emit(Signal::onIceCandidate, [&] {
    // The judge runs without a browser: these are the members of its stand-in for RTCIceCandidate,
    // which takes over its argument only where that names a candidate.
    const bool named = truthy(candidate);
    const auto taken = [&](const Value& value) { return named ? value : Value(); };
    return object({{"signalingState", Value::string("stable")},
                   {"connectionState", Value::string("new")},
                   {"iceConnectionState", Value::string("new")},
                   {"iceGatheringState", Value::string("new")},
                   {"localDescription", Value::null()},
                   {"remoteDescription", Value::null()},
                   {"sctp", Value::null()},
                   {"candidate", taken(candidate)},
                   {"sdpMid", taken(payload["mid"])},
                   {"usernameFragment", taken(payload["ufrag"])}});
  });
}

void Reducer::disconnect(const Value& payload) {
  end_call(property(payload, "reason"), true);
}

void Reducer::end_call(const Value& reason, bool is_unexpected) {
  state_.disconnect = Disconnect{OwnedValue(reason), state_.seq, state_.t_ns};
  changed("disconnect", {}, {}, reason);
  if (is_unexpected) {
    emit(Signal::onDisconnected, [&] {
      return object({{"error", reason}, {"errorCode", Value::string(error_code(reason))}});
    });
  }
  tear_down_call();
  state_.call.reset();
  current_breakout_ = OwnedValue();
  has_presenter_ = false;
}

void Reducer::call_disconnected(const Value& payload) {
  const Value call = property(payload, "call_uuid");
  tear_down_call();
  emit(Signal::onCallDisconnected, [&] { return object({{"call_uuid", call}}); });
}

}  // namespace tapedeck::state
