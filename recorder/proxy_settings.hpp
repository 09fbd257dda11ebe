// Which proxy stands between us and a URL, as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say.
//
// The rules of curl and Go: a lower-case name goes before its upper-case twin, loopback is never
// asked of a proxy, and NO_PROXY lists hosts (with their subdomains), addresses, networks in CIDR
// notation and `*`, each but a network with an optional port. Error messages never hold the URL of
// a proxy: it may carry a password.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "recorder/url.hpp"

namespace tapedeck::recorder {

class ProxySettings {
 public:
  /// No proxy for anything.
  ProxySettings() = default;

  /// `variable` gives the value of an environment variable, "" where it is not set.
  [[nodiscard]] static Result<ProxySettings> from_environment(
      const std::function<std::string(const std::string& name)>& variable);

  /// The proxy for `url`; its target means nothing.
  [[nodiscard]] std::optional<Url> proxy_for(const Url& url) const;

 private:
  std::optional<Url> http_;
  std::optional<Url> https_;
  std::vector<std::string> direct_;  ///< the entries of NO_PROXY in lower case
};

}  // namespace tapedeck::recorder
