#include "core/state/rest_call.hpp"

#include <algorithm>
#include <initializer_list>

#include "core/base/units.hpp"

namespace tapedeck::state {
namespace {

constexpr std::int64_t ok = 200;
constexpr std::uint64_t token_grace_s = 5;                // isTokenValid
constexpr std::uint64_t token_valid_s_max = 100'000'000;  // three years, so that times stay int64

bool is_one_of(std::int64_t status, std::initializer_list<std::int64_t> known) {
  return std::ranges::find(known, status) != known.end();
}

}  // namespace

RestCalls::RestCalls(std::optional<std::uint64_t> token_expires_s) {
  if (token_expires_s) {
    const std::uint64_t valid_s = std::min(*token_expires_s, token_valid_s_max) + token_grace_s;
    token_valid_ns_ = static_cast<std::int64_t>(valid_s) * ns_per_s;
  }
}

RestEffect RestCalls::effect_of(const RestCall& call) {
  const std::string_view path = call.target.substr(0, call.target.find('?'));
  if (call.method != "POST" || path.find("/api/client/v2/conferences/") == std::string_view::npos) {
    return RestEffect::none;
  }
  const std::string_view endpoint = path.substr(path.rfind('/') + 1);
  if (endpoint == "take_floor") {
    return call.status == ok ? RestEffect::floor_taken : RestEffect::floor_refused;
  }
  if (endpoint == "release_floor") {
    return call.status == ok ? RestEffect::floor_released : RestEffect::none;
  }
  if (endpoint == "calls") {
    return is_one_of(call.status, {ok, 400, 403, 500, 504}) ? RestEffect::none
                                                            : RestEffect::action_failed;
  }
  if (endpoint == "ack") {
    return acknowledged(path, call.status);
  }
  if (endpoint == "request_token" && call.status == ok) {
    token_granted_ns_ = call.at_ns;
    return RestEffect::none;
  }
  if (endpoint == "refresh_token") {
    return refreshed(call);
  }
  if (endpoint == "release_token" && call.status == ok) {
    const event::Decoded body = decoder_.decode(call.request_body);
    return body.ok() && body.value["reason"].is_text("User initiated disconnect")
               ? RestEffect::left_by_user
               : RestEffect::none;
  }
  return RestEffect::none;
}

RestEffect RestCalls::acknowledged(std::string_view path, std::int64_t status) {
  if (status != ok) {
    return status == 403 ? RestEffect::none : RestEffect::action_failed;
  }
  if (path == acknowledged_) {
    return RestEffect::none;  // the media of the same call were negotiated again
  }
  acknowledged_ = path;
  return RestEffect::media_connected;
}

RestEffect RestCalls::refreshed(const RestCall& call) {
  if (call.status == ok) {
    token_granted_ns_ = call.at_ns;
    return RestEffect::none;
  }
  // The client asks again and again until the token it has is no longer valid.
  return token_valid_ns_ && call.at_ns - token_granted_ns_ >= *token_valid_ns_
             ? RestEffect::token_expired
             : RestEffect::none;
}

}  // namespace tapedeck::state
