// An http or https URL as a client needs it: taken apart, put together, resolved against another.
//
// A subset of RFC 3986 with the leniency of browsers: what may not stand in a request line is
// percent-encoded, everything else goes out as written (the real client does not encode the events
// URL either). Error messages never hold the URL: it may carry a token.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::recorder {

struct Url {
  std::string scheme;      ///< "http" or "https"
  std::string userinfo;    ///< "user:password" as written; "" if none
  std::string host;        ///< lower case, an IPv6 address without its brackets
  std::uint16_t port = 0;  ///< the scheme's own where none is written
  std::string target;      ///< path and query, at least "/"

  [[nodiscard]] bool secure() const { return scheme == "https"; }
};

/// Whether `text` is meant as a URL at all, of whatever scheme.
[[nodiscard]] bool looks_like_url(std::string_view text);

/// Takes an absolute URL apart; a fragment is dropped.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// What `reference` (absolute, or relative as in a Location header) means at `base`.
[[nodiscard]] Result<Url> resolve_url(const Url& base, std::string_view reference);

/// Scheme, host and port are the same: what was meant for one may be sent to the other.
[[nodiscard]] bool same_origin(const Url& a, const Url& b);

/// Host and port as they stand in a Host header: the port only where it is not the scheme's own.
[[nodiscard]] std::string host_header(const Url& url);

/// The URL written out, userinfo included.
[[nodiscard]] std::string to_string(const Url& url);

}  // namespace tapedeck::recorder
