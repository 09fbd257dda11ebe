#include "tests/support/stream_generator.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace tapedeck::test {
namespace {

/// splitmix64: the same numbers on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  /// From 0 to `count` - 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  bool chance(std::size_t percent) { return below(100) < percent; }

  std::string_view pick(std::span<const std::string_view> all) { return all[below(all.size())]; }
  std::string pick(std::initializer_list<std::string_view> all) {
    return std::string(all.begin()[below(all.size())]);
  }

 private:
  std::uint64_t state_;
};

constexpr std::string_view self_uuid = "00000000-0000-4000-8000-000000000000";

/// JSON texts of every type, chosen for what JavaScript makes of them.
constexpr std::string_view odd_values[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "0.1",
    "1e999",
    "-1e999",
    "1e-999",
    "1e21",
    "123456789012345678901234567890",
    "1790000000.123456",
    "8640000000001",
    "-62200000000.5",
    R"("")",
    R"(" ")",
    R"("\u00a0\ufeff")",
    R"("YES")",
    R"("NO")",
    R"("yes")",
    R"("12")",
    R"("0x1f")",
    R"("0b11")",
    R"("0o17")",
    R"("0xg")",
    R"("5.")",
    R"("+.5e+1")",
    R"("-2e-1 ")",
    R"("1e")",
    R"("1790000000.5")",
    R"(" 5\n")",
    R"("-1")",
    R"("+Infinity")",
    R"("1e3")",
    R"("1_0")",
    R"(".5")",
    R"("abc")",
    R"("\ud83d")",
    R"("\ude00z")",
    R"("\ud83dsip:\ude00")",
    R"("sip:a@example.com")",
    R"("x sip y")",
    R"("main")",
    R"("text/plain")",
    R"("conference")",
    R"("waiting_room")",
    R"("gateway")",
    R"("chair")",
    "[]",
    "[5]",
    R"(["7"])",
    "[[3]]",
    "[null]",
    "[1,2]",
    R"(["sip"])",
    R"([{"toString":1}])",
    "{}",
    R"({"toString":1})",
    R"({"valueOf":2})",
    R"({"a":[1,{"b":null}]})",
    R"({"__proto__":{"uuid":"x"},"constructor":1})",
    R"({"2":"two","1":"one","b":0,"00":1})",
    R"({"rawData":1,"kept":{"rawData":2}})",
    "\"\xe2\x80\xa8\xf0\x9f\x98\x80 \xc3\xa9\"",
};

/// Fields whose type matters to a client.
constexpr std::string_view tender_fields[] = {
    "buzz_time",      "spotlight",        "start_time",     "uri",
    "uuid",           "display_name",     "service_type",   "type",
    "payload",        "breakout_uuid",    "event",          "data",
    "primary_screen", "requested_layout", "sources",        "participant_uuid",
    "requester_uuid", "presenter_uuid",   "presenter_name", "reason",
};

/// Texts that JSON.parse refuses, or takes though it looks as if it should not.
constexpr std::string_view odd_texts[] = {
    "",           " ",
    "undefined",  "NaN",
    "{",          "[1,]",
    "{\"a\":1,}", "{'a':1}",
    "{a:1}",      "01",
    "1.",         "+1",
    "\"abc",      "\"\\x41\"",
    "\"\t\"",     "\xef\xbb\xbf{}",
    "null null",  "{\"uuid\":\"u\"",
    "[[[",        "//",
    "tru",        "\"\\ud83d\"",
    " 7 ",        "1e5",
    "-",
};

constexpr std::string_view words[] = {"Alice",
                                      "Bob",
                                      "Chlo\xc3\xa9",
                                      "\xe6\x9d\x8e",
                                      "Dana \\\"D\\\"",
                                      "\xf0\x9f\xa6\x8a",
                                      "o\\u0027Neil",
                                      "Eve\\n",
                                      ""};

using Field = std::pair<std::string, std::string>;  // the texts of a key and of a value

class Generator {
 public:
  explicit Generator(std::uint64_t seed)
      : random_(seed * 0x2545f4914f6cdd1dU + 1), hostility_(hostility_of(seed)) {}

  std::string generate() {
    sync({}, random_.chance(5) ? 100 : random_.below(7), !random_.chance(hostility_));
    const std::size_t events = 15 + random_.below(90);
    for (std::size_t i = 0; i < events; ++i) {
      any_event();
    }
    if (random_.chance(15)) {
      send("disconnect", object({{"reason", disconnect_reason()}}));
      any_event();
      any_event();
    }
    return assembled();
  }

