// The requests that a recorder makes, written out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "recorder/url.hpp"

namespace tapedeck::recorder {

struct Header {
  std::string name;
  std::string value;
};

/// Reads "Name: value" as the command line gives it. Refused: what is no header, and the headers
/// that frame the message or promise what the recorder does not do (Content-Length, Connection,
/// Accept-Encoding, ...).
[[nodiscard]] Result<Header> parse_header(std::string_view text);

/// Whether `id` can be sent as it is: not empty, no CR, LF or NUL, not over the limit.
[[nodiscard]] bool is_sendable_id(std::string_view id);

struct Request {
  std::string text;           ///< request line and header, blank line included
  std::string last_event_id;  ///< as sent; "" if none
};

/// `own` headers go in place of the recorder's own of the same name. With `credentials` false (the
/// request goes to an origin the user did not name) they and the URL's userinfo stay at home.
/// `last_event_id`, where sendable, goes before one among `own`. `proxy`: the request is for this
/// proxy to pass on.
[[nodiscard]] Request make_request(const Url& url, const std::vector<Header>& own,
                                   std::string_view last_event_id, bool credentials,
                                   const Url* proxy = nullptr);

struct PostRequest {
  std::vector<Header> headers;  ///< as sent
  std::string text;             ///< all of it
};

/// A POST of JSON, or of nothing where `body` is empty. `own` as above, credentials included.
[[nodiscard]] PostRequest make_post(const Url& url, const std::vector<Header>& own,
                                    std::string_view body, const Url* proxy = nullptr);

/// Who we are to `proxy`; nothing where its URL does not tell.
[[nodiscard]] std::optional<Header> proxy_authorization(const Url& proxy);

/// Asks `proxy` for a tunnel to the origin of `url`.
[[nodiscard]] std::string make_connect_request(const Url& url, const Url& proxy);

}  // namespace tapedeck::recorder
