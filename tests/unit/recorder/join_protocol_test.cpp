#include "recorder/join_protocol.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/base/units.hpp"

namespace tapedeck::recorder {
namespace {

RestAnswer json(std::int64_t status, std::string_view body) {
  return {.status = status, .content_type = "application/json", .body = body};
}

JoinWishes wishes(const std::string& pin = "", WantedRole role = WantedRole::any) {
  return {.alias = "meet.alice", .pin = pin, .role = role};
}

JoinRefusal refusal_of(const RestAnswer& answer, const JoinWishes& wanted = wishes()) {
  auto judged = judge_join(answer, wanted);
  EXPECT_TRUE(std::holds_alternative<JoinRefusal>(judged)) << answer.body;
  return std::holds_alternative<JoinRefusal>(judged) ? std::get<JoinRefusal>(judged)
                                                     : JoinRefusal{};
}

void expect_refusal(const RestAnswer& answer, const std::string& words,
                    const JoinWishes& wanted = wishes()) {
  const std::string reason = refusal_of(answer, wanted).reason;
  EXPECT_NE(reason.find(words), std::string::npos) << reason;
}

TEST(JoinProtocol, ANodeIsAHostOrAUrl) {
  EXPECT_EQ(to_string(*parse_node("node.test")), "https://node.test");
  EXPECT_EQ(to_string(*parse_node("node.test:8443")), "https://node.test:8443");
  EXPECT_EQ(to_string(*parse_node("[::1]:8443")), "https://[::1]:8443");
  EXPECT_EQ(to_string(*parse_node("http://node.test/pexip/")), "http://node.test/pexip");
  for (const char* text : {"", "ftp://node", "https://node/?token=x", "http://", "a b"}) {
    EXPECT_FALSE(parse_node(text)) << text;
  }
}

TEST(JoinProtocol, AnAliasIsEncodedAsTheRealClientDoes) {
  const Url node = *parse_node("https://node.test/base");
  EXPECT_EQ(conference_url(node, "meet.alice@example.test", "request_token").target,
            "/base/api/client/v2/conferences/meet.alice%40example.test/request_token");
  EXPECT_EQ(conference_url(node, "a/b ?#%\xc3\xbc", "events?token=x").target,
            "/base/api/client/v2/conferences/a%2Fb%20%3F%23%25%C3%BC/events?token=x");
}

TEST(JoinProtocol, WhatIsNotKnownIsNotSent) {
  EXPECT_EQ(request_token_body(wishes(), ""), R"({"display_name":"tapedeck"})");
  JoinWishes all = wishes();
  all.display_name = "A \"B\"";
  all.call_tag = "tag";
  all.extension = "123";
  EXPECT_EQ(request_token_body(all, "once"),
            R"({"display_name":"A \"B\"","call_tag":"tag","conference_extension":"123",)"
            R"("token":"once"})");
  EXPECT_EQ(release_token_body("Transfer"), R"({"reason":"Transfer"})");
}

TEST(JoinProtocol, A200IsAMembership) {
  const auto judged = judge_join(
      json(200, R"({"status":"success","result":{"token":"t+=","expires":"90","role":"HOST",
          "participant_uuid":"p","current_service_type":"waiting_room","version":{}}})"),
      wishes());
  const auto* membership = std::get_if<Membership>(&judged);
  ASSERT_NE(membership, nullptr);
  EXPECT_EQ(membership->token, "t+=");
  EXPECT_EQ(membership->life_ns, 90 * ns_per_s);
  EXPECT_EQ(membership->participant_uuid, "p");
  EXPECT_TRUE(membership->host);
  EXPECT_TRUE(membership->waiting);
}

TEST(JoinProtocol, AnExpiryThatMakesNoSenseIsTheUsualOne) {
  for (const char* expires : {R"("soon")", "null", "-1", R"("")", "1.5", "[]"}) {
    const std::string body =
        R"({"status":"success","result":{"token":"t","expires":)" + std::string(expires) + "}}";
    const auto judged = judge_join(json(200, body), wishes());
    ASSERT_TRUE(std::holds_alternative<Membership>(judged)) << expires;
    EXPECT_EQ(std::get<Membership>(judged).life_ns, 120 * ns_per_s) << expires;
  }
}

TEST(JoinProtocol, ATokenThatWouldBreakAHeaderIsNone) {
  for (const char* token : {R"("")", R"("a\r\nb: c")", R"("a b")", R"("\u00fc")", "5", "null"}) {
    const std::string body =
        R"({"status":"success","result":{"token":)" + std::string(token) + "}}";
    expect_refusal(json(200, body), "no token that can be used");
  }
}

TEST(JoinProtocol, APinIsAskedForAndWhoNeedsNoneIsTold) {
  const RestAnswer both = json(403, R"({"status":"success","result":{"pin":"required",
      "guest_pin":"required","version":{}}})");
  const RestAnswer host_only = json(403, R"({"status":"success","result":{"pin":"required",
      "guest_pin":"none","version":{}}})");
  expect_refusal(both, "it asks for a PIN; give one with --pin-file or --pin");
  expect_refusal(host_only, "or join as a guest with --guest");
  EXPECT_FALSE(refusal_of(host_only).guest_without_pin) << "nobody asked for it";
  EXPECT_TRUE(refusal_of(host_only, wishes("", WantedRole::guest)).guest_without_pin);
  EXPECT_FALSE(refusal_of(both, wishes("", WantedRole::guest)).guest_without_pin);
  expect_refusal(both, "it does not take the PIN given", wishes("4711"));
  expect_refusal(json(403, R"({"status":"failed","result":"Invalid PIN"})"), "PIN given is wrong",
                 wishes("4711"));
}

