// The reducer's part for the presentation: the presentation handlers of infinityClient.js and what
// call.js does for them. The client's call exists from the join on, with or without media.
#include "core/state/reducer.hpp"

namespace tapedeck::state {
namespace {

/// What can throw in normalizePresentationEvent: name and URI go into one text.
void check_presenter(const Value& payload) {
  const Value name = property(payload, "presenter_name");
  const Value uri = payload["presenter_uri"];
  if (truthy(name) && truthy(uri)) {
    (void)to_string(name);
    (void)to_string(uri);
  }
}

/// Sent to the one who presents when somebody else takes the floor: nothing to receive.
bool is_revoked(const Value& payload) {
  return payload["presenter_name"].is_text("") && payload["presenter_uri"].is_text("") &&
         payload["presenter_uuid"].is_text("");
}

}  // namespace

void Reducer::presentation_start(const Value& payload) {
  check_presenter(payload);
  const Value presenter = payload["presenter_uuid"];
  if (truthy(presenter) && is_in_main_room()) {
    has_presenter_ = true;
    receive_presentation(payload);
  }
  set_part(&Room::presentation, "presentation", state_.main(), payload);
}

void Reducer::presentation_stop() {
  if (has_presenter_ && is_in_main_room()) {
    has_presenter_ = false;
    stop_receiving_presentation();
  }
  set_part(&Room::presentation, "presentation", state_.main(), {});
}

void Reducer::breakout_presentation_start(const Value& room_id, const Value& payload) {
  check_presenter(payload);
  if (strictly_equal(room_id, *current_breakout_)) {
    receive_presentation(payload);
  }
  set_part(&Room::presentation, "presentation", room_of(room_id), payload);
}

void Reducer::breakout_presentation_stop(const Value& room_id) {
  if (strictly_equal(room_id, *current_breakout_)) {
    stop_receiving_presentation();
  }
  set_part(&Room::presentation, "presentation", room_of(room_id), {});
}

void Reducer::set_link(Link PresentationLinks::*direction, Link value) {
  PresentationLinks& links = *state_.call;
  links.*direction = value;
  emit(Signal::onPresentationConnectionChange, [&] {
    return object({{"send", Value::string(name_of(links.send))},
                   {"recv", Value::string(name_of(links.recv))}});
  });
  changed(direction == &PresentationLinks::send ? "presentation_send" : "presentation_recv", {}, {},
          Value::string(name_of(value)));
}

void Reducer::receive_presentation(const Value& payload) {
  if (!state_.call || state_.call->recv == Link::connecting ||
      state_.call->recv == Link::connected) {
    return;
  }
  set_link(&PresentationLinks::recv, Link::connecting);
  if (state_.call->send == Link::connected) {
    set_link(&PresentationLinks::send, Link::disconnected);  // the floor has been taken from us
  }
  set_link(&PresentationLinks::recv, is_revoked(payload) ? Link::disconnected : Link::connected);
}

void Reducer::stop_receiving_presentation() {
  if (state_.call &&
      (state_.call->recv == Link::connecting || state_.call->recv == Link::connected)) {
    set_link(&PresentationLinks::recv, Link::disconnected);
  }
}

void Reducer::tear_down_call() {
  if (state_.call) {
    set_link(&PresentationLinks::recv, Link::disconnected);
    set_link(&PresentationLinks::send, Link::disconnected);
  }
}

void Reducer::act(RestEffect effect) {
  start_step();
  if (!state_.call) {
    return;
  }
  switch (effect) {
    case RestEffect::none:
    case RestEffect::media_connected:
      break;
    case RestEffect::left_by_user:
      end_call(Value::string("User initiated disconnect"), false);
      break;
    case RestEffect::action_failed:
      end_call(Value::string("Could not execute critical network action"), true);
      break;
    case RestEffect::token_expired:
      end_call(Value::string("Could not reconnect to the meeting"), true);
      break;
    case RestEffect::floor_taken:
    case RestEffect::floor_refused:
      set_link(&PresentationLinks::send, Link::connecting);
      set_link(&PresentationLinks::recv, Link::disconnected);
      set_link(&PresentationLinks::send,
               effect == RestEffect::floor_taken ? Link::connected : Link::failed);
      break;
    case RestEffect::floor_released:
      if (state_.call->send == Link::connected) {
        set_link(&PresentationLinks::send, Link::disconnected);
      }
      break;
  }
  finish_step();
}

void Reducer::end_turn() {
  start_step();
  if (moves_.empty()) {
    return;
  }
  // Each move waits for the ones before to have torn the call down, then starts one of its own.
  tear_down_call();
  for (OwnedValue& target : moves_) {
    account(target.bytes() + sizeof(OwnedValue), 0);
    current_breakout_ = target->is_text(main_room) ? OwnedValue() : std::move(target);
    state_.call = PresentationLinks{};
    const Room* room = is_in_main_room() ? &state_.main() : find_room(*current_breakout_);
    if (room != nullptr && !room->presentation->is_undefined()) {
      receive_presentation(*room->presentation);
    }
  }
  moves_.clear();
  finish_step();
}

}  // namespace tapedeck::state
