// What the REST API answers, without a socket.
#include "replayer/facade.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "replayer/endpoints.hpp"

namespace tapedeck::replayer {
namespace {

constexpr const char* api = "/api/client/v2/conferences/";

class FacadeTest : public testing::Test {
 protected:
  Answer ask(std::string_view method, const std::string& target, std::string_view token = {},
             std::string_view body = {}) {
    return facade.answer({.method = method, .target = target, .token = token, .body = body});
  }
  Answer post(const std::string& below, std::string_view token, std::string_view body = {}) {
    return ask("POST", api + ("meet.alice/" + below), token, body);
  }
  std::string join() { return post("request_token", "", R"({"display_name":"Me"})").body; }

  std::vector<std::string> left;
  std::vector<std::string> called;
  std::string refusal;
  Facade facade{
      {.participant_uuid = [](std::uint64_t n, std::string_view) { return numbered_uuid(n); },
       .join = [this](const JoinInfo&) -> Result<Entrance> {
         return refusal.empty() ? Result<Entrance>{Entrance::conference} : fail_io(refusal);
       },
       .find = [](std::string_view alias) -> Result<void> {
         return alias == "nowhere" ? Result<void>(fail_io("not here")) : Result<void>();
       },
       .call =
           [this](const Call& call, Answer& answer) {
             std::string text = std::to_string(call.who.number) + ' ' + std::string(call.method);
             for (const std::string_view segment : call.path) {
               text += ' ' + std::string(segment);
             }
             called.push_back(text + ' ' + std::string(call.room_uuid));
             if (call.query == "otherwise") {
               answer = success("{}");
             }
           },
       .leave = [this](const Member& member,
                       std::string_view) { left.push_back(member.who.participant_uuid); }}};
};

TEST_F(FacadeTest, AJoinIsToldWhoItIs) {
  const Answer answer = post("request_token", "", R"({"display_name":"Zo\u00eb \"Z\"","x":[1]})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body,
            R"({"status":"success","result":{"version":{},"role":"HOST",)"
            R"("current_service_type":"conference","call_type":"video","direct_media":false,)"
            R"("expires":"120","token":"token-1",)"
            R"("participant_uuid":"00000000-0000-4000-8000-000000000001",)"
            "\"display_name\":\"Zo\xc3\xab \\\"Z\\\"\",\"conference_name\":\"Meet Alice\"}}");
  EXPECT_EQ(facade.joins(), 1U);
}

TEST_F(FacadeTest, AJoinMayBeNamelessButNotBroken) {
  EXPECT_EQ(post("request_token", "", "").status, 200);
  EXPECT_EQ(post("request_token", "", "{}").status, 200);
  for (const char* body :
       {"{", "[]", "null", R"({"display_name":1})", R"({"display_name":null})", "{} x", "\xff"}) {
    const Answer answer = post("request_token", "", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.body,
              R"({"status":"failed","result":"The body is not JSON with a display_name"})");
  }
  EXPECT_EQ(facade.joins(), 2U);
}

TEST_F(FacadeTest, WhatAMemberAsksAndDoesIsToldAndMayBeAnsweredOtherwise) {
  join();
  const std::string conference = std::string(api) + "meet.alice/";
  EXPECT_EQ(ask("GET", conference + "conference_status?otherwise", "token-1").body,
            R"({"status":"success","result":{}})");
  post("breakouts/b%2F1/participants/p/mute", "token-1");
  post("breakouts", "token-1");
  post("unheard_of", "token-1");
  EXPECT_EQ(called,
            (std::vector<std::string>{
                "1 GET conference_status ", "1 POST breakouts b/1 participants p mute ",
                "1 POST breakouts 00000000-0000-4000-8000-000000000001", "1 POST unheard_of "}));
  called.clear();
  EXPECT_EQ(post("lock", "no token").status, 403);
  ask("OPTIONS", conference + "lock");
  ask("HEAD", conference + "participants", "token-1");
  post("refresh_token", "token-1");
  post("release_token", "token-1");
  EXPECT_TRUE(called.empty()) << called.front();
}

TEST_F(FacadeTest, AStreamOfNoConferenceIsNotThere) {
  EXPECT_EQ(ask("GET", "/events/nowhere").status, 404);
  EXPECT_TRUE(ask("GET", "/events/somewhere").stream);
}

