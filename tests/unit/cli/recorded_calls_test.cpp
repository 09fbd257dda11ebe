// What a tape has of the calls of its client, and a client's commands beside them.
#include "cli/recorded_calls.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/compared_command.hpp"
#include "core/base/units.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::cli {
namespace {

class RecordedCallsTest : public testing::Test {
 protected:
  void add(std::int64_t at_s, const std::string& method, const std::string& path,
           const std::string& body, std::int64_t status = 200, const std::string& answer = "{}") {
    ASSERT_TRUE(
        tape.writer().note_exchange({.request_ns = at_s * ns_per_s,
                                     .response_ns = at_s * ns_per_s,
                                     .method = method,
                                     .target = "/api/client/v2/conferences/meet%20alice/" + path,
                                     .request_headers = {},
                                     .request_body = body,
                                     .status = status,
                                     .response_headers = {},
                                     .response_body = answer}));
  }
  RecordedCalls read() {
    tape.finish();
    reader = schema::TapeReader::open(folder.path()).value();
    return RecordedCalls::read(*reader).value();
  }

  test::TemporaryFolder folder;
  test::TapeBuilder tape{folder.path()};
  std::unique_ptr<schema::TapeReader> reader;
};

TEST_F(RecordedCallsTest, TheNearestCallOfTheSameBodyIsTheSame) {
  add(1, "POST", "participants/a/mute", "");
  add(5, "POST", "participants/a/mute", "{}");
  add(6, "POST", "participants/b/mute", "");
  add(7, "POST", "message", R"({"payload":"x", "type":"text/plain"})");
  add(9, "POST", "message", R"({"payload":"y"})");
  RecordedCalls calls = read();
  std::vector<bool> taken(calls.all().size());
  const auto nearest = [&](const char* path, const char* body, std::int64_t at_s) {
    const auto match = calls.nearest("POST", path, body, at_s * ns_per_s, taken);
    return match ? std::to_string(match->index) + (match->same_body ? "" : " other body")
                 : std::string("none");
  };
  EXPECT_EQ(nearest("participants/a/mute", "", 4), "1");
  taken[1] = true;
  EXPECT_EQ(nearest("participants/a/mute", "", 4), "0");
  EXPECT_EQ(nearest("participants/c/mute", "", 4), "none");
  EXPECT_EQ(nearest("message", R"({"type":"text/plain","payload":"x"})", 9), "4 other body")
      << "the order of keys is the body's";
  EXPECT_EQ(nearest("message", R"({"payload":"x","type":"text/plain"})", 9), "3");
  EXPECT_EQ(nearest("message", "\xff", 8), "3 other body");
}

TEST_F(RecordedCallsTest, AQuestionHasTheLastAnswerBeforeItOrElseTheFirst) {
  add(2, "GET", "theme/?token=TOKEN-1", "", 200, R"({"a":1})");
  add(4, "GET", "theme/", "", 200, R"({"a":2})");
  add(5, "GET", "theme/", "", 204, "");
  add(6, "GET", "available_layouts?annotate=true&token=TOKEN-1", "", 200, R"({"a":3})");
  const RecordedCalls calls = read();
  EXPECT_EQ(calls.answered("theme", "", ns_per_s)->answer, R"({"a":1})");
  EXPECT_EQ(calls.answered("theme", "", 3 * ns_per_s)->answer, R"({"a":1})");
  EXPECT_EQ(calls.answered("theme", "", 9 * ns_per_s)->answer, R"({"a":2})");
  EXPECT_EQ(calls.answered("available_layouts", "annotate=false", 0)->answer, R"({"a":3})");
  EXPECT_EQ(calls.answered("layout_svgs", "", 0), nullptr);
}

TEST_F(RecordedCallsTest, WhetherAPinWasAskedForIsOnTheTape) {
  add(1, "POST", "request_token", "{}", 403,
      R"({"status":"success","result":{"pin":"required","guest_pin":"required","version":{}}})");
  add(2, "POST", "request_token", "{}", 403, R"({"status":"failed","result":"Invalid PIN"})");
  add(3, "POST", "request_token", "{}", 200, R"({"result":{"role":"GUEST"}})");
  const auto asked = read().asked_pin();
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->guests_need_one);
  EXPECT_EQ(asked->role, replayer::Role::guest);
}

TEST_F(RecordedCallsTest, WhatIsNoCallOfAConferenceIsNone) {
  add(1, "POST", "request_token", "{}", 403, "[");
  ASSERT_TRUE(tape.writer().note_exchange({.request_ns = 1,
                                           .response_ns = 2,
                                           .method = "GET",
                                           .target = "/api/client/v2/conferences/",
                                           .request_headers = {},
                                           .request_body = {},
                                           .status = 200,
                                           .response_headers = {},
                                           .response_body = {}}));
  const RecordedCalls calls = read();
  EXPECT_FALSE(calls.asked_pin());
  EXPECT_EQ(calls.all().size(), 1U);
}

TEST(ComparedCommand, IsASentence) {
  using enum ComparedCommand::Effect;
  ComparedCommand command{.at_ns = 12'300 * ns_per_ms, .text = "mute of Ann"};
  EXPECT_EQ(sentence(command), "mute of Ann at 12.300s: the recorded client did not");
  command.recorded = {.at_ns = 13 * ns_per_s, .same_body = false};
  command.effect = later;
  command.effect_ns = 14 * ns_per_s;
  EXPECT_EQ(sentence(command),
            "mute of Ann at 12.300s: the recorded client did so at 13.000s with another body; "
            "on the recording it is so at 14.000s");
  command.tape_has_calls = false;
  command.effect = already;
  EXPECT_EQ(sentence(command), "mute of Ann at 12.300s: on the recording it is so already");
  command.effect = unknown;
  EXPECT_EQ(sentence(command),
            "mute of Ann at 12.300s: the tape has no calls of the recorded client");
}

}  // namespace
}  // namespace tapedeck::cli
