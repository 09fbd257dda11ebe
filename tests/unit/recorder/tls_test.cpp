#include "recorder/tls.hpp"

#include <fstream>

#include "tests/support/test_authority.hpp"
#include "tests/unit/recorder/http_recording.hpp"

namespace tapedeck::recorder {
namespace {

using test::ScriptedConnection;
using test::ScriptedServer;
using test::ServerTls;
using test::stream_head;
using test::Subject;

/// Records over real TLS from a node whose certificate a test's own authority has signed.
class TlsTest : public HttpRecording {
 protected:
  TlsTest() { trust({.ca_file = file("ca.pem", authority_.certificate())}); }

  void trust(const TlsOptions& options) {
    auto context = TlsContext::make(options);
    ASSERT_TRUE(context) << context.error().message;
    network_.tls = *context;
  }
  std::string file(const std::string& name, const std::string& text) {
    const std::string path = folder_.path(name);
    std::ofstream(path) << text;
    return path;
  }
  [[nodiscard]] ServerTls tls(const Subject& subject = {.names = {"IP:127.0.0.1"}}) const {
    return {.identity = authority_.issue(subject), .client_authority = ""};
  }
  static ScriptedServer::Script body(const std::string& bytes = ":\n\n") {
    return says(stream_head() + bytes);
  }
  void expect_error(const std::string& url, const std::string& reason) {
    const std::string error = error_of(url);
    EXPECT_NE(error.find(reason), std::string::npos) << error;
  }