TEST_F(FacadeTest, ANestedBombIsABrokenBody) {
  EXPECT_EQ(post("request_token", "", std::string(200'000, '[')).status, 400);
}

TEST_F(FacadeTest, WhoIsKeptOutIsToldWhy) {
  refusal = "the conference is over";
  const Answer answer = post("request_token", "", "{}");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, R"({"status":"failed","result":"the conference is over"})");
  EXPECT_EQ(facade.joins(), 0U);
}

TEST_F(FacadeTest, ATokenOpensTheStreamInTheQueryAndInTheHeader) {
  join();
  const std::string events = std::string(api) + "meet.alice/events";
  const Answer by_query = ask("GET", events + "?token=token-1");
  ASSERT_TRUE(by_query.stream);
  EXPECT_EQ(by_query.stream->member_id, 1U);
  EXPECT_EQ(by_query.stream->who.participant_uuid, numbered_uuid(1));
  EXPECT_EQ(by_query.stream->who.display_name, "Me");
  EXPECT_TRUE(ask("GET", events + "?x=1&token=token%2D1").stream);
  EXPECT_TRUE(ask("GET", events, "token-1").stream);
  EXPECT_TRUE(ask("HEAD", events, "token-1").stream);
  for (const char* query : {"", "?", "?token=", "?token=token-2", "?token=token+1",
                            "?Token=token-1", "?token=%zz", "?token"}) {
    const Answer answer = ask("GET", events + query);
    EXPECT_EQ(answer.status, 403) << query;
    EXPECT_EQ(answer.body, R"({"status":"failed","result":"Invalid token"})");
    EXPECT_FALSE(answer.stream);
  }
}

TEST_F(FacadeTest, AnyAliasJoinsAndIsNamedAfterItself) {
  for (const auto& [alias, name] : std::vector<std::pair<std::string, std::string>>{
           {"meet.alice", "Meet Alice"},
           {"meet%20alice", "Meet Alice"},
           {"a+b", "A+b"},
           {"meet_alice-x@example.com", "Meet Alice X"},
           {"Z%C3%BCrich", "Z\xc3\xbcrich"},
           {"a%2Fb", "A/b"},
           {"..-", "..-"},
           {"%22", "\\\""}}) {
    const Answer answer = ask("POST", api + alias + "/request_token");
    EXPECT_NE(answer.body.find("\"conference_name\":\"" + name + "\""), std::string::npos)
        << alias << ' ' << answer.body;
  }
}

TEST_F(FacadeTest, AnAliasStandsRawInTheUrlOfTheStream) {
  join();
  for (const char* alias : {"meet.alice", "a+b", "a/b", "a//b", "\xc3\xbc", "events"}) {
    EXPECT_TRUE(ask("GET", api + std::string(alias) + "/events?token=token-1").stream) << alias;
  }
}

TEST_F(FacadeTest, ARefreshGivesANewTokenAndTheOldOneStaysGood) {
  join();
  EXPECT_EQ(post("refresh_token", "token-1").body,
            R"({"status":"success","result":{"expires":"120","token":"token-2"}})");
  EXPECT_EQ(post("refresh_token", "token-1").status, 200);
  EXPECT_EQ(post("refresh_token", "token-2").status, 200);
}

TEST_F(FacadeTest, OnlyTheLastTokensOfAMemberAreKept) {
  join();
  for (std::size_t i = 0; i < limits::member_tokens_max; ++i) {
    const std::string newest = "token-" + std::to_string(i + 1);
    ASSERT_EQ(post("refresh_token", newest).status, 200) << newest;
  }
  EXPECT_EQ(post("lock", "token-1").status, 403);
  EXPECT_EQ(post("lock", "token-2").status, 200);
}

TEST_F(FacadeTest, AReleasedTokenIsGoodForNothing) {
  join();
  post("refresh_token", "token-1");
  const Answer answer = ask("POST", api + std::string("x/release_token?token=token-1"), "",
                            R"({"reason":"User initiated disconnect"})");
  EXPECT_EQ(answer.body, R"({"status":"success","result":true})");
  EXPECT_EQ(left, std::vector<std::string>{numbered_uuid(1)});
  for (const char* token : {"token-1", "token-2"}) {
    EXPECT_EQ(post("release_token", token).status, 403);
    EXPECT_EQ(post("lock", token).status, 403);
    const Answer refused = post("refresh_token", token);
    EXPECT_EQ(refused.status, 403);
    EXPECT_TRUE(refused.hold_back) << "the real client asks again without any delay";
  }
}

TEST_F(FacadeTest, EveryEndpointAnswersWithTheTypeThatTheClientAccepts) {
  join();
  for (const Endpoint& endpoint : all_endpoints()) {
    if (endpoint.kind != EndpointKind::fixed) {
      continue;
    }
    std::string path(endpoint.path);
    for (std::size_t at = 0; (at = path.find('*', at)) != std::string::npos;) {
      path.replace(at, 1, "0-1-2");
    }
    const std::string expected =
        R"({"status":"success","result":)" + std::string(endpoint.result) + "}";
    for (const char* room : {"", "breakouts/0-1-2/"}) {
      const Answer answer = ask(endpoint.method, std::string(api) + "x/" + room + path, "token-1");
      EXPECT_EQ(answer.status, 200) << room << path;
      EXPECT_EQ(answer.body, expected) << room << path;
    }
    EXPECT_EQ(ask(endpoint.method, std::string(api) + "x/" + path).status, 403) << path;
  }
}

TEST_F(FacadeTest, RoomsAndCallsHaveUuidsOfTheirOwn) {
  join();
  EXPECT_EQ(post("breakouts", "token-1").body,
            R"({"status":"success","result":)"
            R"({"breakout_uuid":"00000000-0000-4000-8000-000000000001"}})");
  EXPECT_EQ(post("participants/p/calls", "token-1").body,
            R"({"status":"success","result":{"url":"","secure_url":"","sdp":"",)"
            R"("call_uuid":"00000000-0000-4000-8000-000000000002"}})");
  EXPECT_EQ(post("participants/p/calls/c/disconnect", "token-1").body,
            R"({"status":"success","result":null})");
}

TEST_F(FacadeTest, ThereIsNoThemeAndNoAvatar) {
  join();
  const Answer theme = ask("GET", api + std::string("x/theme/?token=token-1"));
  EXPECT_EQ(theme.status, 204);
  EXPECT_EQ(theme.body, "");
  EXPECT_EQ(ask("GET", api + std::string("x/participants/p/avatar.jpg"), "token-1").status, 404);
}

TEST_F(FacadeTest, ACommandThatTheTableDoesNotKnowIsDone) {
  join();
  EXPECT_EQ(post("participants/p/dance", "token-1").body, R"({"status":"success","result":true})");
  EXPECT_EQ(post("participants/p/dance", "").status, 403);
  EXPECT_EQ(ask("GET", api + std::string("x/participants/p/dance"), "token-1").status, 404);
}

TEST_F(FacadeTest, AMethodThatIsNotThereIsRefusedWithTheOnesThatAre) {
  join();
  EXPECT_EQ(ask("GET", api + std::string("x/lock"), "token-1").status, 405);
  EXPECT_EQ(ask("GET", api + std::string("x/lock"), "token-1").allow, "POST, OPTIONS");
  EXPECT_EQ(ask("POST", "/events").status, 405);
  EXPECT_EQ(ask("POST", "/events").allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("DELETE", api + std::string("x/events")).status, 405);
  EXPECT_EQ(ask("PUT", api + std::string("x/new_thing")).status, 405);
}

TEST_F(FacadeTest, OptionsNeedNoToken) {
  for (const char* path : {"x/events", "x/refresh_token", "x/participants/p/mute", "x/new_thing"}) {
    const Answer answer = ask("OPTIONS", api + std::string(path));
    EXPECT_EQ(answer.status, 204) << path;
    EXPECT_NE(answer.allow, "") << path;
  }
  EXPECT_EQ(ask("OPTIONS", "*").status, 204);
}

TEST_F(FacadeTest, WhatIsNoPathOfTheServerIsNotFound) {
  for (const char* target :
       {"/", "/index.html", "/events/x/y", "/Events", "/api", "/api/client/v2",
        "/api/client/v2/conferences", "/api/client/v2/conferences/", "/api/client/v2/conferences/x",
        "/api/client/v2/conferences//request_token", "/api/client/v1/conferences/x/request_token",
        "//events", "/./events", "/api/../events", "/%2e%2e/events", "/api%2Fclient%2Fv2/status",
        "/api/client/v2/conferences/x/breakouts/b/request_token/y"}) {
    EXPECT_EQ(ask("GET", target).status, 404) << target;
  }
  EXPECT_EQ(ask("POST", "/api/client/v2/conferences//request_token").status, 404);
}

TEST_F(FacadeTest, ABrokenTargetIsABadRequest) {
  for (const char* target : {"", "events", "*", "/%", "/%4", "/%zz", "ftp://host/events",
                             "/api/client/v2/conferences/%/events"}) {
    EXPECT_EQ(ask("GET", target).status, 400) << target;
  }
}

TEST_F(FacadeTest, ATargetMayNameItsHost) {
  EXPECT_TRUE(ask("GET", "http://127.0.0.1:8080/events").stream);
  EXPECT_TRUE(ask("GET", "/events?x").stream);
  EXPECT_TRUE(ask("GET", "/events/").stream);
  EXPECT_EQ(ask("GET", "http://127.0.0.1:8080").status, 400);
}

TEST_F(FacadeTest, TheServerIsNotInMaintenance) {
  EXPECT_EQ(ask("GET", "/api/client/v2/status").body, R"({"status":"success","result":true})");
}

TEST(NumberedUuid, CountsInItsLastTwelveDigits) {
  EXPECT_EQ(numbered_uuid(0), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(numbered_uuid(0xabc), "00000000-0000-4000-8000-000000000abc");
  EXPECT_EQ(numbered_uuid(UINT64_MAX), "00000000-0000-4000-8000-ffffffffffff");
}

}  // namespace
}  // namespace tapedeck::replayer
