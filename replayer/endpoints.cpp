#include "replayer/endpoints.hpp"

namespace tapedeck::replayer {
namespace {

/// A token that is none.
constexpr std::string_view empty_text = R"("")";

constexpr std::string_view conference_status =
    R"({"locked":false,"guests_muted":false,"started":true})";

using enum EndpointKind;

// clang-format off
constexpr Endpoint endpoints[] = {
  {request_token, "POST", "request_token", ""},
  {refresh_token, "POST", "refresh_token", ""},
  {release_token, "POST", "release_token", ""},
  {fixed, "POST", "dial", "[]"},
  {fixed, "GET", "conference_status", conference_status},
  {fixed, "POST", "lock", "true"},
  {fixed, "POST", "unlock", "true"},
  {fixed, "POST", "start_conference", "true"},
  {fixed, "POST", "muteguests", "true"},
  {fixed, "POST", "unmuteguests", "true"},
  {fixed, "POST", "set_guests_can_unmute", "true"},
  {fixed, "POST", "disconnect", "true"},
  {fixed, "POST", "message", "true"},
  {fixed, "GET", "participants", "[]"},
  {fixed, "POST", "transform_layout", "true"},
  {fixed, "POST", "clearallbuzz", "true"},
  {fixed, "POST", "silent_video_detection", "true"},
  {theme, "GET", "theme", ""},
  {fixed, "GET", "available_layouts", "[]"},
  {fixed, "GET", "layout_svgs", "{}"},
  {fixed, "POST", "breakoutbuzz", "true"},
  {fixed, "POST", "clearbreakoutbuzz", "true"},
  {fixed, "POST", "video_mixes/create", "true"},
  {fixed, "POST", "video_mixes/*/configure", "true"},
  {fixed, "POST", "video_mixes/*/delete", "true"},
  {fixed, "POST", "participants/*/disconnect", "null"},
  {fixed, "POST", "participants/*/mute", "true"},
  {fixed, "POST", "participants/*/unmute", "true"},
  {fixed, "POST", "participants/*/client_mute", "true"},
  {fixed, "POST", "participants/*/client_unmute", "true"},
  {fixed, "POST", "participants/*/video_muted", "true"},
  {fixed, "POST", "participants/*/video_unmuted", "true"},
  {fixed, "POST", "participants/*/allowrxpresentation", "true"},
  {fixed, "POST", "participants/*/denyrxpresentation", "true"},
  {fixed, "POST", "participants/*/spotlighton", "true"},
  {fixed, "POST", "participants/*/spotlightoff", "true"},
  {fixed, "POST", "participants/*/unlock", "true"},
  {fixed, "POST", "participants/*/dtmf", "true"},
  {call, "POST", "participants/*/calls", ""},
  {fixed, "POST", "participants/*/overlaytext", "true"},
  {fixed, "POST", "participants/*/pres_in_mix", "true"},
  {fixed, "POST", "participants/*/role", "true"},
  {fixed, "POST", "participants/*/fecc", "true"},
  {fixed, "POST", "participants/*/buzz", "true"},
  {fixed, "POST", "participants/*/clearbuzz", "true"},
  {fixed, "POST", "participants/*/transfer", "true"},
  {fixed, "POST", "participants/*/message", "true"},
  {avatar, "GET", "participants/*/avatar.jpg", ""},
  {fixed, "POST", "participants/*/take_floor", "null"},
  {fixed, "POST", "participants/*/release_floor", "null"},
  {fixed, "POST", "participants/*/show_live_captions", "null"},
  {fixed, "POST", "participants/*/hide_live_captions", "null"},
  {fixed, "POST", "participants/*/preferred_aspect_ratio", "true"},
  {fixed, "POST", "participants/*/notify_not_afk", "true"},
  {fixed, "POST", "participants/*/calls/*/ack", "true"},
  {fixed, "POST", "participants/*/calls/*/disconnect", "null"},
  {fixed, "POST", "participants/*/calls/*/dtmf", "true"},
  {fixed, "POST", "participants/*/calls/*/fecc", "true"},
  {fixed, "POST", "participants/*/calls/*/new_candidate", "null"},
  {update, "POST", "participants/*/calls/*/update", ""},
  {fixed, "POST", "participants/*/calls/*/statistics", "null"},
  {breakouts, "POST", "breakouts", ""},
  {fixed, "POST", "breakouts/message", "true"},
  {fixed, "POST", "breakouts/disconnect", "null"},
  {fixed, "POST", "breakouts/empty", "true"},
  {fixed, "POST", "request_guest_token", empty_text},
  {fixed, "POST", "participants/breakout", "true"},
  {fixed, "POST", "leavebreakout", "true"},
};
// clang-format on

bool matches(std::string_view pattern, const std::vector<std::string_view>& path,
             std::size_t from) {
  for (; from < path.size(); ++from) {
    const std::size_t end = pattern.find('/');
    const std::string_view segment = pattern.substr(0, end);
    if (segment.empty() || (segment != "*" && segment != path[from])) {
      return false;
    }
    pattern.remove_prefix(end == std::string_view::npos ? pattern.size() : end + 1);
  }
  return pattern.empty();
}

}  // namespace

std::span<const Endpoint> all_endpoints() {
  return endpoints;
}

bool is_called(std::string_view path, std::string_view name) {
  return path == name || (path.ends_with(name) && path.size() > name.size() &&
                          path[path.size() - name.size() - 1] == '/');
}

const Endpoint* find_endpoint(const std::vector<std::string_view>& path) {
  const bool in_breakout = path.size() >= 3 && path.front() == "breakouts";
  for (const Endpoint& endpoint : endpoints) {
    const bool in_rooms =
        endpoint.kind == fixed || endpoint.kind == call || endpoint.kind == update;
    if ((in_rooms || !in_breakout) && matches(endpoint.path, path, in_breakout ? 2 : 0)) {
      return &endpoint;
    }
  }
  return nullptr;
}

}  // namespace tapedeck::replayer