 private:
  struct Event {
    std::string name;
    std::string data;
  };
  struct Room {
    std::string uuid;  // empty: main
    std::string self;
    std::vector<std::string> participants;
  };

  static std::size_t hostility_of(std::uint64_t seed) {
    constexpr std::array<std::size_t, 6> steps{0, 4, 12, 0, 25, 50};
    return steps[seed % steps.size()];
  }

  // --- texts ---

  static std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

  std::string new_uuid() {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string uuid = "00000000-0000-4000-9000-000000000000";
    for (std::size_t i = 0; i < 8; ++i) {
      uuid[i] = hex[random_.below(16)];
    }
    return uuid;
  }

  std::string odd_value() {
    if (random_.chance(3)) {
      const std::size_t depth = 20 + random_.below(900);
      return std::string(depth, '[') + std::string(depth, ']');
    }
    if (random_.chance(3)) {
      return quoted(std::string(1 + random_.below(3000), 'x'));
    }
    return std::string(random_.pick(odd_values));
  }

  std::string yes_no() { return random_.pick({"\"YES\"", "\"NO\""}); }
  std::string flag() { return random_.pick({"true", "false"}); }
  std::string time_or_0() {
    return random_.chance(70) ? "0" : "17900000" + std::to_string(10 + random_.below(90)) + ".25";
  }

