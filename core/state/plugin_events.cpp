#include "core/state/plugin_events.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

namespace tapedeck::state {
namespace {

using event::Member;
using event::Value;

// The members that plugin-api 19 documents, in the order of the client's objects.
constexpr std::string_view participant_keys[] = {
    "callType",
    "canControl",
    "canChangeLayout",
    "canDisconnect",
    "canFecc",
    "canMute",
    "canRaiseHand",
    "canSpotlight",
    "canTransfer",
    "displayName",
    "handRaisedTime",
    "identity",
    "isCameraMuted",
    "isEndpoint",
    "isExternal",
    "isIdpAuthenticated",
    "isGateway",
    "isHost",
    "isMainVideoDroppedOut",
    "isMuted",
    "isPresenting",
    "isSpotlight",
    "isStreaming",
    "isVideoSilent",
    "isWaiting",
    "needsPresentationInMix",
    "protocol",
    "raisedHand",
    "role",
    "rxPresentation",
    "serviceType",
    "spotlightOrder",
    "startAt",
    "startTime",
    "uri",
    "uuid",
    "vendor",
};
constexpr std::string_view status_keys[] = {
    "locked",         "guestsMuted",           "allMuted",
    "started",        "liveCaptionsAvailable", "breakoutRooms",
    "classification", "directMedia",           "presentationAllowed",
};
constexpr std::string_view message_keys[] = {"at",          "id",     "message",
                                             "displayName", "userId", "direct"};
constexpr std::string_view transfer_keys[] = {"alias"};  // a plugin never sees the token
constexpr std::string_view authenticated_keys[] = {"conferenceAlias", "conferenceName"};

/// Signals that a plugin gets as they are, under a name of its own.
struct PassedOn {
  Signal signal;
  std::string_view event;
};
constexpr PassedOn passed_on[] = {
    {Signal::onDisconnected, "disconnected"},
    {Signal::onCancelTransfer, "cancelTransfer"},
    {Signal::onStage, "stage"},
    {Signal::onLayoutUpdate, "layoutUpdate"},
    {Signal::onPresentationConnectionChange, "presentationConnectionStateChange"},
    {Signal::onBreakoutBegin, "breakoutBegin"},
    {Signal::onBreakoutEnd, "breakoutEnd"},
    {Signal::onBreakoutRefer, "breakoutRefer"},
};

}  // namespace

std::optional<PluginApi> plugin_api_named(std::string_view text) {
  if (text == "19") {
    return PluginApi::api_19;
  }
  if (text == "22") {
    return PluginApi::api_22;
  }
  return std::nullopt;
}

Client client_of(PluginApi api) {
  switch (api) {
    case PluginApi::api_19:
      return Client::client_17;
    case PluginApi::api_22:
      return Client::client_20;
  }
  return Client::client_20;
}

std::span<const PluginEvent> PluginEvents::from(const Step& step) {
  arena_.clear();
  events_.clear();
  if (step.effect == RestEffect::media_connected) {
    events_.push_back({"connected", {}});
  } else if (step.effect == RestEffect::left_by_user) {
    events_.push_back({"userInitiatedDisconnect", {}});
  }
  for (const Emitted& emitted : step.signals) {
    add(emitted);
  }
  return events_;
}

Value PluginEvents::picked(const Value& object, std::span<const std::string_view> keys) {
  if (!object.is_object()) {
    return object;
  }
  Member* const members = arena_.allocate<Member>(keys.size());
  std::size_t count = 0;
  const std::span<const Member> from = object.members();
  auto next = from.begin();  // the keys are in the order of the client's objects
  for (const std::string_view key : keys) {
    const auto found =
        std::find_if(next, from.end(), [&](const Member& m) { return m.key == key; });
    const bool in_order = found != from.end();
    std::construct_at(members + count++, Member{key, in_order ? found->value : object[key]});
    next = in_order ? std::next(found) : next;
  }
  return Value::object({members, count});
}

Value PluginEvents::in_room(const Value& payload) {
  if (api_ != PluginApi::api_19) {
    return payload;
  }
  const Member members[] = {{"id", payload["id"]},
                            {"participant", picked(payload["participant"], participant_keys)}};
  return Value::object(arena_.copy(std::span<const Member>(members)));
}

void PluginEvents::add_message(const Value& message, bool is_text) {
  const bool direct = message["direct"].is_boolean() && message["direct"].as_boolean();
  const std::string_view text = direct ? "directMessage" : "message";
  const Value payload = api_ == PluginApi::api_19 ? picked(message, message_keys) : message;
  events_.push_back({is_text ? text : "applicationMessage", payload});
}

void PluginEvents::add_activity(double type, const Value& payload) {
  if (api_ == PluginApi::api_19) {
    return;
  }
  const Member activity[] = {{"type", Value::number(type)},
                             {"participant", payload["participant"]}};
  const Member entry[] = {
      {"roomId", payload["id"]},
      {"activity", Value::object(arena_.copy(std::span<const Member>(activity)))}};
  const Value entries[] = {Value::object(arena_.copy(std::span<const Member>(entry)))};
  events_.push_back(
      {"participantsActivities", Value::array(arena_.copy(std::span<const Value>(entries)))});
}

void PluginEvents::add(const Emitted& emitted) {
  const Value& payload = emitted.payload;
  for (const PassedOn& same : passed_on) {
    if (same.signal == emitted.signal) {
      events_.push_back({same.event, payload});
      return;
    }
  }
  switch (emitted.signal) {
    case Signal::onAuthenticatedWithConference:
      events_.push_back({"authenticatedWithConference", picked(payload, authenticated_keys)});
      return;
    case Signal::onConferenceStatus:
      add_status(payload);
      return;
    case Signal::onMe:
      events_.push_back({"me", in_room(payload)});
      return;
    case Signal::onParticipants:
      add_roster(payload);
      return;
    case Signal::onParticipantJoined:
      events_.push_back({"participantJoined", in_room(payload)});
      add_activity(0, payload);
      return;
    case Signal::onParticipantLeft:
      events_.push_back({"participantLeft", in_room(payload)});
      add_activity(1, payload);
      return;
    case Signal::onParticipantUpdated:
      add_activity(2, payload);
      return;
    case Signal::onRaiseHand:
      events_.push_back({"raiseHand", in_room(payload)});
      return;
    case Signal::onMessage:
      add_message(payload, true);
      return;
    case Signal::onApplicationMessage:
      add_message(payload, false);
      return;
    case Signal::onTransfer:
      events_.push_back({"transfer", picked(payload, transfer_keys)});
      return;
    // Passed on above.
    case Signal::onDisconnected:
    case Signal::onCancelTransfer:
    case Signal::onStage:
    case Signal::onLayoutUpdate:
    case Signal::onPresentationConnectionChange:
    case Signal::onBreakoutBegin:
    case Signal::onBreakoutEnd:
    case Signal::onBreakoutRefer:
    // Not for plugins.
    case Signal::onCallDisconnected:
    case Signal::onConnected:  // of the stream; the plugin event tells of the media
    case Signal::onFecc:
    case Signal::onIceCandidate:
    case Signal::onLayoutOverlayTextEnabled:
    case Signal::onLiveCaptions:
    case Signal::onMyselfMuted:
    case Signal::onNewOffer:
    case Signal::onPeerDisconnect:
    case Signal::onRequestedLayout:
    case Signal::onServiceType:
    case Signal::onSplashScreen:
    case Signal::onUpdateSdp:
      return;
  }
}

void PluginEvents::add_status(const Value& payload) {
  const Value status = payload["status"];
  const Member members[] = {
      {"id", payload["id"]},
      {"status", api_ == PluginApi::api_19 ? picked(status, status_keys) : status}};
  events_.push_back(
      {"conferenceStatus", Value::object(arena_.copy(std::span<const Member>(members)))});
}

void PluginEvents::add_roster(const Value& payload) {
  if (api_ != PluginApi::api_19) {
    events_.push_back({"participants", payload});
    return;
  }
  const auto all = payload["participants"].items();
  Value* const shown = arena_.allocate<Value>(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::construct_at(shown + i, picked(all[i], participant_keys));
  }
  const Member members[] = {{"id", payload["id"]},
                            {"participants", Value::array({shown, all.size()})}};
  events_.push_back({"participants", Value::object(arena_.copy(std::span<const Member>(members)))});
}

}  // namespace tapedeck::state
