// What one who stands between a client and a node has to change in the heads that pass: who is
// meant, and where things are. All else goes through as it came.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "recorder/proxy_message.hpp"
#include "recorder/transport.hpp"

namespace tapedeck::recorder {

/// Whether `target` (path and query) is of the client REST API, wherever that begins.
[[nodiscard]] bool is_client_api(std::string_view target);

/// A request on its way.
struct ProxiedRequest {
  RequestLine line;        ///< the target without its origin
  MessageHead head;        ///< as the client sent it
  std::string own_origin;  ///< the origin of the proxy as the client knows it
  std::string to_node;     ///< the head as it goes on
};

/// `address`: HOST:PORT of the proxy, for a client that names none. Refused: what is not for a
/// node (CONNECT).
[[nodiscard]] Result<ProxiedRequest> rewrite_request(MessageHead head, const std::string& address,
                                                     const Url& node, const Network& network);

/// Locations at the node become locations at the proxy; cookies stay with the proxy, and nothing
/// invites the client to go round it.
void rewrite_response(MessageHead& head, const Url& node, std::string_view own_origin);

}  // namespace tapedeck::recorder
