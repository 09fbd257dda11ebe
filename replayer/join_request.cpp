#include "replayer/join_request.hpp"

#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace tapedeck::replayer {

namespace json = boost::json;

std::optional<JoinRequest> parse_join_request(std::string_view body) {
  JoinRequest request;
  if (body.empty()) {
    return request;
  }
  json::error_code error;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !value.is_object()) {
    return std::nullopt;
  }
  const json::object& object = value.get_object();
  for (const auto& [key, text] :
       {std::pair{"display_name", &request.display_name}, std::pair{"call_tag", &request.call_tag},
        std::pair{"token", &request.token},
        std::pair{"conference_extension", &request.conference_extension},
        std::pair{"chosen_idp", &request.chosen_idp}, std::pair{"sso_token", &request.sso_token}}) {
    if (const json::value* given = object.if_contains(key)) {
      if (!given->is_string()) {
        return std::nullopt;
      }
      *text = std::string_view(given->get_string());
    }
  }
  return request;
}

}  // namespace tapedeck::replayer
