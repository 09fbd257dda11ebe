// What request_token answers to those who are asked for something, and how strict a node is.
#include "replayer/admission.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "replayer/facade.hpp"

namespace tapedeck::replayer {
namespace {

constexpr const char* pin_or_guest =
    R"({"status":"success","result":{"pin":"required","guest_pin":"none","version":{}}})";
constexpr const char* any_pin =
    R"({"status":"success","result":{"pin":"required","guest_pin":"required","version":{}}})";
constexpr const char* wrong_pin = R"({"status":"failed","result":"Invalid PIN"})";
constexpr const char* wrong_token = R"({"status":"failed","result":"Invalid token"})";
constexpr const char* provider =
    R"({"name":"Simulated provider","uuid":"1d900000-0000-4000-8000-000000000001"})";

class AdmissionTest : public testing::Test {
 protected:
  /// "HOST" or "GUEST", or status and body of the answer.
  std::string join(const Admission& admission, std::string_view pin = {},
                   const JoinRequest& request = {}) {
    const auto judged = judge(admission, "meet.alice", request, pin);
    if (const auto* role = std::get_if<Role>(&judged)) {
      return *role == Role::host ? "HOST" : "GUEST";
    }
    const auto& answer = std::get<Answer>(judged);
    EXPECT_EQ(answer.status, 403);
    return answer.body;
  }
};

TEST_F(AdmissionTest, WhereNothingIsAskedForEveryoneIsAHost) {
  EXPECT_EQ(join({}), "HOST");
  EXPECT_EQ(join({}, "1234"), "HOST");
  EXPECT_EQ(join({}, "none"), "HOST");
}

TEST_F(AdmissionTest, WhereNobodyKnowsThePinAnyIsRight) {
  std::optional<AnyPin> any = AnyPin{};
  const Admission admission{.any_pin = [&](std::string_view alias) {
    EXPECT_EQ(alias, "meet.alice");
    return any;
  }};
  EXPECT_EQ(join(admission), pin_or_guest);
  EXPECT_EQ(join(admission, "1"), "HOST");
  EXPECT_EQ(join(admission, "none"), "GUEST");
  any = AnyPin{.guests_need_one = true, .role = Role::guest};
  EXPECT_EQ(join(admission, "none"), any_pin);
  EXPECT_EQ(join(admission, "1"), "GUEST");
  any.reset();
  EXPECT_EQ(join(admission), "HOST");
}

TEST_F(AdmissionTest, AHostPinAloneLetsGuestsInWithoutOne) {
  const Admission admission{.host_pin = "1234"};
  EXPECT_EQ(join(admission), pin_or_guest);
  EXPECT_EQ(join(admission, "1234"), "HOST");
  EXPECT_EQ(join(admission, "none"), "GUEST");
  EXPECT_EQ(join(admission, "12345"), wrong_pin);
}

TEST_F(AdmissionTest, AGuestPinIsForGuests) {
  const Admission admission{.host_pin = "1234", .guest_pin = "99"};
  EXPECT_EQ(join(admission), any_pin);
  EXPECT_EQ(join(admission, "none"), any_pin);
  EXPECT_EQ(join(admission, "1234"), "HOST");
  EXPECT_EQ(join(admission, "99"), "GUEST");
  EXPECT_EQ(join(admission, "9"), wrong_pin);
}

TEST_F(AdmissionTest, AnExtensionIsAskedForAndChecked) {
  const Admission admission{.extension = "42"};
  EXPECT_EQ(join(admission), R"({"status":"success","result":{"conference_extension":"required",)"
                             R"("conference_extension_type":"standard"}})");
  EXPECT_EQ(join(admission, {}, {.conference_extension = "41"}),
            R"({"status":"failed","result":"Conference extension not found"})");
  EXPECT_EQ(join(admission, {}, {.conference_extension = "42"}), "HOST");
}

TEST_F(AdmissionTest, SingleSignOnGoesAsFarAsItCanWithoutABrowser) {
  const Admission admission{.host_pin = "1234", .single_sign_on = true};
  const std::string idp =
      R"({"status":"success","result":{"idp":[)" + std::string(provider) + R"(],"version":{}}})";
  EXPECT_EQ(join(admission, "1234"), idp);
  EXPECT_EQ(join(admission, "1234", {.chosen_idp = "none", .sso_token = "none"}), idp);
  EXPECT_EQ(join(admission, {}, {.chosen_idp = "1d900000-0000-4000-8000-000000000001"}),
            R"({"status":"success","result":{"redirect_url":"https://idp.invalid/login",)"
            R"("redirect_idp":)" +
                std::string(provider) + R"(,"disable_popup_flow":false,"version":{}}})");
  EXPECT_EQ(join(admission, {}, {.sso_token = "forged"}),
            R"({"status":"failed","result":"SSO Authentication Failed"})");
}

/// A facade that is as strict as a node, with a clock that the test sets.
class StrictNodeTest : public testing::Test {
 protected:
  Answer post(const std::string& below, std::string_view token = {}, std::string_view body = "{}",
              const std::string& alias = "alice") {
    return facade.answer({.method = "POST",
                          .target = conferences + alias + "/" + below,
                          .token = token,
                          .body = body,
                          .now_ns = now_ns});
  }
  Answer events(const std::string& alias, const std::string& token) {
    const std::string target = conferences + alias + "/events?token=" + token;
    return facade.answer({.method = "GET", .target = target, .now_ns = now_ns});
  }

