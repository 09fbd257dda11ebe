#include "core/state/rest_call.hpp"

namespace tapedeck::state {

RestEffect effect_of(const RestCall& call, event::Decoder& decoder) {
  const std::string_view path = call.target.substr(0, call.target.find('?'));
  if (call.method != "POST" || path.find("/api/client/v2/conferences/") == std::string_view::npos) {
    return RestEffect::none;
  }
  const std::string_view endpoint = path.substr(path.rfind('/') + 1);
  const bool granted = call.status == 200;
  if (endpoint == "take_floor") {
    return granted ? RestEffect::floor_taken : RestEffect::floor_refused;
  }
  if (!granted) {
    return RestEffect::none;
  }
  if (endpoint == "ack") {
    return RestEffect::media_connected;
  }
  if (endpoint == "release_floor") {
    return RestEffect::floor_released;
  }
  if (endpoint == "release_token") {
    const event::Decoded body = decoder.decode(call.request_body);
    return body.ok() && body.value["reason"].is_text("User initiated disconnect")
               ? RestEffect::left_by_user
               : RestEffect::none;
  }
  return RestEffect::none;
}

}  // namespace tapedeck::state
