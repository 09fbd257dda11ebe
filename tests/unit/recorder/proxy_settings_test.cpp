#include "recorder/proxy_settings.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace tapedeck::recorder {
namespace {

using Environment = std::map<std::string, std::string>;

Result<ProxySettings> settings_of(const Environment& environment) {
  return ProxySettings::from_environment([&](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
  });
}

/// The host of the proxy for `url`; "" for none.
std::string proxy_host(const Environment& environment, const std::string& url) {
  const auto settings = settings_of(environment);
  EXPECT_TRUE(settings);
  const auto proxy = settings->proxy_for(*parse_url(url));
  return proxy ? proxy->host : "";
}

TEST(ProxySettings, EachSchemeHasItsProxy) {
  const Environment both{{"HTTP_PROXY", "http://plain:3128"}, {"HTTPS_PROXY", "tunnel:3129"}};
  EXPECT_EQ(proxy_host(both, "http://node.test/"), "plain");
  EXPECT_EQ(proxy_host(both, "https://node.test/"), "tunnel") << "a scheme need not be given";
  EXPECT_EQ(proxy_host({}, "http://node.test/"), "");
}

TEST(ProxySettings, ALowerCaseNameGoesFirst) {
  const Environment both{{"HTTP_PROXY", "http://upper"}, {"http_proxy", "http://lower"}};
  EXPECT_EQ(proxy_host(both, "http://node.test/"), "lower");
}

TEST(ProxySettings, LoopbackIsNeverAskedOfAProxy) {
  for (const char* url : {"http://localhost/", "http://127.1.2.3/", "http://[::1]:80/"}) {
    EXPECT_EQ(proxy_host({{"HTTP_PROXY", "http://proxy"}}, url), "") << url;
  }
}

TEST(ProxySettings, NoProxyNamesHostsAddressesAndNetworks) {
  struct Case {
    const char* no_proxy;
    const char* url;
    bool direct;
  };
  const Case cases[] = {
      {"*", "http://node.test/", true},
      {"node.test", "http://node.test/", true},
      {"NODE.test", "http://node.TEST/", true},
      {"node.test", "http://a.node.test/", true},
      {".node.test", "http://a.node.test/", true},
      {"*.node.test", "http://a.node.test/", true},
      {"node.test", "http://other-node.test/", false},
      {"other, node.test", "http://node.test/", true},
      {"node.test:8080", "http://node.test:8080/", true},
      {"node.test:8080", "http://node.test/", false},
      {"10.0.0.7", "http://10.0.0.7/", true},
      {"10.0.0.7", "http://10.0.0.70/", false},
      {"10.0.0.0/8", "http://10.200.0.7/", true},
      {"10.0.0.0/8", "http://11.0.0.7/", false},
      {"10.0.0.16/28", "http://10.0.0.31/", true},
      {"10.0.0.16/28", "http://10.0.0.32/", false},
      {"0.0.0.0/0", "http://10.0.0.7/", true},
      {"0.0.0.0/0", "http://node.test/", false},
      {"10.0.0.0/33", "http://10.0.0.7/", false},
      {"10.0.0.0/", "http://10.0.0.7/", false},
      {"2001:db8::/32", "http://[2001:db8::1]/", true},
      {"2001:db8::1", "http://[2001:db8:0::1]/", true},
      {"[2001:db8::1]:8080", "http://[2001:db8::1]:8080/", true},
      {"[2001:db8::1]:8080", "http://[2001:db8::1]/", false},
      {"", "http://node.test/", false},
      {" , ,", "http://node.test/", false},
  };
  for (const auto& [no_proxy, url, direct] : cases) {
    const Environment environment{{"HTTP_PROXY", "http://proxy"}, {"NO_PROXY", no_proxy}};
    EXPECT_EQ(proxy_host(environment, url), direct ? "" : "proxy") << no_proxy << " and " << url;
  }
}

TEST(ProxySettings, WhatIsNoHttpProxyIsRefusedAndItsPasswordNotShown) {
  for (const char* value :
       {"socks5://u:hidden@proxy:1080", "https://u:hidden@proxy", "http://u:hidden@:80"}) {
    const auto settings = settings_of({{"https_proxy", value}});
    ASSERT_FALSE(settings) << value;
    EXPECT_NE(settings.error().message.find("the proxy in HTTPS_PROXY cannot be used"),
              std::string::npos);
    EXPECT_EQ(settings.error().message.find("hidden"), std::string::npos);
  }
}

}  // namespace
}  // namespace tapedeck::recorder
