#include <algorithm>
#include <array>

#include "core/event/catalogue.hpp"
#include "core/event/shapes.hpp"

namespace tapedeck::event {
namespace {

// The shapes of plugin-api 19 as its documentation gives them. A member is `optional` where the
// documentation marks it so or has it undefined. Dates are JSON as a Date prints itself: an invalid
// one is null.

using namespace shapes;  // NOLINT(google-build-using-namespace): a table in a language of its own

constexpr std::array call_type_values{"video"sv, "audio"sv, "api"sv};

constexpr std::array participant_fields{
    Field{"callType", one_of(call_type_values), always, 0, "kind of call"},
    Field{"canChangeLayout", flag, always, 0, "may change the layout"},
    Field{"canControl", flag, always, 0, "may control the conference"},
    Field{"canDisconnect", flag, always, 0, "may be disconnected"},
    Field{"canFecc", flag, always, 0, "its camera can be moved"},
    Field{"canMute", flag, always, 0, "may be muted"},
    Field{"canRaiseHand", flag, always, 0, "may raise its hand"},
    Field{"canSpotlight", flag, always, 0, "may be put in the spotlight"},
    Field{"canTransfer", flag, always, 0, "may be transferred"},
    Field{"displayName", text, optional, 0, "name to show"},
    Field{"handRaisedTime", unix_time, always, 0, "when its hand was raised; 0 while it is down"},
    Field{"identity", participant_id, always, 0, "the same as uuid"},
    Field{"isCameraMuted", flag, always, 0, "camera off"},
    Field{"isEndpoint", flag, optional, 0, "a SIP device"},
    Field{"isExternal", flag, always, 0, "on the far side of a Skype or Teams meeting"},
    Field{"isGateway", flag, always, 0, "calls through a gateway"},
    Field{"isHost", flag, always, 0, "a host"},
    Field{"isIdpAuthenticated", flag, optional, 0, "signed in through an identity provider"},
    Field{"isMainVideoDroppedOut", flag, always, 0, "its video has stopped arriving"},
    Field{"isMuted", flag, always, 0, "audio muted by a host"},
    Field{"isPresenting", flag, always, 0, "is the presenter"},
    Field{"isSpotlight", flag, always, 0, "in the spotlight"},
    Field{"isStreaming", flag, always, 0, "a recorder or streamer, not a person"},
    Field{"isVideoSilent", flag, always, 0, "sends no moving picture"},
    Field{"isWaiting", flag, always, 0, "in the waiting room"},
    Field{"needsPresentationInMix", flag, always, 0, "wants the presentation in its video"},
    Field{"protocol", protocol, always, 0, "how it is connected"},
    Field{"raisedHand", flag, always, 0, "has its hand up"},
    Field{"role", role, always, 0, "chair is a host"},
    Field{"rxPresentation", flag, always, 0, "is shown presentations"},
    Field{"serviceType", service, optional, 0, "where in the service it is"},
    Field{"spotlightOrder", unix_time, always, 0, "when it was put in the spotlight; 0 without"},
    Field{"startAt", or_null(date), always, 0, "when it joined"},
    Field{"startTime", unix_time, always, 0, "when it joined, in Unix seconds"},
    Field{"uri", text, always, 0, "its address"},
    Field{"uuid", participant_id, always, 0, "who it is"},
    Field{"vendor", text, optional, 0, "its software"},
};
constexpr Shape participant = named("plugin.a_participant", object(participant_fields));

constexpr std::array in_room_fields{
    Field{"id", text, always, 0, "the room: main, or the uuid of a breakout"},
    Field{"participant", participant, always, 0, "who"},
};
constexpr Shape in_room = object(in_room_fields);
constexpr std::array roster_fields{
    Field{"id", text, always, 0, "the room: main, or the uuid of a breakout"},
    Field{"participants", array_of(participant), always, 0, "everyone in it"},
};

constexpr std::array classification_fields{
    Field{"current", or_null(number), always, 0, "the level that is set"},
    Field{"levels", map_of(text), always, 0, "names by level"},
};
constexpr std::array status_fields{
    Field{"allMuted", flag, always, 0, "everyone is muted"},
    Field{"breakoutRooms", flag, always, 0, "breakout rooms can be opened"},
    Field{"classification", object(classification_fields), optional, 0, "how secret it is"},
    Field{"directMedia", flag, always, 0, "media flows between the two, not over the node"},
    Field{"guestsMuted", flag, always, 0, "guests are muted"},
    Field{"liveCaptionsAvailable", flag, always, 0, "live captions can be asked for"},
    Field{"locked", flag, always, 0, "nobody is let in"},
    Field{"presentationAllowed", flag, always, 0, "presenting is allowed"},
    Field{"started", flag, always, 0, "a host is there or has let guests in"},
};
constexpr std::array conference_status_fields{
    Field{"id", text, always, 0, "the room: main, or the uuid of a breakout"},
    Field{"status", object(status_fields), always, 0, "its status"},
};

constexpr std::array disconnected_fields{
    Field{"error", text, always, 0, "why, for people"},
    Field{"errorCode", text, always, 0, "#pexNNN"},
};

constexpr std::array message_fields{
    Field{"at", date, always, 0, "when it was received"},
    Field{"direct", flag, always, 0, "to you alone"},
    Field{"displayName", text, always, 0, "name of the sender"},
    Field{"id", text, always, 0, "made up by the client"},
    Field{"message", text, always, 0, "what it says"},
    Field{"userId", participant_id, always, 0, "the sender"},
};
constexpr std::array application_message_fields{
    Field{"at", date, always, 0, "when it was received"},
    Field{"direct", flag, always, 0, "to you alone"},
    Field{"displayName", text, always, 0, "name of the sender"},
    Field{"id", text, always, 0, "made up by the client"},
    Field{"message", map_of(anything), always, 0, "any object"},
    Field{"userId", participant_id, always, 0, "the sender"},
};

constexpr std::array transfer_fields{
    Field{"alias", text, always, 0, "conference to go to"},
};

constexpr std::array stage_fields{
    Field{"stageIndex", integer, always, 0, "0 is the last who spoke"},
    Field{"userId", participant_id, always, 0, "who"},
    Field{"vad", integer, always, 0, "voice activity from 0 to 100"},
};
constexpr Shape stage_entry = object(stage_fields);

constexpr std::array connection_values{"closed"sv,       "connected"sv, "connecting"sv,
                                       "disconnected"sv, "failed"sv,    "new"sv};
constexpr std::array presentation_state_fields{
    Field{"recv", one_of(connection_values), always, 0, "the presentation that you get"},
    Field{"send", one_of(connection_values), always, 0, "the presentation that you send"},
};

constexpr std::array authenticated_fields{
    Field{"conferenceAlias", text, always, 0, "alias that was joined"},
    Field{"conferenceName", text, optional, 0, "name of the conference"},
};
constexpr std::array breakout_refer_fields{
    Field{"breakout_uuid", text, always, 0, "room to go to"},
};

constexpr std::array<PluginShape, 20> plugin_table{{
    {"conferenceStatus", object(conference_status_fields), true, "the status of a room"},
    {"connected", nothing, false, "media flows"},
    {"disconnected", object(disconnected_fields), true, "out of the conference, unexpectedly"},
    {"me", in_room, true, "your own participant has changed"},
    {"participants", object(roster_fields), true, "the roster of a room"},
    {"message", object(message_fields), true, "a text message to all"},
    {"directMessage", object(message_fields), true, "a text message to you alone"},
    {"applicationMessage", object(application_message_fields), true, "a message of an application"},
    {"participantJoined", in_room, true, "somebody has joined"},
    {"participantLeft", in_room, true, "somebody has left"},
    {"raiseHand", in_room, true, "somebody has raised a hand, or lowered it"},
    {"transfer", object(transfer_fields), true, "you are sent to another conference"},
    {"stage", array_of(stage_entry), true, "who speaks"},
    {"presentationConnectionStateChange", object(presentation_state_fields), true,
     "a presentation comes or goes"},
    {"layoutUpdate", layout, true, "what the video shows, as on the wire"},
    {"authenticatedWithConference", object(authenticated_fields), false, "a token was given"},
    {"userInitiatedDisconnect", nothing, false, "you have left"},
    {"breakoutBegin", object(breakout_room_fields), true, "a breakout room is open"},
    {"breakoutEnd", object(breakout_room_fields), true, "a breakout room is closed"},
    {"breakoutRefer", object(breakout_refer_fields), true, "move your media to a room"},
}};

}  // namespace

std::span<const PluginShape> plugin_shapes() {
  return plugin_table;
}

const PluginShape* find_plugin_shape(std::string_view name) {
  const auto* const found = std::ranges::find(plugin_table, name, &PluginShape::name);
  return found == plugin_table.end() ? nullptr : found;
}

}  // namespace tapedeck::event