TEST(JoinProtocol, EachRefusalSaysWhatToTryNext) {
  expect_refusal(json(403, R"({"status":"success","result":{"idp":[{"name":"a"}],"version":{}}})"),
                 "an identity provider");
  expect_refusal(json(403, R"({"result":{"redirect_url":"https://idp/?x=hidden","version":{}}})"),
                 "an identity provider");
  const RestAnswer extension = json(403, R"({"status":"success","result":
      {"conference_extension":"required","conference_extension_type":"standard"}})");
  expect_refusal(extension, "give one with --extension");
  JoinWishes extended = wishes();
  extended.extension = "1";
  expect_refusal(extension, "it does not know the extension given", extended);
  expect_refusal(json(403, R"({"status":"failed","result":"Conference is locked"})"),
                 "it does not let us in: 'Conference is locked'");
  expect_refusal(json(403, R"({"status":"failed","result":{}})"), "does not say why");
  expect_refusal(
      json(404, R"({"status":"failed","result":"Neither conference nor gateway found"})"),
      "no conference of that alias");
  expect_refusal(json(415, R"({"status":"failed","result":"Unsupported"})"), "status 415");
  expect_refusal(json(200, R"({"status":"failed","result":{"token":"t"}})"), "status 200");
}

TEST(JoinProtocol, WhatIsNoNodeIsToldApart) {
  expect_refusal({.status = 200, .content_type = "text/html", .body = "<html>"},
                 "status 200 and 'text/html' instead of JSON: is it a Conferencing Node");
  expect_refusal({.status = 404, .content_type = "", .body = ""}, "status 404 and nothing");
  expect_refusal(json(200, "[]"), "instead of JSON");
  expect_refusal(json(200, R"({"status":"success"})"), "instead of JSON");
  expect_refusal({.status = 301, .content_type = "", .body = "", .location = "https://other/"},
                 "a redirect to https://other/: give that as the node");
  expect_refusal({.status = 407, .content_type = "text/html", .body = ""}, "HTTP_PROXY");
  expect_refusal(json(200, std::string(100'000, '[')), "instead of JSON");
}

TEST(JoinProtocol, OnlyAServerThatIsInTroubleIsAskedAgain) {
  for (const std::int64_t status : {500, 502, 503, 504, 529}) {
    EXPECT_TRUE(refusal_of({.status = status, .content_type = "", .body = ""}).worth_retrying);
    EXPECT_TRUE(refusal_of(json(status, R"({"status":"failed","result":"x"})")).worth_retrying);
  }
  EXPECT_FALSE(refusal_of(json(403, R"({"result":"Invalid PIN"})")).worth_retrying);
  EXPECT_FALSE(refusal_of(json(404, R"({"result":"no"})")).worth_retrying);
}

TEST(JoinProtocol, ARefreshGivesANewTokenOrSaysWhetherTheOldOneIsGone) {
  const auto fresh =
      judge_refresh(json(200, R"({"status":"success","result":{"token":"new","expires":"120"}})"));
  ASSERT_TRUE(std::holds_alternative<std::string>(fresh));
  EXPECT_EQ(std::get<std::string>(fresh), "new");
  const auto gone = [](const RestAnswer& answer) {
    return std::get<RefreshRefusal>(judge_refresh(answer)).token_gone;
  };
  EXPECT_TRUE(gone(json(403, R"({"status":"failed","result":"Invalid token"})")));
  EXPECT_FALSE(gone(json(503, "")));
  EXPECT_FALSE(gone(json(429, ""))) << "it has no time, which says nothing about the token";
  EXPECT_FALSE(gone(json(200, "<html>")));
  EXPECT_FALSE(gone(json(0, "")));
}

TEST(JoinProtocol, ATransferNeedsAnAliasAndAToken) {
  const auto transfer = parse_refer(R"({"alias":"b","token":"once","target":"conference"})");
  ASSERT_TRUE(transfer);
  EXPECT_EQ(transfer->alias, "b");
  EXPECT_EQ(transfer->token, "once");
  for (const char* data : {"", "null", "[]", R"({"alias":"b"})", R"({"token":"t"})",
                           R"({"alias":5,"token":"t"})", R"({"alias":"","token":"t"})", "{"}) {
    EXPECT_FALSE(parse_refer(data)) << data;
  }
}

TEST(JoinProtocol, ADisconnectHasAReasonOrNone) {
  EXPECT_EQ(parse_disconnect(R"({"reason":"gone"})"), "gone");
  for (const char* data : {"", "null", "{}", R"({"reason":5})", "{"}) {
    EXPECT_EQ(parse_disconnect(data), "") << data;
  }
}

}  // namespace
}  // namespace tapedeck::recorder
