// The facts of a simulated conference: who is in it, in which room, and how the room stands.
//
// Wall times are Unix nanoseconds on the conference's own calendar (`epoch_ns`); 0 means not set,
// as on the wire.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tapedeck::sim {

/// When every simulated conference begins: 2026-01-05T09:00:00Z, whatever the day is outside. It is
/// fixed so that the same seed gives the same bytes.
inline constexpr std::int64_t epoch_ns = 1'767'603'600'000'000'000;

/// One call leg: a participant's stay in one room. Counts up, is never used again.
using Leg = std::uint32_t;
inline constexpr Leg no_leg = 0;

/// Counts up with each room, is never used again; the main room is 0.
using RoomId = std::uint32_t;
inline constexpr RoomId main_room = 0;

enum class Role { chair, guest };
enum class Protocol { api, webrtc, sip, h323 };
enum class ServiceType { connecting, waiting_room, conference };

struct Participant {
  std::string uuid;
  std::string display_name;
  std::string overlay_text;
  std::string uri;
  std::string vendor;
  std::string call_tag;
  Role role = Role::guest;
  Protocol protocol = Protocol::webrtc;
  ServiceType service_type = ServiceType::conference;
  std::int64_t start_wall_ns = 0;
  std::int64_t buzz_wall_ns = 0;
  std::int64_t spotlight_wall_ns = 0;
  bool dialled_out = false;
  bool has_media = false;
  bool has_video = false;
  bool muted = false;         ///< by an administrator
  bool client_muted = false;  ///< by themselves
  bool video_muted = false;
  bool video_dropped_out = false;
  bool presenting = false;
  bool transferring = false;
  bool captions_shown = false;
  bool idp_authenticated = false;
  bool controls_rooms = false;  ///< a host on the API, who has an identity in every breakout room

  /// Takes part with sound or picture, so that the stage and the layout can show them.
  [[nodiscard]] bool is_on_stage() const {
    return has_media && service_type == ServiceType::conference;
  }

  friend bool operator==(const Participant&, const Participant&) = default;
};

struct Status {
  bool locked = false;
  bool guests_muted = false;
  bool breakout_rooms = false;
  bool captions_available = false;
  std::string banner;
  std::int64_t banner_wall_ns = 0;
  std::int64_t end_wall_ns = 0;   ///< of a breakout room
  std::int64_t help_wall_ns = 0;  ///< when a breakout room asked for help

  friend bool operator==(const Status&, const Status&) = default;
};

struct Room {
  RoomId id = main_room;
  std::string uuid;  ///< empty for the main room
  std::string name;
  std::map<Leg, Participant> participants;  ///< in the order in which they came
  std::vector<Leg> stage;                   ///< who last spoke comes first
  std::set<Leg> speaking;
  Leg presenter = no_leg;
  Status status;
  std::string layout = "1:7";  ///< as the host asked for it

  [[nodiscard]] bool is_main() const { return id == main_room; }
};

}  // namespace tapedeck::sim
