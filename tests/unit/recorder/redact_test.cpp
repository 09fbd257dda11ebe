#include "recorder/redact.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "recorder/secret_names.hpp"

namespace tapedeck::recorder {
namespace {

TEST(Redactor, ATokenInAUrlGivesWayToAPlaceholder) {
  Redactor redactor;
  EXPECT_EQ(redactor.url("http://h/events?x=1&token=abc+/=&y=2"),
            "http://h/events?x=1&token=TOKEN-1&y=2");
}

TEST(Redactor, TheSameSecretKeepsItsPlaceholderAndAnotherGetsAnother) {
  Redactor redactor;
  EXPECT_EQ(redactor.url("/a?token=first"), "/a?token=TOKEN-1");
  EXPECT_EQ(redactor.url("/b?token=second"), "/b?token=TOKEN-2");
  EXPECT_EQ(redactor.url("/c?token=first&pin=1234"), "/c?token=TOKEN-1&pin=PIN-1");
}

TEST(Redactor, UserinfoIsASecret) {
  Redactor redactor;
  EXPECT_EQ(redactor.url("http://user:pass@word@h:80/x"), "http://USERINFO-1@h:80/x");
  EXPECT_EQ(redactor.url("//user@h"), "//USERINFO-2@h");
  EXPECT_EQ(redactor.url("http://h/a@b"), "http://h/a@b");
}

TEST(Redactor, BrokenUrlsDoNotLetASecretThrough) {
  Redactor redactor;
  for (const char* url : {"?token=hidden", "x?a&token=hidden", "x#token=hidden", "?&&token=hidden&",
                          "http://h?token=hidden#", "?token=hi?dden;hidden", "?TOKEN=hidden"}) {
    EXPECT_EQ(redactor.url(url).find("hi"), std::string::npos) << redactor.url(url);
  }
  EXPECT_EQ(redactor.url("?token"), "?token");
  EXPECT_EQ(redactor.url("?token="), "?token=");
  EXPECT_EQ(redactor.url(""), "");
}

TEST(Redactor, NamesSayWhatIsASecret) {
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"token", "TOKEN"},
      {"Token", "TOKEN"},
      {"x-auth-token", "TOKEN"},
      {"sso_token", "SSO_TOKEN"},
      {"Authorization", "AUTHORIZATION"},
      {"Set-Cookie", "SET-COOKIE"},
      {"pin", "PIN"},
      {"client_secret", "SECRET"},
      {"API-Key", "API-KEY"},
      {"my\"pass\nword", ""},
  };
  for (const auto& [name, kind] : kinds) {
    EXPECT_EQ(secret_kind(name), kind) << name;
  }
  for (const char* name : {"spinner", "author", "Content-Type", "keyframe", "x", ""}) {
    EXPECT_EQ(secret_kind(name), "") << name;
  }
}

TEST(Redactor, HeadersAreJudgedByNameAndByWhatIsKnown) {
  Redactor redactor;
  EXPECT_EQ(redactor.header("Set-Cookie", "id=8; Path=/"), "SET-COOKIE-1");
  EXPECT_EQ(redactor.header("Content-Location", "/e?token=hidden"), "/e?token=TOKEN-1");
  EXPECT_EQ(redactor.header("X-Echo", "you sent hidden"), "you sent TOKEN-1");
  EXPECT_EQ(redactor.header("Server", "node/37"), "node/37");
}

TEST(Redactor, KnownSecretsAreFoundInAnyText) {
  Redactor redactor;
  redactor.placeholder("token", "abcd");
  redactor.placeholder("token", "abcdef");
  redactor.placeholder("pin", "42");
  EXPECT_EQ(redactor.text("abcdef, abcd, 42 people"), "TOKEN-2, TOKEN-1, 42 people")
      << "the longer one goes first, and a short one would match by chance";
  EXPECT_EQ(redactor.text("nothing"), "nothing");
  EXPECT_EQ(redactor.text("abcdx xabcd abcd"), "abcdx xabcd TOKEN-1")
      << "a short one is a word by itself";
  redactor.placeholder("token", "12345678");
  EXPECT_EQ(redactor.text("x12345678y"), "xTOKEN-3y") << "a long one is one anywhere";
}

