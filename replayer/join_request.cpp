#include "replayer/join_request.hpp"

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
  if (const json::value* name = value.get_object().if_contains("display_name")) {
    if (!name->is_string()) {
      return std::nullopt;
    }
    request.display_name = std::string_view(name->get_string());
  }
  return request;
}

}  // namespace tapedeck::replayer
