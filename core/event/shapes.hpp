// The vocabulary in which the tables of the catalogue are written; for core/event only.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "core/event/catalogue.hpp"

namespace tapedeck::event::shapes {

using std::string_view_literals::operator""sv;

inline constexpr Presence always = Presence::always;
inline constexpr Presence optional = Presence::optional;

inline constexpr Shape anything{
    .types = {Type::null, Type::boolean, Type::number, Type::string, Type::array, Type::object},
    .members = &anything};
inline constexpr Shape nothing{.types = {Type::null}};
inline constexpr Shape flag{.types = {Type::boolean}};
inline constexpr Shape number{.types = {Type::number}};
inline constexpr Shape integer{.types = {Type::number}, .integral = true};
inline constexpr Shape unix_time{.types = {Type::number}, .sense = Sense::time};
inline constexpr Shape text{.types = {Type::string}};
inline constexpr Shape secret{.types = {Type::string}, .sense = Sense::secret};
inline constexpr Shape participant_id{.types = {Type::string}, .sense = Sense::participant};
inline constexpr Shape made_up_id{.types = {Type::string}, .sense = Sense::id};
inline constexpr Shape event_id{.types = {Type::string}, .sense = Sense::event_id};
inline constexpr Shape date{.types = {Type::string}, .sense = Sense::time, .format = "date-time"};

/// A string that is one of `values` and nothing else.
template <std::size_t n>
constexpr Shape one_of(const std::array<std::string_view, n>& values) {
  return {.types = {Type::string}, .values = values, .closed = true};
}

/// A string that is one of `values` as far as is known.
template <std::size_t n>
constexpr Shape usually(const std::array<std::string_view, n>& values) {
  return {.types = {Type::string}, .values = values};
}

/// Fields stand in the order of their names, so that they are found by bisection.
template <std::size_t n>
consteval Shape object(const std::array<Field, n>& fields) {
  if (n > fields_max || !std::ranges::is_sorted(fields, {}, &Field::name)) {
    throw "the fields of an object are too many or out of order";
  }
  return {.types = {Type::object}, .fields = fields.data(), .field_count = n};
}

/// An object whose members have names that are not known beforehand.
consteval Shape map_of(const Shape& members) {
  return {.types = {Type::object}, .members = &members};
}

consteval Shape array_of(const Shape& items) {
  return {.types = {Type::array}, .items = &items};
}

constexpr Shape named(std::string_view name, Shape shape) {
  shape.name = name;
  return shape;
}

constexpr Shape or_also(Shape shape, Type type) {
  shape.types = shape.types.with(type);
  return shape;
}

constexpr Shape or_null(const Shape& shape) {
  return or_also(shape, Type::null);
}

inline constexpr std::array yes_no_values{"YES"sv, "NO"sv};
inline constexpr Shape yes_no = one_of(yes_no_values);

inline constexpr std::array layout_values{"1:0"sv,
                                          "1:7"sv,
                                          "1:21"sv,
                                          "2:21"sv,
                                          "1:33"sv,
                                          "4:0"sv,
                                          "9:0"sv,
                                          "16:0"sv,
                                          "25:0"sv,
                                          "5:7"sv,
                                          "ac"sv,
                                          "ac_presentation_in_mix"sv,
                                          "ac_presentation_in_mix_group"sv,
                                          "teams"sv};
inline constexpr Shape layout_id = usually(layout_values);

inline constexpr std::array role_values{"chair"sv, "guest"sv};
inline constexpr Shape role = usually(role_values);

inline constexpr std::array protocol_values{"api"sv,  "webrtc"sv, "sip"sv,   "rtmp"sv,
                                            "h323"sv, "mssip"sv,  "teams"sv, ""sv};
inline constexpr Shape protocol = usually(protocol_values);

inline constexpr std::array service_values{"connecting"sv, "waiting_room"sv, "ivr"sv,
                                           "conference"sv, "lecture"sv,      "gateway"sv,
                                           "test_call"sv};
inline constexpr Shape service = usually(service_values);

inline constexpr std::array requested_screen_fields{
    Field{"chair_layout", layout_id, always, 0, "layout that hosts get"},
    Field{"guest_layout", layout_id, always, 0, "layout that guests get"},
};
inline constexpr std::array requested_layout_fields{
    Field{"primary_screen", object(requested_screen_fields), always, 0, "the main screen"},
};
inline constexpr Shape uuid_list = array_of(participant_id);
inline constexpr std::array breakout_room_fields{
    Field{"breakout_uuid", made_up_id, always, 0, "the room"},
    Field{"participant_uuid", participant_id, always, 0, "who you are in that room"},
};

inline constexpr std::array guests_see_values{"no_hosts"sv, "always"sv, "never"sv};
inline constexpr Shape coordinates = array_of(number);
inline constexpr std::array layout_fields{
    Field{"guest_view", layout_id, optional, 0, "old nodes: layout of guests"},
    Field{"guests_can_see_guests", usually(guests_see_values), optional, 0,
          "when guests see each other in a lecture"},
    Field{"host_view", layout_id, optional, 0, "old nodes: layout of hosts"},
    Field{"missing", uuid_list, optional, 0, "old nodes: who found no place"},
    Field{"overlay_text_enabled", flag, optional, 0, "names are shown in the video"},
    Field{"participants", or_also(uuid_list, Type::string), always, 0,
          "who is shown, in order; one uuid as a string with direct media"},
    Field{"pres_slot_coords", or_null(array_of(coordinates)), optional, 0,
          "corners of the presentation in the video"},
    Field{"quality", text, optional, 0, "old nodes: quality of the video"},
    Field{"requested_layout", object(requested_layout_fields), optional, 0, "what was asked for"},
    Field{"rtx_ssrcs_map", map_of(anything), optional, 0, "old nodes: RTP sources"},
    Field{"ssrcs", array_of(anything), optional, 0, "old nodes: RTP sources"},
    Field{"supports_pres_in_mix", flag, optional, 0, "can put the presentation into the video"},
    Field{"time", unix_time, optional, 0, "old nodes: when it changed"},
    Field{"view", layout_id, always, 0, "the layout"},
};
/// Plugins get it as it is on the wire.
inline constexpr Shape layout = object(layout_fields);

}  // namespace tapedeck::event::shapes
