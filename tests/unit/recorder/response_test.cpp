#include "recorder/response.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace tapedeck::recorder {
namespace {

ResponseHead answer(unsigned status) {
  ResponseHead head;
  head.status = status;
  head.content_type = "text/event-stream";
  return head;
}

TEST(Response, AnEventStreamIsToldByItsMediaTypeAlone) {
  // What browsers accept (measured), and what they refuse.
  for (const char* type :
       {"text/event-stream", "text/event-stream;charset=utf-8", "TEXT/Event-Stream ; a=\"b,c\"",
        "text/event-stream;", "  text/event-stream  ", "text/event-stream bogus",
        "text/event-stream;charset=windows-1252", "text/plain, text/event-stream"}) {
    EXPECT_TRUE(is_event_stream(type)) << type;
  }
  for (const char* type :
       {"", "text/plain", "text/html; charset=utf-8", "application/json", "text/event-stream-v2",
        "application/x-dom-event-stream", "text/event-stream, text/html", "text / event-stream"}) {
    EXPECT_FALSE(is_event_stream(type)) << type;
  }
}

TEST(Response, Only200IsAStream) {
  EXPECT_EQ(judge(answer(200)).kind, Judgement::Kind::stream);
  for (const unsigned status : {101U, 201U, 203U, 204U, 205U, 206U, 299U, 300U, 304U, 305U, 400U,
                                401U, 403U, 404U, 405U, 409U, 410U}) {
    const Judgement judgement = judge(answer(status));
    EXPECT_EQ(judgement.kind, Judgement::Kind::never) << status;
    EXPECT_NE(judgement.reason.find(std::to_string(status)), std::string::npos);
  }
  for (const unsigned status : {408U, 425U, 429U, 500U, 502U, 503U, 504U, 599U}) {
    EXPECT_EQ(judge(answer(status)).kind, Judgement::Kind::later) << status;
  }
}

TEST(Response, ARefusalHintsAtTheToken) {
  EXPECT_NE(judge(answer(401)).reason.find("token"), std::string::npos);
  EXPECT_NE(judge(answer(403)).reason.find("token"), std::string::npos);
}

TEST(Response, ARedirectNeedsALocation) {
  for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
    ResponseHead head = answer(status);
    EXPECT_EQ(judge(head).kind, Judgement::Kind::never) << status;
    head.location = "/x";
    EXPECT_EQ(judge(head).kind, Judgement::Kind::redirect) << status;
  }
}

TEST(Response, APageInThePlaceOfTheStreamMayBeGoneLater) {
  ResponseHead head = answer(200);
  head.content_type = "text/html";
  EXPECT_EQ(judge(head).kind, Judgement::Kind::later);
  EXPECT_EQ(judge(head).reason, "it answered with 'text/html' instead of text/event-stream");
  head.content_type = "";
  EXPECT_EQ(judge(head).reason, "it answered with no Content-Type instead of text/event-stream");
}

TEST(Response, AnEncodingThatNobodyAskedForIsRefused) {
  ResponseHead head = answer(200);
  head.content_encoding = "gzip";
  EXPECT_EQ(judge(head).kind, Judgement::Kind::never);
  EXPECT_NE(judge(head).reason.find("'gzip'"), std::string::npos);
  head.content_encoding = "Identity";
  EXPECT_EQ(judge(head).kind, Judgement::Kind::stream);
  head.transfer_encoding = "gzip, chunked";
  EXPECT_EQ(judge(head).kind, Judgement::Kind::never);
  head.transfer_encoding = "Chunked";
  EXPECT_EQ(judge(head).kind, Judgement::Kind::stream);
}

TEST(Response, RetryAfterIsSecondsOrADate) {
  constexpr std::int64_t now_ns = 784'111'770 * ns_per_s;  // Sun, 06 Nov 1994 08:49:30 GMT
  EXPECT_EQ(parse_retry_after("7", now_ns), 7 * ns_per_s);
  EXPECT_EQ(parse_retry_after(" 0 ", now_ns), 0);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now_ns), 7 * ns_per_s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:29 GMT", now_ns), 0) << "it is past";
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 2044 08:49:29 GMT", now_ns), limits::server_wait_ns_max);
  EXPECT_EQ(parse_retry_after("99999999999999999999999", now_ns), limits::server_wait_ns_max);
}

TEST(Response, ARetryAfterThatMakesNoSenseAsksForNothing) {
  for (const char* value : {"", "-1", "1.5", "soon", "Sun, 06 Foo 1994 08:49:37 GMT",
                            "Sun, 99 Nov 2044 08:49:37 GMT", "Sun, 06 Nov 2044 25:49:37 GMT",
                            "Sun, 06 Nov 2044 08:49:37 UTC", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_EQ(parse_retry_after(value, 0), 0) << value;
  }
}

TEST(Response, WhatAServerSentIsPrintedTamely) {
  EXPECT_EQ(printable("a\x1b[31m\xc3\xa9\n"), "a?[31m???");
  EXPECT_EQ(printable(std::string(1000, 'x')), std::string(80, 'x') + "...");
}

}  // namespace
}  // namespace tapedeck::recorder