  /// Any of the fields, with a liking for those whose type matters.
  std::size_t place_to_change(const std::vector<Field>& fields) {
    std::vector<std::size_t> tender;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (std::ranges::find(tender_fields, fields[i].first) != std::end(tender_fields)) {
        tender.push_back(i);
      }
    }
    return tender.empty() || random_.chance(40) ? random_.below(fields.size())
                                                : tender[random_.below(tender.size())];
  }

  /// An object of these fields; hostile seeds leave out, change, double, add and shuffle some.
  std::string object(std::vector<Field> fields) {
    if (random_.chance(hostility_)) {
      for (std::size_t changes = 1 + random_.below(3); changes > 0 && !fields.empty(); --changes) {
        const std::size_t at = place_to_change(fields);
        switch (random_.below(6)) {
          case 0:
            fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(at));
            break;
          case 1:
            fields[at].second = "null";
            break;
          case 2:
          case 3:
            fields[at].second = odd_value();
            break;
          case 4:
            fields.emplace_back(fields[at].first, odd_value());
            break;
          default:
            fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(at),
                          {random_.pick({"of_tomorrow", "__proto__", "7", "toString", "rawData",
                                         "callTag", "uuid", "length"}),
                           odd_value()});
            break;
        }
      }
    }
    std::string text = "{";
    for (const auto& [key, value] : fields) {
      text += (text.size() > 1 ? "," : "") + quoted(key) + ':' + value;
    }
    return text + '}';
  }

  /// The uuid of somebody in the room, of self, or of nobody that is known.
  std::string someone(const Room& room) {
    if (room.participants.empty() || random_.chance(1 + hostility_ / 3)) {
      return new_uuid();
    }
    return room.participants[random_.below(room.participants.size())];
  }

  std::string participant(const std::string& uuid, bool is_self) {
    const std::string name(random_.pick(words));
    return object({
        {"api_url", quoted("/participants/" + uuid)},
        {"buzz_time", time_or_0()},
        {"call_direction", "\"in\""},
        {"display_name", quoted(name)},
        {"disconnect_supported", yes_no()},
        {"fecc_supported", yes_no()},
        {"has_media", flag()},
        {"is_audio_only_call", yes_no()},
        {"is_client_muted", flag()},
        {"is_conjoined", flag()},
        {"is_external", flag()},
        {"is_muted", yes_no()},
        {"is_presenting", yes_no()},
        {"is_streaming_conference", flag()},
        {"is_transferring", flag()},
        {"is_video_call", yes_no()},
        {"is_video_muted", flag()},
        {"layout_group", "null"},
        {"mute_supported", is_self ? quoted("YES") : yes_no()},
        {"needs_presentation_in_mix", flag()},
        {"overlay_text", quoted(name)},
        {"protocol", random_.pick({"\"webrtc\"", "\"api\"", "\"sip\"", "\"\""})},
        {"role", random_.pick({"\"chair\"", "\"guest\""})},
        {"rx_presentation_policy", random_.pick({"\"ALLOW\"", "\"DENY\""})},
        {"send_to_audio_mixes", R"([{"mix_name":"main","prominent":false}])"},
        {"service_type",
         random_.pick({"\"conference\"", "\"conference\"", "\"lecture\"", "\"waiting_room\"",
                       "\"gateway\"", "\"connecting\"", "\"\""})},
        {"spotlight", time_or_0()},
        {"start_time", "1790000" + std::to_string(100 + random_.below(900)) + '.' +
                           std::to_string(random_.below(1000000))},
        {"supports_direct_chat", flag()},
        {"transfer_supported", yes_no()},
        {"uri",
         random_.pick({"\"\"", "\"sip:room@example.com\"", "\"Alice\"", "\"a sip:b sip:c\""})},
        {"uuid", quoted(uuid)},
        {"vendor", random_.pick({"\"\"", "\"tests/1.0\""})},
        {"receive_from_video_mix", R"({"mix_name":"main","timestamp":0})"},
    });
  }

  std::string status(const Room& room) {
    std::vector<Field> fields{
        {"locked", flag()},
        {"guests_muted", flag()},
        {"all_muted", flag()},
        {"started", flag()},
        {"live_captions_available", flag()},
        {"presentation_allowed", flag()},
        {"direct_media", flag()},
        {"breakout_rooms", flag()},
        {"guests_can_unmute", flag()},
        {"classification", R"({"levels":{"10":"secret","2":"open"},"current":2})"},
    };
    if (!room.uuid.empty()) {
      fields.insert(fields.end(), {{"breakout", "true"},
                                   {"breakout_name", "\"Room\""},
                                   {"breakout_description", "\"\""},
                                   {"end_action", "\"transfer\""},
                                   {"end_time", "0"},
                                   {"breakoutbuzz", R"({"value":false,"time":0})"}});
    }
    return object(std::move(fields));
  }

  std::string disconnect_reason() {
    return random_.pick(
        {"\"API initiated participant disconnect\"", "\"Disconnected by remote host\"",
         "\"All conference hosts departed hosted conference\"", "null", "\"constructor\"", "7"});
  }

  // --- events ---

  void send(std::string name, std::string data) {
    if (random_.chance(hostility_ / 6)) {
      data = random_.chance(50) ? std::string(random_.pick(odd_texts)) : odd_value();
    }
    events_.push_back({std::move(name), std::move(data)});
  }

  /// An event of a room: as such for main, wrapped for a breakout.
  void send_in(const Room& room, std::string name, std::string data) {
    if (room.uuid.empty()) {
      return send(std::move(name), std::move(data));
    }
    if (random_.chance(hostility_ / 6)) {
      data = odd_value();
    }
    send("breakout_event", object({{"breakout_uuid", quoted(room.uuid)},
                                   {"event", quoted(name)},
                                   {"id", random_.pick({"null", "\"MV8y\""})},
                                   {"data", std::move(data)}}));
  }

  void sync(Room room, std::size_t others, bool whole) {
    Room& known = room.uuid.empty() ? main_ : room_of(room);
    known.participants.clear();
    const std::string self = known.uuid.empty() ? std::string(self_uuid) : known.self;
    send_in(known, "participant_sync_begin", "null");
    for (std::size_t i = 0; i <= others; ++i) {
      const std::string uuid = i == others / 2 ? self : new_uuid();
      known.participants.push_back(uuid);
      send_in(known, "participant_create", participant(uuid, uuid == self));
    }
    if (whole) {
      send_in(known, "participant_sync_end", "null");
    }
  }

  Room& room_of(const Room& room) {
    for (Room& known : breakouts_) {
      if (known.uuid == room.uuid) {
        return known;
      }
    }
    breakouts_.push_back(room);
    return breakouts_.back();
  }

  Room& some_room() {
    if (breakouts_.empty() || random_.chance(65)) {
      return main_;
    }
    return breakouts_[random_.below(breakouts_.size())];
  }

  void any_event() {
    switch (random_.below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        return roster_event(some_room());
      case 6:
      case 7:
      case 8:
        return chat(some_room());
      case 9:
      case 10:
        return send_in(some_room(), "stage", stage());
      case 11:
        return send_in(some_room(), "layout", layout());
      case 12:
        return new_status(some_room());
      case 13:
      case 14:
        return presentation(some_room());
      case 15:
      case 16:
        return breakout();
      default:
        return rare_event();
    }
  }

  void roster_event(Room& room) {
    const std::string self = room.uuid.empty() ? std::string(self_uuid) : room.self;
    const std::size_t kind = random_.below(10);
    if (kind < 2) {
      room.participants.push_back(new_uuid());
      return send_in(room, "participant_create", participant(room.participants.back(), false));
    }
    if (kind < 8) {
      const std::string uuid = random_.chance(30) ? self : someone(room);
      return send_in(room, random_.chance(5) ? "participant_create" : "participant_update",
                     participant(uuid, uuid == self));
    }
    if (kind == 8) {
      const std::string uuid = someone(room);
      std::erase(room.participants, uuid);
      return send_in(room, "participant_delete", object({{"uuid", quoted(uuid)}}));
    }
    if (random_.chance(30)) {
      return sync(room, random_.below(4), !random_.chance(hostility_));
    }
    if (random_.chance(hostility_)) {
      send_in(room, random_.pick({"participant_sync_begin", "participant_sync_end"}), "null");
    }
  }

  void new_status(const Room& room) { send_in(room, "conference_update", status(room)); }

  void chat(Room& room) {
    const bool is_text = random_.chance(60);
    std::vector<Field> fields{
        {"origin", quoted(random_.pick(words))},
        {"uuid", quoted(someone(random_.chance(80) ? main_ : room))},
        {"type", is_text ? random_.pick({"\"text/plain\"", "\"text/plain; charset=utf-8\""})
                         : random_.pick({"\"application/json\"", "\"Text/Plain\"", "\"text/html\"",
                                         "\"text/plain \"", "null"})},
        {"payload", is_text ? quoted(random_.pick(words))
                            : random_.pick({R"("{\"a\":1,\"2\":[null]}")", R"("[1]")", R"("\"s\"")",
                                            R"("null")", R"("{bad")", "5", "[7]", "null",
                                            R"("{\"__proto__\":{},\"__proto__\":3}")"})},
    };
    if (random_.chance(80)) {
      fields.emplace_back("direct", flag());
    }
    send_in(room, "message_received", object(std::move(fields)));
  }

  std::string stage() {
    std::string text = "[";
    for (std::size_t i = random_.below(4); i > 0; --i) {
      text += (text.size() > 1 ? "," : "") + object({{"participant_uuid", quoted(someone(main_))},
                                                     {"stage_index", std::to_string(i - 1)},
                                                     {"vad", random_.pick({"0", "100"})}});
    }
    return random_.chance(hostility_ / 8) ? odd_value() : text + ']';
  }

  std::string layout() {
    return object({
        {"view", random_.pick({"\"1:0\"", "\"1:7\"", "\"ac\""})},
        {"participants", '[' + quoted(someone(main_)) + ']'},
        {"requested_layout", object({{"primary_screen", object({{"chair_layout", "\"1:7\""},
                                                                {"guest_layout", "\"1:0\""}})}})},
        {"overlay_text_enabled", flag()},
        {"pres_slot_coords", "null"},
    });
  }

  void presentation(Room& room) {
    if (random_.chance(40)) {
      return send_in(room, "presentation_stop", random_.pick({"{}", "null"}));
    }
    const bool revoked = random_.chance(15);
    send_in(room, "presentation_start",
            object({{"presenter_name", revoked ? "\"\"" : quoted(random_.pick(words))},
                    {"presenter_uri", revoked ? "\"\"" : "\"sip:a@example.com\""},
                    {"presenter_uuid", revoked ? "\"\"" : quoted(someone(room))}}));
  }

  void breakout() {
    if (breakouts_.empty() || (breakouts_.size() < 3 && random_.chance(30))) {
      Room room{new_uuid(), new_uuid(), {}};
      if (!random_.chance(hostility_)) {
        send("breakout_begin", object({{"breakout_uuid", quoted(room.uuid)},
                                       {"participant_uuid", quoted(room.self)}}));
      }
      sync(room, random_.below(4), !random_.chance(hostility_));
      return send_in(room, "conference_update", status(room));
    }
    Room& room = breakouts_[random_.below(breakouts_.size())];
    if (random_.chance(40)) {
      return send("breakout_refer",
                  object({{"breakout_uuid", random_.chance(40) ? "\"main\"" : quoted(room.uuid)},
                          {"breakout_name", "\"Room\""},
                          {"requester_uuid", quoted(someone(main_))}}));
    }
    if (random_.chance(30)) {
      send("breakout_end",
           object({{"breakout_uuid", quoted(room.uuid)}, {"participant_uuid", quoted(room.self)}}));
      if (!random_.chance(hostility_)) {
        breakouts_.erase(breakouts_.begin() + (&room - breakouts_.data()));
      }
      return;
    }
    roster_event(room);
  }

  void rare_event() {
    if (random_.chance(hostility_ / 2)) {
      return send(random_.pick({"refer", "cancel_refer", "splash_screen", "fecc", "new_offer",
                                "live_captions", "breakout_begin", "breakout_end", "breakout_refer",
                                "call_disconnected", "layout", "presentation_start",
                                "presentation_frame", "new_candidate"}),
                  odd_value());
    }
    if (random_.chance(3)) {
      return send(std::string(reconnect_mark), "");
    }
    switch (random_.below(16)) {
      case 0:
        return send("refer", object({{"alias", "\"meet.bob\""},
                                     {"token", "\"one-time\""},
                                     {"breakout_name", "\"Room\""},
                                     {"target", random_.pick({"\"main\"", "\"breakout\""})}}));
      case 1:
        return send("cancel_refer", object({{"alias", "\"meet.bob\""}}));
      case 2:
        return send("call_disconnected", object({{"call_uuid", quoted(new_uuid())},
                                                 {"reason", "\"Call disconnected\""}}));
      case 3:
        return send("splash_screen",
                    random_.pick({"null", R"({"screen_key":"direct_media_welcome"})", "[]", "0"}));
      case 4:
        return send_in(some_room(), "live_captions", captions());
      case 5:
        return send("peer_disconnect", "null");
      case 6:
        return send("new_offer", object({{"sdp", "\"v=0\""}}));
      case 7:
        return send("update_sdp", object({{"sdp", "\"v=0\""}}));
      case 8:
        return send("new_candidate", object({{"candidate", random_.pick({"\"c\"", "\"\""})},
                                             {"mid", "\"0\""},
                                             {"ufrag", "\"u\""}}));
      case 9:
        return send("fecc", object({{"action", "\"start\""},
                                    {"timeout", "1000"},
                                    {"movement", R"([{"axis":"pan","direction":"left"}])"}}));
      case 10:
        return send("on_hold", object({{"setting", flag()}}));
      case 11:
        return send("refresh_token", "null");
      case 12:
        return send("presentation_frame", "{}");
      case 13:
        return send(random_.pick({"of_tomorrow", "bye", "open", "error", "Stage", ""}),
                    object({{"any", "1"}}));
      case 14:
        return send("conference_update", status(main_));
      default:
        return send_in(main_, "live_captions", captions());
    }
  }

  std::string captions() {
    return object(
        {{"data", "\"hello\""},
         {"is_final", flag()},
         {"sources",
          '[' + object({{"participant_uuid", quoted(someone(main_))}, {"indices", "[0]"}}) + ']'}});
  }

  // --- framing ---

  /// What client-17 does for breakout_refer hangs on where the network cuts a long stream.
  std::string assembled() {
    std::size_t bytes = 0;
    for (const Event& event : events_) {
      bytes += event.data.size() + 64;
    }
    constexpr std::size_t one_read = 48 * 1024;
    std::string stream;
    for (const Event& event : events_) {
      if (bytes < one_read || event.name != "breakout_refer") {
        append_block(stream, event);
      }
    }
    return stream;
  }

  void append_block(std::string& stream, const Event& event) {
    if (event.name == reconnect_mark) {
      stream += reconnect_mark;
      return;
    }
    const std::string end = random_.chance(hostility_ / 5) ? "\r\n" : "\n";
    const std::string space = random_.chance(90) ? " " : "";
    const std::string name = event.name.empty() ? "" : "event:" + space + event.name + end;
    const std::string id =
        random_.chance(60) ? "id: MV8" + std::to_string(events_.size()) + end : "";
    const std::string data = "data:" + space + event.data + end;
    if (random_.chance(4)) {
      stream += ": keep-alive" + end + end;
    }
    stream += random_.chance(80) ? name + data + id : id + data + name;
    stream += end;
  }

  Random random_;
  std::size_t hostility_;
  Room main_;
  std::vector<Room> breakouts_;
  std::vector<Event> events_;
};

}  // namespace

std::string generate_stream(std::uint64_t seed) {
  return Generator(seed).generate();
}

}  // namespace tapedeck::test
