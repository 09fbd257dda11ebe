#include "recorder/proxy_rewrite.hpp"

#include <gtest/gtest.h>

namespace tapedeck::recorder {
namespace {

MessageHead head_in(std::string_view text) {
  HeadReader reader;
  return **reader.take(text);
}

class ProxyRewrite : public testing::Test {
 protected:
  Result<ProxiedRequest> rewrite(std::string_view text) {
    return rewrite_request(head_in(text), "127.0.0.1:8080", node_, network_);
  }
  std::string answer(std::string_view text, std::string_view own = "http://here:8080") const {
    MessageHead head = head_in(text);
    rewrite_response(head, node_, own);
    return head.text();
  }

  Url node_ = *parse_url("https://node.example:8443");
  Network network_{nullptr, {}};
};

TEST_F(ProxyRewrite, TheHostIsTheNodesAndTheRestIsTheClients) {
  const auto request =
      rewrite("GET /a?token=x+y HTTP/1.0\r\nHOST: here:1\r\nX: y\r\nCookie: a=b\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->to_node,
            "GET /a?token=x+y HTTP/1.0\r\nHOST: node.example:8443\r\nX: y\r\nCookie: a=b\r\n\r\n");
  EXPECT_EQ(request->own_origin, "http://here:1");
  EXPECT_EQ(request->line.target, "/a?token=x+y");
}

TEST_F(ProxyRewrite, OurOwnOriginBecomesTheNodesAndAForeignOneStays) {
  const auto own = rewrite(
      "GET / HTTP/1.1\r\nHost: here:1\r\nOrigin: http://here:1\r\nReferer: "
      "http://HERE:1/m?x\r\n\r\n");
  EXPECT_EQ(own->to_node,
            "GET / HTTP/1.1\r\nHost: node.example:8443\r\nOrigin: https://node.example:8443\r\n"
            "Referer: https://node.example:8443/m?x\r\n\r\n");
  const auto foreign =
      rewrite("GET / HTTP/1.1\r\nHost: here:1\r\nOrigin: http://page.example\r\n\r\n");
  EXPECT_NE(foreign->to_node.find("Origin: http://page.example\r\n"), std::string::npos);
}

TEST_F(ProxyRewrite, NothingIsAskedForThatCouldNotBeRead) {
  const auto rest = rewrite("GET /api/client/v2/status HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_NE(rest->to_node.find("Accept-Encoding: identity\r\n"), std::string::npos);
  const auto page = rewrite("GET /webapp3/ HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_NE(page->to_node.find("Accept-Encoding: gzip\r\n"), std::string::npos);
  const auto http2 = rewrite("GET / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n");
  EXPECT_EQ(http2->to_node, "GET / HTTP/1.1\r\nHost: node.example:8443\r\n\r\n");
  const auto socket = rewrite("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_NE(socket->to_node.find("Upgrade: websocket\r\n"), std::string::npos);
}

TEST_F(ProxyRewrite, AProxyOnTheWayIsTheWholeUrlAndWhoWeAre) {
  node_ = *parse_url("http://node.example");
  network_.proxies = *ProxySettings::from_environment([](const std::string& name) {
    return std::string(name == "http_proxy" ? "http://me:pass@proxy.example:3128" : "");
  });
  const auto request =
      rewrite("GET /a HTTP/1.1\r\nHost: here\r\nProxy-Authorization: theirs\r\n\r\n");
  EXPECT_EQ(request->to_node,
            "GET http://node.example/a HTTP/1.1\r\nHost: node.example\r\n"
            "Proxy-Authorization: Basic bWU6cGFzcw==\r\n\r\n");
}

TEST_F(ProxyRewrite, AWholeUrlIsMeantForTheNodeAndATunnelIsRefused) {
  const auto request = rewrite("GET http://here:8080/a?b HTTP/1.1\r\nHost: here:8080\r\n\r\n");
  EXPECT_EQ(request->line.target, "/a?b");
  EXPECT_EQ(request->to_node, "GET /a?b HTTP/1.1\r\nHost: node.example:8443\r\n\r\n");
  EXPECT_FALSE(rewrite("CONNECT node.example:443 HTTP/1.1\r\n\r\n"));
}

TEST_F(ProxyRewrite, WhatIsAtTheNodeIsHereAndWhatIsElsewhereStays) {
  EXPECT_EQ(answer("HTTP/1.1 302 Found\nLocation: https://NODE.example:8443/m?x#y\n\n"),
            "HTTP/1.1 302 Found\r\nLocation: http://here:8080/m?x#y\r\n\r\n");
  EXPECT_EQ(answer("HTTP/1.1 302 Found\nLocation: //node.example:8443/m\n\n"),
            "HTTP/1.1 302 Found\r\nLocation: http://here:8080/m\r\n\r\n");
  for (const char* location :
       {"/m", "https://node.example/m", "https://idp.example/?x", "m", "::"}) {
    const std::string text =
        "HTTP/1.1 302 Found\r\nLocation: " + std::string(location) + "\r\n\r\n";
    EXPECT_EQ(answer(text), text);
  }
}

TEST_F(ProxyRewrite, CookiesStayHereAndNothingLeadsRoundUs) {
  EXPECT_EQ(
      answer("HTTP/1.1 200 OK\nSet-Cookie: a=b; Domain=node.example; Path=/\n"
             "Alt-Svc: h3=\":443\"\nAccess-Control-Allow-Origin: https://node.example:8443\n\n"),
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\n"
      "Access-Control-Allow-Origin: http://here:8080\r\n\r\n");
}

}  // namespace
}  // namespace tapedeck::recorder
