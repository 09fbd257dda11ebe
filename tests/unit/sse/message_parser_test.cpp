#include "core/sse/message_parser.hpp"

#include <gtest/gtest.h>

#include "tests/support/grind.hpp"
#include "tests/support/sse_feeds.hpp"

namespace tapedeck::sse {
namespace {

using namespace std::string_view_literals;

using Found = std::vector<std::string>;
using test::message_text;
using test::ParserFeed;
using test::retry_text;

const std::string replaced = "\xef\xbf\xbd";
const std::string mark = "\xef\xbb\xbf";

void expect_found(std::string_view stream, const Found& expected) {
  test::grind(stream, expected, [] { return ParserFeed{}; });
}

std::string unnamed(std::string_view text) {
  return message_text("message", text, "");
}

TEST(MessageParser, ABlankLineDispatchesTheMessageBeforeIt) {
  expect_found("event: stage\nid: 7\ndata: []\n\ndata: x\n\n",
               {message_text("stage", "[]", "7"), message_text("message", "x", "7")});
}

TEST(MessageParser, LinesEndInLfCrOrCrLfInAnyMix) {
  expect_found("data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r\ndata: e\r\n\n",
               {unnamed("a\nb\nc"), unnamed("d"), unnamed("e")});
}

TEST(MessageParser, ABlankLineOfALoneCrDispatchesAtOnce) {
  MessageParser parser;
  parser.push("data: a\r\r");
  ASSERT_TRUE(parser.next());
  EXPECT_FALSE(parser.next());
  parser.push("\ndata: b\r\n\r");
  EXPECT_EQ(parser.next()->message.data, "b");
  EXPECT_FALSE(parser.next());
  parser.push("\n\n");
  EXPECT_FALSE(parser.next());
}

TEST(MessageParser, OneByteOrderMarkAtTheStartIsDropped) {
  expect_found(mark + "data: a\n\n", {unnamed("a")});
  expect_found(mark + "\ndata: a\n\n", {unnamed("a")});
  expect_found(mark + "\r\ndata: a\n\n", {unnamed("a")});
  expect_found(mark + "data\n\n", {unnamed("")});
  expect_found(mark + mark + "data: a\n\ndata: b\n\n", {unnamed("b")});
  expect_found("\n" + mark + "data: a\n\ndata: b\n\n", {unnamed("b")});
  expect_found(
      "\xef\xbb"
      "data: a\ndata: b\n\n",
      {unnamed("b")});
  expect_found("data: " + mark + "a\n\n", {unnamed(mark + "a")});
}

TEST(MessageParser, DataLinesAreJoinedWithOneLfEach) {
  expect_found("data\ndata:\ndata: x\ndata:y\ndata\n\n", {unnamed("\n\nx\ny\n")});
}

TEST(MessageParser, AMessageWithoutDataLinesIsDroppedTogetherWithItsName) {
  expect_found("event: ghost\n\ndata: real\n\n", {unnamed("real")});
  expect_found("event: ghost\ndata\n\n", {message_text("ghost", "", "")});
}

TEST(MessageParser, AtMostOneSpaceAfterTheColonIsDropped) {
  expect_found("data:a\ndata: b\ndata:  c\ndata:\td\ndata: \n\n", {unnamed("a\nb\n c\n\td\n")});
}

TEST(MessageParser, OnlyTheExactFieldNamesCount) {
  expect_found("Data: 1\n data: 2\ndata : 3\ndataa: 4\ndat: 5\n:data: 6\ndata=7\n\n", {});
}

TEST(MessageParser, TheLastEventNameCountsAndAnEmptyOneMeansMessage) {
  expect_found("event: a\nevent: b\ndata\n\n", {message_text("b", "", "")});
  expect_found("event: a\nevent\ndata\n\n", {unnamed("")});
}

TEST(MessageParser, AnIdStaysUntilAnotherComesAlsoFromABlockWithoutData) {
  expect_found("id: 1\n\ndata: a\n\nid\ndata: b\n\n",
               {message_text("message", "a", "1"), unnamed("b")});
}

TEST(MessageParser, AnIdWithNulIsIgnored) {
  expect_found("id: 1\nid: 2\0\nid: \0\ndata: a\n\n"sv, {message_text("message", "a", "1")});
}

TEST(MessageParser, NulIsKeptInDataAndEventNames) {
  expect_found("event: a\0b\ndata: \0\n\nda\0ta: x\n\n"sv, {message_text("a\0b"sv, "\0"sv, "")});
}

TEST(MessageParser, AnUnfinishedMessageIsDroppedTogetherWithItsId) {
  expect_found("data: a\n\nid: 1\ndata: b\n", {unnamed("a")});
  MessageParser parser;
  parser.push("id: 1\n\nid: 2\n");
  EXPECT_FALSE(parser.next());
  EXPECT_EQ(parser.last_event_id(), "1");
}

TEST(MessageParser, RetryCountsAsSoonAsItsLineEnds) {
  expect_found("retry: 250\ndata: a", {retry_text(250)});
  expect_found("retry:0\nretry: 007\n", {retry_text(0), retry_text(7)});
}

TEST(MessageParser, ARetryThatIsNotDigitsOnlyIsIgnored) {
  expect_found(
      "retry:\nretry\nretry: \nretry: -1\nretry: +1\nretry: 1.5\nretry: 1e3\nretry:  5\n"
      "retry: 5 \nretry: 0x10\nretry: \xd9\xa1\nRetry: 5\nretry: 5\0\n"sv,
      {});
}

TEST(MessageParser, ARetryTooLargeForItsTypeIsTheLargestValue) {
  expect_found(
      "retry: 18446744073709551615\nretry: 18446744073709551616\n"
      "retry: 99999999999999999999999999\n",
      Found(3, retry_text(UINT64_MAX)));
}

TEST(MessageParser, BytesThatAreNotUtf8BecomeOneReplacementForEachMaximalPart) {
  expect_found("data: a\xff\xfez\n\n", {unnamed("a" + replaced + replaced + "z")});
  expect_found("data: \xed\xa0\x80\n\n", {unnamed(replaced + replaced + replaced)});
  expect_found("event: \xc3\nid: \xf0\x9f\ndata: x\n\n", {message_text(replaced, "x", replaced)});
}

TEST(MessageParser, ASequenceCutShortDoesNotTakeTheLineEndTheColonOrTheSpaceWithIt) {
  expect_found("data: a\xe2\x82\ndata: b\xf0\x9f\r\n\r\n",
               {unnamed("a" + replaced + "\nb" + replaced)});
  expect_found("data:\xe2\x82 x\n\n", {unnamed(replaced + " x")});
  expect_found("data\xe2: x\ndata: y\n\n", {unnamed("y")});
}

TEST(MessageParser, AMultiByteCharacterMayBeCutAnywhere) {
  expect_found("data: \xe2\x82\xac \xf0\x9f\x8e\x9b\n\n",
               {unnamed("\xe2\x82\xac \xf0\x9f\x8e\x9b")});
}

TEST(MessageParser, ALineOverTheLimitIsReportedOnceAndSkipped) {
  const auto make = [] { return ParserFeed(MessageParser(10)); };
  const std::string skipped = "line too long";
  test::grind("data: 1234\n\n", Found{unnamed("1234")}, make);
  test::grind("data: 12345\ndata: ok\n\n", Found{skipped, unnamed("ok")}, make);
  test::grind(":2345678901\r\n:23456789012345\rdata: ok\r\n\r\n",
              Found{skipped, skipped, unnamed("ok")}, make);
  test::grind("data: a\n\n01234567890 never ends", Found{unnamed("a"), skipped}, make);
  test::grind(mark + "data: 1234567\n\ndata: a\n\n", Found{skipped, unnamed("a")}, make);
}

TEST(MessageParser, AMessageOverTheLimitIsReportedOnceAndDropped) {
  const auto make = [] { return ParserFeed(MessageParser(12, 5)); };
  const std::string dropped = "message too long";
  test::grind("data: ab\ndata: cd\n\n", Found{unnamed("ab\ncd")}, make);
  test::grind("event: x\nid: 1\ndata: ab\ndata: cde\ndata: f\n\ndata: ok\n\n",
              Found{dropped, message_text("message", "ok", "1")}, make);
  test::grind("data:123456\n\ndata\ndata\ndata\ndata\ndata\ndata\n\n",
              Found{dropped, unnamed("\n\n\n\n\n")}, make);
}

TEST(MessageParser, DataOfOneLineIsNotCopied) {
  const std::string bytes = "event: a\ndata: one line\n\n";
  MessageParser parser;
  parser.push(bytes);
  const auto found = parser.next();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->message.data.data(), bytes.data() + bytes.find("one"));
  EXPECT_EQ(found->message.event.data(), bytes.data() + bytes.find('a', 7));
}

TEST(MessageParser, ResetForgetsTheConnection) {
  MessageParser parser;
  parser.push("id: 1\ndata: a\n\nevent: b\ndata: b\nda");
  EXPECT_TRUE(parser.next());
  EXPECT_FALSE(parser.next());
  parser.reset();
  EXPECT_EQ(parser.last_event_id(), "");
  const std::string stream = mark + "data: c\n\n";
  parser.push(stream);
  EXPECT_EQ(test::found_text(*parser.next()), unnamed("c"));
}

TEST(MessageParser, ResetMayComeBeforeAPushIsRead) {
  MessageParser parser;
  parser.push("data: a\n\ndata: b\n\n");
  EXPECT_TRUE(parser.next());
  parser.reset();
  parser.push("data: c\n\n");
  EXPECT_EQ(parser.next()->message.data, "c");
}

TEST(MessageParserDeathTest, APushBeforeTheLastOneIsReadIsAProgrammersError) {
  MessageParser parser;
  parser.push("data: 1\n\n");
  EXPECT_DEATH(parser.push("data: 2\n\n"), "push before next");
}

}  // namespace
}  // namespace tapedeck::sse
