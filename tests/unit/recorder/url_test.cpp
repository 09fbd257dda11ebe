#include "recorder/url.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tapedeck::recorder {
namespace {

std::string resolved(const char* base, const char* reference) {
  const auto from = parse_url(base);
  const auto url = resolve_url(from.value(), reference);
  return url ? to_string(*url) : "error: " + url.error().message;
}

TEST(Url, IsTakenApart) {
  const auto url = parse_url("HTTP://User:Pa%40ss@Node.Example:8443/api/events?token=a+b/c=#frag");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->userinfo, "User:Pa%40ss");
  EXPECT_EQ(url->host, "node.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/api/events?token=a+b/c=") << "a token goes out as it is written";
}

TEST(Url, HasDefaults) {
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("https://h")->port, 443);
  EXPECT_EQ(parse_url("http://h:/")->port, 80);
  EXPECT_EQ(parse_url("http://h")->target, "/");
  EXPECT_EQ(parse_url("http://h?q=1")->target, "/?q=1");
}

TEST(Url, AnIpv6AddressStandsInBrackets) {
  const auto url = parse_url("http://[::1]:8080/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(host_header(*url), "[::1]:8080");
  EXPECT_EQ(to_string(*url), "http://[::1]:8080/x");
}

TEST(Url, TheHostHeaderNamesThePortOnlyWhereItIsNotTheSchemesOwn) {
  EXPECT_EQ(host_header(*parse_url("http://h:80/")), "h");
  EXPECT_EQ(host_header(*parse_url("http://h:443/")), "h:443");
  EXPECT_EQ(host_header(*parse_url("https://h:443/")), "h");
}

TEST(Url, WhatMayNotStandInARequestLineIsEncoded) {
  EXPECT_EQ(parse_url("http://h/meet alice/\xc3\xa9?q=\"<>")->target,
            "/meet%20alice/%C3%A9?q=%22%3C%3E");
  EXPECT_EQ(parse_url("http://h/a%20b")->target, "/a%20b") << "nothing is encoded twice";
}

TEST(Url, WhatIsNoneIsRefusedWithoutBeingRepeated) {
  for (const char* text :
       {"", "h/x", "http:/h", "http://", "http:///secret", "http://:80/secret", "http://h:0/secret",
        "http://h:65536/secret", "http://h:8x/secret", "http://[::1/secret", "http://secret host/",
        "http://h\\secret/", "ftp://h/secret", "http://h/secret\r\nX: y", "http://h/secret\x7f",
        "://h/", "1http://h/", "http://[1%secret]/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::usage);
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos) << url.error().message;
  }
}

TEST(Url, ASchemeMakesAUrl) {
  EXPECT_TRUE(looks_like_url("http://h"));
  EXPECT_TRUE(looks_like_url("gopher://h"));
  EXPECT_FALSE(looks_like_url("a.sse"));
  EXPECT_FALSE(looks_like_url("./http://h"));
  EXPECT_FALSE(looks_like_url("C:\\x"));
  EXPECT_FALSE(looks_like_url("-"));
}

TEST(Url, ReferencesAreResolvedAsRfc3986Says) {
  constexpr const char* base = "http://u@h:81/a/b/c?token=t";
  EXPECT_EQ(resolved(base, "https://Other/x?y#z"), "https://other/x?y");
  EXPECT_EQ(resolved(base, "//other/x"), "http://other/x");
  EXPECT_EQ(resolved(base, "/x?y"), "http://u@h:81/x?y");
  EXPECT_EQ(resolved(base, "x"), "http://u@h:81/a/b/x");
  EXPECT_EQ(resolved(base, "./x"), "http://u@h:81/a/b/x");
  EXPECT_EQ(resolved(base, "../x"), "http://u@h:81/a/x");
  EXPECT_EQ(resolved(base, "../../../x"), "http://u@h:81/x");
  EXPECT_EQ(resolved(base, ".."), "http://u@h:81/a/");
  EXPECT_EQ(resolved(base, "/a/./b/../c/."), "http://u@h:81/a/c/");
  EXPECT_EQ(resolved(base, "?q"), "http://u@h:81/a/b/c?q");
  EXPECT_EQ(resolved(base, "x?/../y"), "http://u@h:81/a/b/x?/../y");
  EXPECT_EQ(resolved(base, " /x "), "http://u@h:81/x");
  EXPECT_EQ(resolved("http://h", "x"), "http://h/x");
}

TEST(Url, AReferenceThatLeadsNowhereIsRefused) {
  EXPECT_EQ(resolved("http://h/", "mailto:a@b").find("error: "), 0U);
  EXPECT_EQ(resolved("http://h/", "file:///etc/passwd").find("error: "), 0U);
  EXPECT_EQ(resolved("http://h/", "//").find("error: "), 0U);
  EXPECT_EQ(resolved("http://h/", "/x\r\nSet-Cookie: a").find("error: "), 0U);
}

TEST(Url, SchemeHostAndPortMakeAnOrigin) {
  const auto url = *parse_url("http://h/x");
  EXPECT_TRUE(same_origin(url, *parse_url("http://H:80/y?z")));
  EXPECT_FALSE(same_origin(url, *parse_url("https://h/x")));
  EXPECT_FALSE(same_origin(url, *parse_url("http://h:81/x")));
  EXPECT_FALSE(same_origin(url, *parse_url("http://h.example/x")));
}

}  // namespace
}  // namespace tapedeck::recorder
