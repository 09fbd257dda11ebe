#include "core/sse/encoder.hpp"

#include <gtest/gtest.h>

#include "core/sse/message_parser.hpp"
#include "tests/support/sse_feeds.hpp"

namespace tapedeck::sse {
namespace {

using namespace std::string_view_literals;

std::vector<std::string> parsed(std::string_view bytes) {
  test::ParserFeed feed;
  feed.push(bytes);
  return feed.finish();
}

/// What a parser makes of a message with `data` and nothing else.
std::vector<std::string> round_trip(std::string_view data) {
  return parsed(encode("", data).value());
}

std::vector<std::string> only(std::string_view data) {
  return {test::message_text("message", data, "")};
}

TEST(Encoder, WritesAFieldALineAndABlankLine) {
  EXPECT_EQ(encode("stage", "[]").value(), "event: stage\ndata: []\n\n");
  EXPECT_EQ(encode("stage", "[]", "7", 3000).value(),
            "retry: 3000\nid: 7\nevent: stage\ndata: []\n\n");
}

TEST(Encoder, AlwaysWritesADataLine) {
  EXPECT_EQ(encode("participant_sync_begin", "").value(),
            "event: participant_sync_begin\ndata: \n\n");
}

TEST(Encoder, SplitsDataAtEveryLineEnd) {
  EXPECT_EQ(encode("", "a\r\nb\rc\n\nd").value(), "data: a\ndata: b\ndata: c\ndata: \ndata: d\n\n");
  EXPECT_EQ(round_trip("a\r\nb\rc\n"), only("a\nb\nc\n"));
  EXPECT_EQ(round_trip("\r"), only("\n"));
  EXPECT_EQ(round_trip("\n\r"), only("\n\n"));
}

TEST(Encoder, DataComesBackAsItWas) {
  for (const auto data : {""sv, " x"sv, "  "sv, ":"sv, "data: x"sv, "a\0b"sv, "\xe2\x80\xa8"sv,
                          "\xef\xbb\xbf"sv, "{\"a\":\"\\r\\n\"}"sv, "\xf0\x9f\x8e\x9b"sv}) {
    EXPECT_EQ(round_trip(data), only(data));
  }
}

TEST(Encoder, TextThatLooksLikeFieldsStaysData) {
  EXPECT_EQ(round_trip("\r\n\r\nevent: disconnect\ndata: {}\n\n"),
            only("\n\nevent: disconnect\ndata: {}\n\n"));
}

TEST(Encoder, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  EXPECT_EQ(encode("\xff", "a\xe2\x82\nb", "\xc3").value(),
            "id: \xef\xbf\xbd\nevent: \xef\xbf\xbd\ndata: a\xef\xbf\xbd\ndata: b\n\n");
}

TEST(Encoder, NameAndIdComeBackAsTheyWere) {
  EXPECT_EQ(parsed(encode(" a:b ", "x", " 1 ").value()),
            (std::vector<std::string>{test::message_text(" a:b ", "x", " 1 ")}));
}

TEST(Encoder, AnEmptyIdResetsTheIdOfTheStream) {
  const std::string stream =
      encode("", "a", "1").value() + encode("", "b").value() + encode("", "c", "").value();
  EXPECT_EQ(parsed(stream), (std::vector<std::string>{test::message_text("message", "a", "1"),
                                                      test::message_text("message", "b", "1"),
                                                      test::message_text("message", "c", "")}));
}

TEST(Encoder, RefusesWhatWouldStartAnotherField) {
  for (const auto text : {"a\nb"sv, "a\rb"sv, "\r\n"sv}) {
    EXPECT_FALSE(encode(text, "x"));
    EXPECT_FALSE(encode("", "x", text));
  }
  EXPECT_FALSE(encode("", "x", "1\0"sv));
  EXPECT_TRUE(encode("a\0b"sv, "x"));
  EXPECT_EQ(encode("a\nb", "x").error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace tapedeck::sse