TEST(Redactor, AJsonBodyKeepsItsFormAndLosesItsSecrets) {
  Redactor redactor;
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"token":"abcdef", "expires" : "120"})", R"({"token":"TOKEN-1", "expires" : "120"})"},
      {R"({"token":"ab\u0063def"})", R"({"token":"TOKEN-1"})"},
      {R"({"sso_token":"none","pin":"required","guest_pin":"none"})",
       R"({"sso_token":"none","pin":"required","guest_pin":"none"})"},
      {R"({"pin": 4711, "port": 4711, "big": 1.5e3, "no": null})",
       R"({"pin": "PIN-1", "port": 4711, "big": 1.5e3, "no": null})"},
      {R"({"uuid":"ab4711cd","why":"4711 is wrong"})",
       R"({"uuid":"ab4711cd","why":"PIN-1 is wrong"})"},
      {R"({"turn":[{"urls":["turn:h"],"credential":"hidden"}]})",
       R"({"turn":[{"urls":["turn:h"],"credential":"CREDENTIAL-1"}]})"},
      {R"({"tokens":["x1","y2"],"name":"x1"})", R"({"tokens":["TOKEN-2","TOKEN-3"],"name":"x1"})"},
      {R"({"redirect_url":"https://idp/?a=1&token=abcdef&SAMLtoken=q"})",
       R"({"redirect_url":"https://idp/?a=1&token=TOKEN-1&SAMLtoken=TOKEN-4"})"},
      {R"({"to\u006ben":"abcdef", "x":"y":1})", R"({"to\u006ben":"TOKEN-1", "x":"y":1})"},
      {R"({"token":"abcdef" : null})", R"({"token":"TOKEN-1" : null})"},
      {R"({"a \"b_token":"abcdef"})", R"({"a \"b_token":"TOKEN-1"})"},
      {R"({"payload":"{\"token\":\"abc\\u0064ef\"}"})", R"({"payload":"{\"token\":\"TOKEN-1\"}"})"},
      {R"({"text":"it was abcdef"})", R"({"text":"it was TOKEN-1"})"},
      {R"({"token":"torn)", R"({"token":"TORN)"},
      {"<html>abcdef</html>", "<html>TOKEN-1</html>"},
      {"", ""},
  };
  for (const auto& [body, shown] : cases) {
    EXPECT_EQ(redactor.json(body), shown) << body;
  }
}

TEST(Redactor, AJsonBodyThatIsTornAnywhereLosesItsSecretsToo) {
  const std::string body =
      R"({"status":"success","result":{"token":"hidden\/1","n":[1,{"sso_token":"hidden2"}],)"
      R"("redirect_url":"https://u:hidden3@h/?pin=hidden4","credential":"hid\u0064en5"}})";
  for (std::size_t size = 0; size <= body.size(); ++size) {
    Redactor redactor;
    const std::string shown = redactor.json(std::string_view(body).substr(0, size));
    EXPECT_EQ(shown.find("hidden"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("hid\\u"), std::string::npos) << shown;
  }
}

TEST(Redactor, AShortSecretIsNoneWhereItStandsByChance) {
  Redactor redactor;
  EXPECT_EQ(redactor.header("pin", "none"), "none") << "a guest says that there is no PIN";
  EXPECT_EQ(redactor.text("none of them"), "none of them");
  EXPECT_EQ(redactor.header("pin", "conference"), "PIN-1");
  EXPECT_EQ(redactor.url("/api/conferences/conference/events"),
            "/api/conferences/conference/events");
  EXPECT_EQ(redactor.json(R"({"current_service_type":"conference"})"),
            R"({"current_service_type":"conference"})");
  EXPECT_EQ(redactor.text("no such PIN: conference"), "no such PIN: PIN-1");
  EXPECT_EQ(redactor.header("pin", "2048"), "PIN-2");
  EXPECT_EQ(redactor.json(R"({"width": 2048, "uuid":"a2048b", "said":"2048"})"),
            R"({"width": 2048, "uuid":"a2048b", "said":"PIN-2"})");
}

TEST(Redactor, ACredentialIsKnownWithoutItsScheme) {
  Redactor redactor;
  redactor.remember_header("Authorization", "Bearer 1f2e3d4c5b6a");
  EXPECT_EQ(redactor.text("1f2e3d4c5b6a has run out"), "AUTHORIZATION-2 has run out");
  EXPECT_EQ(redactor.header("Authorization", "Bearer 1f2e3d4c5b6a"), "AUTHORIZATION-1");
}

TEST(Redactor, KeepsSecretsOnTheTapeAndNotInMessages) {
  Redactor redactor(OnTape::secrets);
  EXPECT_EQ(redactor.target("/e?token=hidden"), "/e?token=hidden");
  EXPECT_EQ(redactor.header("token", "hidden2"), "hidden2");
  EXPECT_EQ(redactor.json(R"({"token":"hidden3"})"), R"({"token":"hidden3"})");
  EXPECT_EQ(redactor.url("/e?token=hidden"), "/e?token=TOKEN-1");
  EXPECT_EQ(redactor.text("hidden2, hidden3"), "TOKEN-2, TOKEN-3");
}

TEST(KnownSecrets, OfManyThoseAreForgottenThatWereMetLongestAgo) {
  KnownSecrets known(100);
  const auto secret = [](int number) { return "secret-" + std::to_string(100'000 + number); };
  const auto is_found = [&](const std::string& text) {
    SecretPlaces places;
    known.find(text, Text::value, false, places);
    return !places.empty();
  };
  known.placeholder("PIN", "our own 4711", Memory::for_ever);
  const std::string first = known.placeholder("TOKEN", secret(0), Memory::bounded);
  for (int number = 1; number < 100'000; ++number) {
    known.placeholder("TOKEN", secret(number), Memory::bounded);
    EXPECT_EQ(known.placeholder("TOKEN", secret(0), Memory::bounded), first) << "it is in use";
    ASSERT_LE(known.size(), 101U);
  }
  EXPECT_TRUE(is_found(secret(0)));
  EXPECT_TRUE(is_found(secret(99'999)));
  EXPECT_FALSE(is_found(secret(1)));
  EXPECT_TRUE(is_found("our own 4711"));
  EXPECT_EQ(known.placeholder("TOKEN", secret(1), Memory::bounded), "TOKEN-100001")
      << "no number stands for two";
}

}  // namespace
}  // namespace tapedeck::recorder
