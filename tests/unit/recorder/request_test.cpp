#include "recorder/request.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace tapedeck::recorder {
namespace {

Request request_to(const char* url, const std::vector<Header>& own = {}, std::string_view id = "",
                   bool credentials = true) {
  return make_request(*parse_url(url), own, id, credentials);
}

TEST(Request, AsksForAnEventStreamAndNothingElse) {
  EXPECT_EQ(request_to("http://h:81/e?x=1").text,
            "GET /e?x=1 HTTP/1.1\r\nHost: h:81\r\nAccept: text/event-stream\r\n"
            "Cache-Control: no-cache\r\nUser-Agent: tapedeck\r\n\r\n");
}

TEST(Request, SendsTheLastEventIdAsItsBytesAre) {
  const Request request = request_to("http://h/", {}, "MTAuNDQ=\x01 \xc3\xa9");
  EXPECT_NE(request.text.find("\r\nLast-Event-ID: MTAuNDQ=\x01 \xc3\xa9\r\n"), std::string::npos);
  EXPECT_EQ(request.last_event_id, "MTAuNDQ=\x01 \xc3\xa9");
}

TEST(Request, SendsNoIdThatIsEmptyOrWouldBreakTheHeader) {
  using namespace std::string_literals;
  for (const std::string& id :
       {""s, "a\rb"s, "a\nb"s, "a\0b"s, std::string(limits::last_event_id_bytes_max + 1, 'x')}) {
    const Request request = request_to("http://h/", {}, id);
    EXPECT_EQ(request.text.find("Last-Event-ID"), std::string::npos) << id;
    EXPECT_EQ(request.last_event_id, "");
  }
}

TEST(Request, OwnHeadersReplaceTheUsualOnes) {
  const std::string text =
      request_to("http://u:p@h/",
                 {{"accept", "*/*"}, {"X-A", "1"}, {"X-A", "2"}, {"Authorization", "Bearer t"}})
          .text;
  EXPECT_EQ(text.find("Accept:"), std::string::npos);
  EXPECT_NE(text.find("\r\naccept: */*\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\nX-A: 1\r\nX-A: 2\r\n"), std::string::npos);
  EXPECT_EQ(text.find("Basic"), std::string::npos);
}

TEST(Request, UserinfoBecomesBasicAuthorization) {
  // The example of RFC 7617, section 2.
  EXPECT_NE(request_to("http://Aladdin:open%20sesame@h/")
                .text.find("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
            std::string::npos);
  EXPECT_NE(request_to("http://ab%@h/").text.find("Basic YWIl\r\n"), std::string::npos);
  EXPECT_NE(request_to("http://ab:c@h/").text.find("Basic YWI6Yw==\r\n"), std::string::npos);
  EXPECT_NE(request_to("http://ab:cd@h/").text.find("Basic YWI6Y2Q=\r\n"), std::string::npos);
}

TEST(Request, ToAnotherOriginNeitherCredentialsNorOwnHeadersGo) {
  const Request request =
      request_to("http://u:p@other/", {{"token", "t"}, {"Last-Event-ID", "mine"}}, "5", false);
  EXPECT_EQ(request.text,
            "GET / HTTP/1.1\r\nHost: other\r\nAccept: text/event-stream\r\n"
            "Cache-Control: no-cache\r\nUser-Agent: tapedeck\r\nLast-Event-ID: 5\r\n\r\n");
}

TEST(Request, AnIdOfTheCallersGivesWayToTheStreams) {
  const std::vector<Header> own{{"Last-Event-Id", "mine"}};
  EXPECT_EQ(request_to("http://h/", own).last_event_id, "mine");
  const Request later = request_to("http://h/", own, "7");
  EXPECT_EQ(later.last_event_id, "7");
  EXPECT_EQ(later.text.find("mine"), std::string::npos);
}

TEST(Request, APostCarriesItsBodyAndWhatIsForTheNode) {
  const PostRequest request =
      make_post(*parse_url("http://u:p@h:81/x"), {{"token", "t"}, {"user-agent", "me"}}, "{}");
  EXPECT_EQ(request.text,
            "POST /x HTTP/1.1\r\nHost: h:81\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\n"
            "Authorization: Basic dTpw\r\ntoken: t\r\nuser-agent: me\r\n\r\n{}");
  EXPECT_EQ(request.headers.back().value, "me");
}

TEST(Request, APostOfNothingSaysSo) {
  EXPECT_EQ(make_post(*parse_url("http://h/x"), {}, "").text,
            "POST /x HTTP/1.1\r\nHost: h\r\nAccept: application/json\r\nContent-Length: 0\r\n"
            "User-Agent: tapedeck\r\n\r\n");
}

TEST(Request, ATunnelIsAskedForByHostAndPort) {
  const Url proxy = *parse_url("http://proxy:3128");
  EXPECT_EQ(make_connect_request(*parse_url("https://[2001:db8::1]/x"), proxy),
            "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n");
}

TEST(ParseHeader, ReadsNameAndValue) {
  const auto header = parse_header("X-Token:  a: b \t");
  ASSERT_TRUE(header);
  EXPECT_EQ(header->name, "X-Token");
  EXPECT_EQ(header->value, "a: b");
  EXPECT_EQ(parse_header("Empty:")->value, "");
}

TEST(ParseHeader, RefusesWhatIsNoHeader) {
  using namespace std::string_literals;
  for (const std::string& text :
       {"novalue"s, ": x"s, ""s, "a b: c"s, "a\r\nb: c"s, "a: b\r\nc: d"s, "a: b\nc"s, "a: \0"s}) {
    EXPECT_FALSE(parse_header(text)) << text;
  }
}

TEST(ParseHeader, RefusesWhatFramesTheMessage) {
  for (const char* text : {"Content-Length: 5", "transfer-encoding: chunked", "Connection: close",
                           "Accept-Encoding: gzip", "Expect: 100-continue", "Upgrade: h2c"}) {
    EXPECT_FALSE(parse_header(text)) << text;
  }
}

}  // namespace
}  // namespace tapedeck::recorder