  const std::string conferences = "/api/client/v2/conferences/";
  std::int64_t now_ns = 0;
  std::set<std::string> passes{"once"};
  std::vector<std::string> left;
  Facade facade{
      {.participant_uuid = [](std::uint64_t n, std::string_view) { return numbered_uuid(n); },
       .redeem = [this](std::string_view alias,
                        std::string_view token) -> Result<std::optional<Role>> {
         if (token == "of nobody") {
           return std::optional<Role>();
         }
         if (alias == "bob" && passes.erase(std::string(token)) != 0) {
           return std::optional(Role::guest);
         }
         return fail_usage("Invalid token");
       },
       .join = [](const JoinInfo& who) -> Result<Entrance> {
         return who.role == Role::guest ? Entrance::waiting_room : Entrance::conference;
       },
       .leave = [this](const Member&, std::string_view why) { left.emplace_back(why); }},
      {.aliases = {"alice", "bob", "a/b"}},
      {.life = std::chrono::seconds(30), .strict = true}};
};

TEST_F(StrictNodeTest, AnAliasThatIsNoneIsNotFound) {
  const Answer answer = post("request_token", {}, "{}", "carol");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, R"({"status":"failed","result":"Neither conference nor gateway found"})");
  EXPECT_EQ(facade.joins(), 0U);
}

TEST_F(StrictNodeTest, ATokenSaysHowLongItLives) {
  EXPECT_NE(post("request_token").body.find(R"("expires":"30")"), std::string::npos);
  EXPECT_EQ(post("refresh_token", "token-1").body,
            R"({"status":"success","result":{"expires":"30","token":"token-2"}})");
}

TEST_F(StrictNodeTest, ATokenThatRanOutOpensNothing) {
  (void)post("request_token");
  EXPECT_TRUE(events("alice", "token-1").stream);
  now_ns = 30 * ns_per_s;
  EXPECT_EQ(events("alice", "token-1").body, wrong_token);
  const Answer refresh = post("refresh_token", "token-1");
  EXPECT_EQ(refresh.status, 403);
  EXPECT_EQ(refresh.body, wrong_token);
  EXPECT_EQ(post("release_token", "token-1").status, 403);
  facade.release_expired(now_ns);
  EXPECT_EQ(left, std::vector<std::string>{"Timer expired awaiting token refresh"});
}

TEST_F(StrictNodeTest, TheTokenBeforeARefreshOpensNothingAfterAMoment) {
  (void)post("request_token");
  (void)post("refresh_token", "token-1");
  EXPECT_TRUE(events("alice", "token-1").stream);
  now_ns = 5 * ns_per_s;
  EXPECT_EQ(events("alice", "token-1").status, 403);
  EXPECT_TRUE(events("alice", "token-2").stream);
}

TEST_F(StrictNodeTest, ATokenIsGoodInItsOwnConferenceOnly) {
  (void)post("request_token");
  EXPECT_EQ(events("bob", "token-1").status, 403);
  EXPECT_EQ(post("lock", "token-1", "", "bob").status, 403);
  EXPECT_EQ(post("lock", "token-1").status, 200);
}

TEST_F(StrictNodeTest, AnAliasWithASlashIsTheSameEscapedAndRaw) {
  (void)post("request_token", {}, "{}", "a%2Fb");
  EXPECT_TRUE(events("a/b", "token-1").stream);
  EXPECT_TRUE(events("a%2Fb", "token-1").stream);
}

TEST_F(StrictNodeTest, AOneTimeTokenLetsInOnceInTheConferenceThatItIsFor) {
  const std::string body = R"({"token":"once"})";
  EXPECT_EQ(post("request_token", {}, body, "alice").body, wrong_token);
  const Answer joined = post("request_token", {}, body, "bob");
  EXPECT_EQ(joined.status, 200);
  EXPECT_NE(joined.body.find(R"("role":"GUEST","current_service_type":"waiting_room")"),
            std::string::npos)
      << joined.body;
  const Answer again = post("request_token", {}, body, "bob");
  EXPECT_EQ(again.status, 403);
  EXPECT_EQ(again.body, wrong_token);
}

TEST_F(StrictNodeTest, AWrongMethodIsRefusedWhateverTheToken) {
  (void)post("request_token");
  for (const char* endpoint : {"request_token", "refresh_token", "release_token", "lock"}) {
    const Answer answer = facade.answer(
        {.method = "GET", .target = conferences + "alice/" + endpoint, .token = "token-1"});
    EXPECT_EQ(answer.status, 405) << endpoint;
    EXPECT_EQ(answer.allow, "POST, OPTIONS") << endpoint;
  }
  EXPECT_EQ(post("events?token=token-1").status, 405);
  EXPECT_TRUE(left.empty()) << "nothing was done";
}

TEST(Maintenance, NobodyGetsInAndTheStatusSaysWhy) {
  Facade facade(
      {.participant_uuid = [](std::uint64_t n, std::string_view) { return numbered_uuid(n); },
       .join = [](const JoinInfo&) -> Result<Entrance> { return Entrance::conference; },
       .leave = [](const Member&, std::string_view) {}},
      {.aliases = {"alice"}, .unavailable = true});
  for (const auto& [method, target] :
       {std::pair{"POST", "/api/client/v2/conferences/alice/request_token"},
        std::pair{"POST", "/api/client/v2/conferences/bob/request_token"},
        std::pair{"GET", "/api/client/v2/status"}}) {
    const Answer answer = facade.answer({.method = method, .target = target});
    EXPECT_EQ(answer.status, 503) << target;
    EXPECT_EQ(answer.body, R"({"status":"failed","result":"System in maintenance mode"})");
  }
}

}  // namespace
}  // namespace tapedeck::replayer
