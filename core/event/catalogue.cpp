#include "core/event/catalogue.hpp"

#include <algorithm>
#include <array>

#include "core/event/shapes.hpp"

namespace tapedeck::event {
namespace {

// Meanings are our own words. `always` marks what every documented or captured example since
// Infinity 20 carries; `since` is the first version of the node whose examples have the field.

using namespace shapes;  // NOLINT(google-build-using-namespace): a table in a language of its own

constexpr std::array direction_values{"in"sv, "out"sv};
constexpr std::array on_off_values{"On"sv, "Off"sv};
constexpr std::array policy_values{"ALLOW"sv, "DENY"sv};

constexpr std::array audio_mix_fields{
    Field{"mix_name", text, always, 0, "name of the mix"},
    Field{"prominent", flag, always, 0, "louder than the others in it"},
};
constexpr Shape audio_mix = object(audio_mix_fields);

constexpr std::array transform_layout_fields{
    Field{"layout", layout_id, optional, 0, "layout of the mix"},
};
constexpr std::array mix_config_fields{
    Field{"transform_layout", object(transform_layout_fields), optional, 0, "how it is composed"},
};
constexpr std::array video_mix_fields{
    Field{"mix_config", object(mix_config_fields), optional, 0, "settings of the mix"},
    Field{"mix_name", text, always, 0, "name of the mix"},
    Field{"timestamp", unix_time, always, 0, "when it was chosen"},
};

constexpr std::array participant_fields{
    Field{"api_url", made_up_id, optional, 0, "path of the participant in the REST API"},
    Field{"buzz_time", unix_time, always, 0, "when the hand was raised; 0 while it is down"},
    Field{"call_direction", usually(direction_values), always, 0, "who called whom"},
    Field{"call_tag", made_up_id, always, 0, "tag given at the join; empty without one"},
    Field{"can_receive_personal_mix", flag, optional, 38, "may be given a mix of its own"},
    Field{"custom_properties", or_null(map_of(anything)), optional, 41, "set by the application"},
    Field{"disconnect_supported", yes_no, always, 0, "may be disconnected"},
    Field{"display_name", text, always, 0, "name to show; may be empty"},
    Field{"encryption", one_of(on_off_values), always, 0, "whether its media is encrypted"},
    Field{"external_node_uuid", made_up_id, always, 0, "node on the far side of a gateway"},
    Field{"fecc_supported", yes_no, always, 0, "its camera can be moved"},
    Field{"has_media", flag, always, 0, "sends or receives media, not only control"},
    Field{"is_ai_enabled", flag, optional, 37, "an AI service takes part through it"},
    Field{"is_audio_only_call", yes_no, always, 0, "a call without video"},
    Field{"is_client_muted", flag, optional, 36, "muted by its own client"},
    Field{"is_conjoined", flag, optional, 0, "in the main room and in a breakout at once"},
    Field{"is_external", flag, always, 0, "on the far side of a Skype or Teams meeting"},
    Field{"is_idp_authenticated", flag, optional, 31, "signed in through an identity provider"},
    Field{"is_main_video_dropped_out", flag, optional, 0, "its video has stopped arriving"},
    Field{"is_muted", yes_no, always, 0, "audio muted by a host"},
    Field{"is_on_hold", flag, optional, 37, "on hold"},
    Field{"is_presenting", yes_no, always, 0, "is the presenter"},
    Field{"is_public_streaming", flag, optional, 37, "streams to the public"},
    Field{"is_recording", flag, optional, 37, "records"},
    Field{"is_streaming_conference", flag, always, 0, "a recorder or streamer, not a person"},
    Field{"is_transcribing", flag, optional, 37, "transcribes"},
    Field{"is_transferring", flag, optional, 0, "is on its way to another conference"},
    Field{"is_tx_muted", flag, optional, 37, "hears nothing from the conference"},
    Field{"is_video_call", yes_no, always, 0, "a call with video"},
    Field{"is_video_muted", flag, always, 0, "camera off; a boolean, unlike is_muted"},
    Field{"is_video_silent", flag, optional, 0, "sends no moving picture"},
    Field{"last_spoken_time", unix_time, optional, 0, "when it was last heard"},
    Field{"layout_group", or_null(text), optional, 0, "group that shares a layout"},
    Field{"local_alias", text, always, 0, "alias that was dialled"},
    Field{"mute_supported", yes_no, always, 0, "may be muted by a host"},
    Field{"needs_presentation_in_mix", flag, optional, 0, "wants the presentation in its video"},
    Field{"overlay_text", text, always, 0, "name in the overlay, where it differs"},
    Field{"presentation_supported", yes_no, optional, 0, "can receive a presentation"},
    Field{"private_custom_properties", or_null(map_of(anything)), optional, 41,
          "set by the application, for hosts only"},
    Field{"protocol", protocol, always, 0, "how it is connected; empty for guests"},
    Field{"receive_from_audio_mix", text, optional, 33, "audio mix that it hears"},
    Field{"receive_from_video_mix", object(video_mix_fields), optional, 38,
          "video mix that it sees"},
    Field{"role", role, always, 0, "chair is a host"},
    Field{"rx_presentation_policy", one_of(policy_values), always, 0,
          "whether it is shown presentations"},
    Field{"send_to_audio_mixes", array_of(audio_mix), optional, 33, "audio mixes that hear it"},
    Field{"service_type", service, optional, 0, "where in the service it is"},
    Field{"show_live_captions", flag, optional, 0, "gets live captions"},
    Field{"spotlight", unix_time, always, 0, "when it was put in the spotlight; 0 without"},
    Field{"start_time", unix_time, always, 0, "when it joined"},
    Field{"studiosound_enabled", or_null(flag), optional, 37, "its audio is cleaned up"},
    Field{"supports_direct_chat", flag, optional, 37, "can be written to alone"},
    Field{"transfer_supported", yes_no, always, 0, "may be transferred"},
    Field{"uri", text, always, 0, "its address; empty for guests"},
    Field{"uuid", participant_id, always, 0, "who it is"},
    Field{"vendor", text, always, 0, "its software; empty for guests"},
};
constexpr Shape participant = named("wire.a_participant", object(participant_fields));

constexpr std::array participant_delete_fields{
    Field{"uuid", participant_id, always, 0, "who has left"},
};

constexpr std::array end_action_values{"transfer"sv, "disconnect"sv};
constexpr std::array classification_fields{
    Field{"current", or_null(integer), always, 0, "the level that is set"},
    Field{"levels", map_of(text), always, 0, "names by level; levels may be missing in between"},
};
constexpr std::array banner_fields{
    Field{"set_time", unix_time, optional, 0, "when it was set"},
    Field{"text", text, always, 0, "what the banner says"},
};
constexpr std::array breakout_buzz_fields{
    Field{"time", unix_time, always, 0, "since when; 0 if it does not"},
    Field{"value", flag, always, 0, "the room asks for a host"},
};
constexpr std::array conference_fields{
    Field{"ai_enabled", flag, optional, 39, "an AI service takes part"},
    Field{"all_muted", flag, optional, 0, "everyone is muted"},
    Field{"breakout", flag, optional, 0, "this is a breakout room"},
    Field{"breakout_description", text, optional, 0, "what the room is for"},
    Field{"breakout_guests_allowed_to_leave", flag, optional, 0,
          "guests may go back by themselves"},
    Field{"breakout_name", text, optional, 0, "name of the room"},
    Field{"breakout_rooms", flag, optional, 0, "breakout rooms can be opened"},
    Field{"breakoutbuzz", object(breakout_buzz_fields), optional, 0, "call for a host"},
    Field{"chat_enabled", flag, optional, 39, "chat is on"},
    Field{"classification", object(classification_fields), optional, 0, "how secret it is"},
    Field{"custom_properties", or_null(map_of(anything)), optional, 39, "set by the application"},
    Field{"direct_media", flag, optional, 0, "media flows between the two, not over the node"},
    Field{"end_action", usually(end_action_values), optional, 0, "what happens to those in it"},
    Field{"end_time", unix_time, optional, 0, "when the room closes; 0 for never"},
    Field{"external_media_processing", flag, optional, 39, "media is processed elsewhere"},
    Field{"guests_can_present", or_null(flag), optional, 0, "guests may present"},
    Field{"guests_can_unmute", or_null(flag), optional, 0, "guests may unmute themselves"},
    Field{"guests_muted", flag, always, 0, "guests are muted"},
    Field{"host_custom_properties", or_null(map_of(anything)), optional, 39,
          "set by the application, for hosts only"},
    Field{"live_captions_available", flag, optional, 0, "live captions can be asked for"},
    Field{"locked", flag, always, 0, "nobody is let in; always false to guests"},
    Field{"message_text", or_null(object(banner_fields)), optional, 35, "banner over the video"},
    Field{"pinning_config", text, optional, 35, "who is pinned where"},
    Field{"presentation_allowed", flag, optional, 0, "presenting is allowed"},
    Field{"public_streaming", flag, optional, 39, "is streamed to the public"},
    Field{"recording", flag, optional, 39, "is recorded"},
    Field{"started", flag, always, 0, "a host is there or has let guests in"},
    Field{"streaming", flag, optional, 39, "is streamed"},
    Field{"transcribing", flag, optional, 39, "is transcribed"},
};

constexpr std::array stage_fields{
    Field{"participant_uuid", participant_id, always, 0, "who"},
    Field{"stage_index", integer, always, 0, "0 is the last who spoke"},
    Field{"vad", integer, always, 0, "voice activity from 0 to 100"},
};
constexpr Shape stage_entry = object(stage_fields);

constexpr std::array message_fields{
    Field{"direct", flag, optional, 0, "to you alone"},
    Field{"origin", text, always, 0, "name of the sender"},
    Field{"payload", text, always, 0, "what it says; JSON as a string for application/json"},
    Field{"type", text, always, 0, "MIME type, with or without parameters"},
    Field{"uuid", participant_id, always, 0, "the sender"},
};

constexpr std::array presentation_source_values{"video"sv, "static"sv};
constexpr std::array presentation_fields{
    Field{"presenter_name", text, always, 0, "name of the presenter; empty when revoked"},
    Field{"presenter_uri", text, always, 0, "address of the presenter"},
    Field{"presenter_uuid", participant_id, optional, 0, "the presenter; not from old nodes"},
    Field{"source", usually(presentation_source_values), optional, 0, "what is presented"},
};
constexpr Shape nothing_or_empty{.types = {Type::null, Type::object}};

constexpr std::array disconnect_fields{
    Field{"reason", text, always, 0, "why, for people"},
};
constexpr std::array call_disconnected_fields{
    Field{"call_uuid", made_up_id, always, 0, "the call"},
    Field{"reason", text, always, 0, "why, for people"},
};

constexpr std::array target_values{"main"sv, "breakout"sv, "conference"sv, "direct"sv,
                                   "transcoded"sv};
constexpr std::array refer_fields{
    Field{"alias", text, always, 0, "conference to go to"},
    Field{"breakout_name", text, optional, 0, "room to go to"},
    Field{"target", usually(target_values), optional, 0, "kind of place to go to"},
    Field{"token", secret, always, 0, "one-time token for the way in"},
};

constexpr std::array on_hold_fields{
    Field{"setting", flag, always, 0, "whether you are on hold"},
};

constexpr std::array fecc_action_values{"start"sv, "stop"sv, "continue"sv};
constexpr std::array axis_values{"pan"sv, "tilt"sv, "zoom"sv};
constexpr std::array movement_values{"left"sv, "right"sv, "up"sv, "down"sv, "in"sv, "out"sv};
constexpr std::array movement_fields{
    Field{"axis", usually(axis_values), always, 0, "what moves"},
    Field{"direction", usually(movement_values), always, 0, "where to"},
};
constexpr Shape movement = object(movement_fields);
constexpr std::array fecc_fields{
    Field{"action", usually(fecc_action_values), always, 0, "what to do"},
    Field{"movement", array_of(movement), always, 0, "movements to make"},
    Field{"timeout", number, always, 0, "milliseconds until it stops by itself"},
};

constexpr Shape indices = array_of(integer);
constexpr std::array caption_source_fields{
    Field{"indices", indices, optional, 0, "places in the text that are its"},
    Field{"participant_uuid", participant_id, always, 0, "who speaks"},
};
constexpr Shape caption_source = object(caption_source_fields);
constexpr std::array caption_fields{
    Field{"data", text, always, 0, "the words"},
    Field{"is_final", flag, always, 0, "will not be replaced"},
    Field{"sent_time", unix_time, optional, 0, "when they were sent"},
    Field{"sources", array_of(caption_source), optional, 0, "who spoke them"},
    Field{"src_lang", text, optional, 0, "language spoken"},
    Field{"tgt_lang", text, optional, 0, "language written"},
};

constexpr std::array sdp_fields{
    Field{"sdp", text, always, 0, "session description"},
};
constexpr std::array candidate_fields{
    Field{"candidate", text, always, 0, "ICE candidate"},
    Field{"mid", text, always, 0, "media line that it is for"},
    Field{"pwd", text, optional, 0, "ICE password"},
    Field{"ufrag", text, optional, 0, "ICE user fragment"},
};

constexpr std::array screen_values{"direct_media_welcome"sv, "direct_media_waiting_for_host"sv,
                                   "direct_media_other_participants_audio_only"sv,
                                   "direct_media_escalate"sv, "direct_media_deescalate"sv};
constexpr std::array splash_fields{
    Field{"display_duration", number, optional, 0, "seconds to show it"},
    Field{"screen_key", usually(screen_values), always, 0, "screen of the theme"},
};

constexpr std::array breakout_event_fields{
    Field{"breakout_uuid", made_up_id, always, 0, "the room"},
    Field{"data", anything, always, 0, "payload of that event, as JSON"},
    Field{"event", text, always, 0, "name of the event in the room"},
    Field{"id", or_null(event_id), always, 0, "its event id"},
};
constexpr std::array breakout_refer_fields{
    Field{"breakout_name", text, optional, 0, "name of the room"},
    Field{"breakout_uuid", made_up_id, always, 0, "room to go to, or main"},
    Field{"requester_uuid", participant_id, optional, 0, "who sends you; not from old nodes"},
};

constexpr std::array incoming_fields{
    Field{"conference_alias", text, always, 0, "conference that calls"},
    Field{"local_alias", text, always, 0, "alias that is called"},
    Field{"remote_alias", text, always, 0, "who calls"},
    Field{"remote_display_name", text, always, 0, "name of who calls"},
    Field{"service_type", service, always, 0, "kind of service"},
    Field{"token", secret, always, 0, "one-time token for the answer"},
};
constexpr std::array incoming_cancelled_fields{
    Field{"token", secret, always, 0, "token of the call that is over"},
};

constexpr HeardBy client = HeardBy::client;
constexpr HeardBy elsewhere = HeardBy::elsewhere;

constexpr std::array<WireShape, kinds - 1> wire_table{{
    {Kind::presentation_start, "presentation_start", client, object(presentation_fields),
     "somebody presents; three empty strings: it was revoked"},
    {Kind::presentation_stop, "presentation_stop", client, nothing_or_empty,
     "nobody presents any more"},
    {Kind::presentation_ended, "presentation_ended", client, anything, "not documented anywhere"},
    {Kind::presentation_frame, "presentation_frame", client, anything,
     "a new still picture of the presentation; its event id names it"},
    {Kind::participant_create, "participant_create", client, participant,
     "somebody is there, whole"},
    {Kind::participant_update, "participant_update", client, participant,
     "somebody has changed, whole and never a difference"},
    {Kind::participant_delete, "participant_delete", client, object(participant_delete_fields),
     "somebody has left"},
    {Kind::message_received, "message_received", client, object(message_fields),
     "a chat message or an application's"},
    {Kind::conference_update, "conference_update", client, object(conference_fields),
     "the status of the room, whole"},
    {Kind::stage, "stage", client, array_of(stage_entry), "who speaks, the last first"},
    {Kind::layout, "layout", client, layout, "what the video shows"},
    {Kind::disconnect, "disconnect", client, object(disconnect_fields),
     "you are out; nothing follows"},
    {Kind::call_disconnected, "call_disconnected", client, object(call_disconnected_fields),
     "your media is gone, you are not"},
    {Kind::participant_sync_begin, "participant_sync_begin", client, nothing,
     "the roster follows from the start"},
    {Kind::participant_sync_end, "participant_sync_end", client, nothing, "the roster is complete"},
    {Kind::refer, "refer", client, object(refer_fields), "go to another conference"},
    {Kind::cancel_refer, "cancel_refer", client, map_of(text), "do not go after all"},
    {Kind::on_hold, "on_hold", client, object(on_hold_fields), "you are put on hold, or back"},
    {Kind::fecc, "fecc", client, object(fecc_fields), "move your camera"},
    {Kind::refresh_token, "refresh_token", client, anything, "refresh your token now"},
    {Kind::live_captions, "live_captions", client, object(caption_fields), "words just spoken"},
    {Kind::peer_disconnect, "peer_disconnect", client, nothing,
     "the other side of a direct call has gone"},
    {Kind::new_offer, "new_offer", client, object(sdp_fields), "offer of a direct call"},
    {Kind::update_sdp, "update_sdp", client, object(sdp_fields), "change of a direct call"},
    {Kind::new_candidate, "new_candidate", client, object(candidate_fields),
     "ICE candidate of a direct call"},
    {Kind::splash_screen, "splash_screen", client, or_null(object(splash_fields)),
     "show a screen of the theme; null clears it"},
    {Kind::breakout_begin, "breakout_begin", client, object(breakout_room_fields),
     "a breakout room is open (hosts only)"},
    {Kind::breakout_event, "breakout_event", client, object(breakout_event_fields),
     "an event of a breakout room (hosts only)"},
    {Kind::breakout_end, "breakout_end", client, object(breakout_room_fields),
     "a breakout room is closed (hosts only)"},
    {Kind::breakout_refer, "breakout_refer", client, object(breakout_refer_fields),
     "move your media to a room"},
    {Kind::bye, "bye", elsewhere, nothing, "the node ends the stream"},
    {Kind::incoming, "incoming", elsewhere, object(incoming_fields),
     "a call to a registered device"},
    {Kind::incoming_cancelled, "incoming_cancelled", elsewhere, object(incoming_cancelled_fields),
     "the call to a registered device is over"},
    {Kind::service_update, "service_update", elsewhere, anything,
     "seen in a re-branded API only; its payload is not known"},
}};

constexpr bool in_order_of_kinds() {
  for (std::size_t i = 0; i < wire_table.size(); ++i) {
    if (wire_table[i].kind != static_cast<Kind>(i)) {
      return false;
    }
  }
  return true;
}
static_assert(in_order_of_kinds());

}  // namespace

std::string_view name_of(Type type) {
  switch (type) {
    case Type::undefined:
      return "undefined";
    case Type::null:
      return "null";
    case Type::boolean:
      return "boolean";
    case Type::number:
      return "number";
    case Type::string:
      return "string";
    case Type::array:
      return "array";
    case Type::object:
      return "object";
  }
  return {};
}

const Field* Shape::find_field(std::string_view field) const {
  const auto all = all_fields();
  const auto found = std::ranges::lower_bound(all, field, {}, &Field::name);
  return found != all.end() && found->name == field ? &*found : nullptr;
}

std::span<const WireShape> wire_shapes() {
  return wire_table;
}

const WireShape* find_wire_shape(Kind kind) {
  return kind == Kind::unknown ? nullptr : &wire_table[static_cast<std::size_t>(kind)];
}

const WireShape* find_wire_shape(std::string_view name) {
  return find_wire_shape(kind_of(name));
}

}  // namespace tapedeck::event