  test::TestAuthority authority_;
};

TEST_F(TlsTest, ABodyArrivesByteForByte) {
  std::string large;
  for (int i = 0; i < 20'000; ++i) {
    large += "id: " + std::to_string(i) + "\ndata: " + std::string(200, 'x') + "\n\n";
  }
  ScriptedServer server({body(large)}, tls());
  EXPECT_EQ(body_of(server.url()), large);
  EXPECT_EQ(end().end, port::ConnectionEnd::finished);
}

TEST_F(TlsTest, ABodyThatIsCutIsABrokenConnection) {
  ScriptedServer server({[](ScriptedConnection& connection) {
                          connection.send(stream_head() + "data: 1\n\n");
                          connection.cut();
                        }},
                        tls());
  EXPECT_EQ(body_of(server.url()), "data: 1\n\n");
  EXPECT_EQ(end().end, port::ConnectionEnd::broken);
  EXPECT_EQ(end().detail, "the connection ended without the end that TLS asks for");
}

TEST_F(TlsTest, ACertificateThatHasExpiredIsRefused) {
  ScriptedServer server({body()},
                        tls({.names = {"IP:127.0.0.1"}, .first_day = -3, .last_day = -2}));
  expect_error(server.url(), "expired at 20");
}

TEST_F(TlsTest, ACertificateOfTheFutureIsRefused) {
  ScriptedServer server({body()}, tls({.names = {"IP:127.0.0.1"}, .first_day = 2, .last_day = 3}));
  expect_error(server.url(), "is this machine's clock right?");
}

TEST_F(TlsTest, ACertificateForSomebodyElseIsRefused) {
  ScriptedServer server({body()}, tls({.names = {"DNS:other.test", "DNS:third.test"}}));
  expect_error(server.url(), "is for 'other.test', 'third.test' and not for '127.0.0.1'");
}

TEST_F(TlsTest, ACertificateOfAnUnknownAuthorityIsRefused) {
  const test::TestAuthority stranger;
  ScriptedServer server({body()}, ServerTls{.identity = stranger.issue({.names = {"IP:127.0.0.1"}}),
                                            .client_authority = ""});
  expect_error(server.url(),
               "an authority that is not known here: give that authority's "
               "certificate with --ca");
}

TEST_F(TlsTest, TheSystemDoesNotKnowATestsAuthority) {
  trust({});
  ScriptedServer server({body()}, tls());
  expect_error(server.url(), "an authority that is not known here");
}

TEST_F(TlsTest, NothingIsCheckedWhereNothingShouldBe) {
  trust({.ca_file = "", .verify = false});
  ScriptedServer server({body()},
                        tls({.names = {"DNS:other.test"}, .first_day = -3, .last_day = -2}));
  EXPECT_EQ(body_of(server.url()), ":\n\n");
}

TEST_F(TlsTest, WhatDoesNotSpeakTlsIsRefused) {
  for (const char* greeting : {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"}) {
    ScriptedServer server({[greeting](ScriptedConnection& connection) {
      connection.send(greeting);
      connection.wait_for_client();
    }});
    expect_error("https://127.0.0.1:" + std::to_string(server.port()) + "/",
                 "what answers there does not speak TLS; if it speaks plain HTTP, use http://");
  }
}

TEST_F(TlsTest, ANodeThatClosesInsteadOfAnsweringIsRefused) {
  ScriptedServer server({[](ScriptedConnection&) {}});
  expect_error("https://127.0.0.1:" + std::to_string(server.port()) + "/", "TLS with 127.0.0.1");
}

TEST_F(TlsTest, AnOutdatedNodeIsRefused) {
  ServerTls old = tls();
  old.outdated = true;
  ScriptedServer server({body()}, old);
  expect_error(server.url(), "neither TLS 1.2 nor 1.3");
}

TEST_F(TlsTest, ANodeThatWantsACertificateGetsOne) {
  ServerTls strict = tls();
  strict.client_authority = authority_.certificate();
  ScriptedServer server({body(), body(), body()}, strict);
  expect_error(server.url(), "it wants a client's certificate; give one with --cert and --key");

  const std::string ca = folder_.path("ca.pem");
  const test::Identity mine = authority_.issue({.names = {"DNS:recorder.test"}});
  trust({.ca_file = ca,
         .cert_file = file("cert.pem", mine.certificate),
         .key_file = file("key.pem", mine.key)});
  EXPECT_EQ(body_of(server.url()), ":\n\n");

  const test::Identity strange = test::TestAuthority().issue({.names = {"DNS:recorder.test"}});
  trust({.ca_file = ca, .cert_file = file("both.pem", strange.certificate + strange.key)});
  expect_error(server.url(), "it does not accept the certificate given with --cert");
}

TEST_F(TlsTest, FilesThatHoldNoCertificateOrKeyAreRefused) {
  const test::Identity mine = authority_.issue({.names = {"DNS:recorder.test"}});
  const test::Identity other = authority_.issue({.names = {"DNS:recorder.test"}});
  const std::string text = file("text", "hello");
  const std::string cert = file("cert.pem", mine.certificate);
  const std::vector<std::pair<TlsOptions, std::string>> cases{
      {{.ca_file = folder_.path("missing")}, "cannot read certificates in PEM from '"},
      {{.ca_file = text}, "cannot read certificates in PEM from '"},
      {{.cert_file = text}, "cannot read a certificate in PEM from '"},
      {{.cert_file = cert}, "cannot read a private key in PEM from '"},
      {{.cert_file = cert, .key_file = file("other.pem", other.key)}, "does not belong to"},
  };
  for (const auto& [options, reason] : cases) {
    const auto context = TlsContext::make(options);
    ASSERT_FALSE(context) << reason;
    EXPECT_NE(context.error().message.find(reason), std::string::npos) << context.error().message;
  }
}

TEST_F(TlsTest, ARedirectToHttpsIsFollowedWithoutCredentials) {
  ScriptedServer safe({body()}, tls());
  ScriptedServer plain({says("HTTP/1.1 301 Go\r\nLocation: " + safe.url("/x") + "\r\n\r\n")});
  ASSERT_TRUE(record(plain.url(), {.reconnects = {.attempts_max = 0}}, {{"token", "hidden"}}));
  EXPECT_EQ(connection().start.source, safe.url("/x"));
  EXPECT_EQ(safe.requests().at(0).find("hidden"), std::string::npos);
}

/// A proxy that stands in for name resolution: the node is called node.test.
class ProxyTest : public TlsTest {
 protected:
  void use_proxy(std::uint16_t port, const std::string& userinfo = "") {
    const std::string url = "http://" + userinfo + "127.0.0.1:" + std::to_string(port);
    network_.proxies = *ProxySettings::from_environment(
        [&](const std::string& name) { return name == "NO_PROXY" ? "" : url; });
  }
  static ScriptedServer::Script tunnel_to(std::uint16_t port) {
    return [port](ScriptedConnection& connection) {
      connection.send("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n");
      connection.tunnel_to(port);
    };
  }
};

TEST_F(ProxyTest, HttpsGoesThroughATunnelToANodeThatIsChecked) {
  ScriptedServer node({body()}, tls({.names = {"DNS:node.test"}}));
  ScriptedServer proxy({tunnel_to(node.port())});
  use_proxy(proxy.port(), "user:hid%20den@");
  EXPECT_EQ(body_of("https://node.test/events"), ":\n\n");
  EXPECT_EQ(proxy.requests().at(0),
            "CONNECT node.test:443 HTTP/1.1\r\nHost: node.test:443\r\n"
            "Proxy-Authorization: Basic dXNlcjpoaWQgZGVu\r\n\r\n");
  EXPECT_EQ(node.requests().at(0).find("GET /events HTTP/1.1\r\nHost: node.test\r\n"), 0U);
  EXPECT_EQ(node.requests().at(0).find("Proxy-"), std::string::npos);
  EXPECT_EQ(connection().start.source, "https://node.test/events");
}

TEST_F(ProxyTest, ATunnelDoesNotMakeAWrongNameRight) {
  ScriptedServer node({body()}, tls({.names = {"DNS:other.test"}}));
  ScriptedServer proxy({tunnel_to(node.port())});
  use_proxy(proxy.port());
  expect_error("https://node.test/", "is for 'other.test' and not for 'node.test'");
}

TEST_F(ProxyTest, HttpIsAskedOfTheProxyByItsWholeUrl) {
  ScriptedServer proxy({body()});
  use_proxy(proxy.port(), "user:hidden@");
  EXPECT_EQ(body_of("http://node.test:8080/events?a=1"), ":\n\n");
  EXPECT_EQ(proxy.requests().at(0).find("GET http://node.test:8080/events?a=1 HTTP/1.1\r\n"
                                        "Proxy-Authorization: Basic dXNlcjpoaWRkZW4=\r\n"
                                        "Host: node.test:8080\r\n"),
            0U);
}

TEST_F(ProxyTest, EachRefusalOfAProxySaysWhatToDo) {
  struct Case {
    const char* answer;
    const char* userinfo;
    const char* reason;
  };
  const Case cases[] = {
      {"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n", "", "wants a name and a password"},
      {"HTTP/1.1 407 No\r\n\r\n", "user:hidden@", "does not accept the name and the password"},
      {"HTTP/1.1 403 No\r\n\r\n", "",
       "refuses to connect to node.test port 443: it answered with "
       "status 403; NO_PROXY"},
      {"", "user:hidden@", "closed the connection instead of making one"},
      {"HTTP/1.1 200", "", "closed the connection instead of making one"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "", "does not answer as an HTTP proxy does"},
  };
  for (const auto& [answer, userinfo, reason] : cases) {
    ScriptedServer proxy({says(answer)});
    use_proxy(proxy.port(), userinfo);
    const std::string error = error_of("https://node.test/?token=hidden");
    EXPECT_NE(error.find(reason), std::string::npos) << error;
    EXPECT_EQ(error.find("hidden"), std::string::npos) << error;
  }
}

TEST_F(ProxyTest, AProxyThatIsNotThereIsSaidToBeTheProxy) {
  use_proxy(1);
  expect_error("https://node.test/",
               "its proxy cannot be used: cannot connect to 127.0.0.1 port 1");
}

TEST_F(ProxyTest, AProxyOfPlainHttpThatWantsAPasswordSaysSo) {
  ScriptedServer proxy({says("HTTP/1.1 407 No\r\n\r\n")});
  use_proxy(proxy.port());
  expect_error("http://node.test/", "the proxy wants a name and a password");
}

}  // namespace
}  // namespace tapedeck::recorder
