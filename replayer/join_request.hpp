// The body of request_token: what a client says about itself when it joins.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tapedeck::replayer {

/// "" for what is not there.
struct JoinRequest {
  std::string display_name = {};
  std::string call_tag = {};
  std::string token = {};  ///< the one-time token of a transfer
  std::string conference_extension = {};
  std::string chosen_idp = {};
  std::string sso_token = {};
};

/// Reads the JSON `body`; an empty one, and one without a display_name, are a join without a name.
/// Nothing: it is no JSON object, or one of the members is no string.
[[nodiscard]] std::optional<JoinRequest> parse_join_request(std::string_view body);

}  // namespace tapedeck::replayer
