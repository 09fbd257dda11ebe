#include "core/sse/frame_splitter.hpp"

#include <gtest/gtest.h>

#include "tests/support/grind.hpp"
#include "tests/support/sse_feeds.hpp"

namespace tapedeck::sse {
namespace {

using test::SplitterFeed;

/// Grinds `stream` against its blocks; a last one that starts with '~' is incomplete.
void expect_blocks(std::string_view stream, const std::vector<std::string_view>& blocks) {
  std::vector<std::string> expected;
  for (const std::string_view block : blocks) {
    const bool torn = block.starts_with('~');
    expected.push_back(test::block_text(block.substr(torn ? 1 : 0), !torn));
  }
  test::grind(stream, expected, [] { return SplitterFeed{}; });
}

TEST(FrameSplitter, ABlockEndsAfterItsBlankLine) {
  expect_blocks("event: a\ndata: 1\n\ndata: 2\n\n", {"event: a\ndata: 1\n\n", "data: 2\n\n"});
}

TEST(FrameSplitter, CommentsAndKeepAlivesAreBlocksToo) {
  expect_blocks(":\n\n: still here\n\n\ndata: 1\n\n",
                {":\n\n", ": still here\n\n", "\n", "data: 1\n\n"});
}

TEST(FrameSplitter, CrLfStreamsAreCutAfterTheLf) {
  expect_blocks("data: 1\r\n\r\ndata: 2\r\n\r\n", {"data: 1\r\n\r\n", "data: 2\r\n\r\n"});
}

TEST(FrameSplitter, CrStreamsAreCutAfterTheCr) {
  expect_blocks("data: 1\r\rdata: 2\r\r", {"data: 1\r\r", "data: 2\r\r"});
}

TEST(FrameSplitter, AnLfAfterABlankLineOfALoneCrBelongsToTheNextBlock) {
  expect_blocks("data: 1\n\r\ndata: 2\r\r\n\r\n", {"data: 1\n\r", "\ndata: 2\r\r", "\n\r\n"});
}

TEST(FrameSplitter, AStreamMayStartWithBlankLines) {
  expect_blocks("\r\n\r\n\n\r\rdata: 1\n\n", {"\r\n", "\r\n", "\n", "\r", "\r", "data: 1\n\n"});
}

TEST(FrameSplitter, AByteOrderMarkAtTheStartIsNotPartOfItsLine) {
  const std::string mark = "\xef\xbb\xbf";
  expect_blocks(mark + "\ndata: 1\n\n", {mark + "\n", "data: 1\n\n"});
  expect_blocks(mark + "\r\ndata: 1\n\n", {mark + "\r\n", "data: 1\n\n"});
  expect_blocks(mark + mark + "\n\n" + mark + "\n\n", {mark + mark + "\n\n", mark + "\n\n"});
}

TEST(FrameSplitter, WhatTheEndOfTheStreamCutsOffIsGivenAsIncomplete) {
  expect_blocks("data: 1\n\ndata: 2\n", {"data: 1\n\n", "~data: 2\n"});
  expect_blocks("data: 1\n\ndat", {"data: 1\n\n", "~dat"});
  expect_blocks("data: 1\r\n", {"~data: 1\r\n"});
  expect_blocks("\xef\xbb\xbf", {"~\xef\xbb\xbf"});
  expect_blocks("", {});
}

TEST(FrameSplitter, AnEndAfterABlankLineIsComplete) {
  expect_blocks("data: 1\r\n\r", {"data: 1\r\n\r"});
  expect_blocks("data: 1\r\r\n", {"data: 1\r\r", "\n"});
  expect_blocks("\r", {"\r"});
}

TEST(FrameSplitter, ABlockOverTheLimitIsGivenInPieces) {
  using Blocks = std::vector<std::string>;
  const auto make = [] { return SplitterFeed(FrameSplitter(6)); };
  const auto piece = [](const char* raw) { return test::block_text(raw, false); };
  const auto whole = [](const char* raw) { return test::block_text(raw, true); };
  test::grind("data: 1\n\ndat\n\n", Blocks{piece("data: "), whole("1\n\n"), whole("dat\n\n")},
              make);
  test::grind("data\n\ndata2\n\n", Blocks{whole("data\n\n"), piece("data2\n"), whole("\n")}, make);
  test::grind("abc\r\n\rabc\r\n\r", Blocks{whole("abc\r\n\r"), whole("abc\r\n\r")}, make);
  test::grind("abc\r\n\r\nabcdefg",
              Blocks{piece("abc\r\n\r"), whole("\n"), piece("abcdef"), piece("g")}, make);
}

TEST(FrameSplitter, APieceIsNeverTakenForAByteOrderMark) {
  const std::string mark = "\xef\xbb\xbf";
  test::grind(
      "abcd" + mark + "\n\n",
      std::vector<std::string>{test::block_text("abcd", false),
                               test::block_text(mark + "\n", false), test::block_text("\n", true)},
      [] { return SplitterFeed(FrameSplitter(4)); });
}

TEST(FrameSplitter, ABlockThatCameWithOnePushIsNotCopied) {
  const std::string bytes = "data: 1\n\ndata: 2\n\n";
  FrameSplitter splitter;
  splitter.push(bytes);
  EXPECT_EQ(splitter.next()->raw.data(), bytes.data());
  EXPECT_EQ(splitter.next()->raw.data(), bytes.data() + 9);
  EXPECT_FALSE(splitter.next());
}

TEST(FrameSplitter, ALoneCrOrLfIsNotHeldBackForAnotherByte) {
  for (const char* stream : {"data: 1\n\n", "data: 1\r\r", "data: 1\n\r"}) {
    FrameSplitter splitter;
    splitter.push(stream);
    EXPECT_TRUE(splitter.next()) << stream;
  }
}

TEST(FrameSplitter, ABlockKnowsThatItEndedBeforeTheByteThatShowedIt) {
  FrameSplitter splitter;
  splitter.push("data: 1\r\n\r");
  EXPECT_FALSE(splitter.next());
  splitter.push("");
  EXPECT_FALSE(splitter.next());
  splitter.push("data: 2\r\n\r\n");
  const auto first = splitter.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->raw, "data: 1\r\n\r");
  EXPECT_TRUE(first->ended_in_earlier_push);
  EXPECT_FALSE(splitter.next()->ended_in_earlier_push);
}

TEST(FrameSplitter, ANewStreamMayBeginAfterTheEndOfOne) {
  FrameSplitter splitter;
  splitter.push("data: 1\n");
  EXPECT_FALSE(splitter.next());
  EXPECT_EQ(splitter.finish()->raw, "data: 1\n");
  EXPECT_FALSE(splitter.finish());
  splitter.push("\xef\xbb\xbf\ndata: 2\n\n");
  EXPECT_EQ(splitter.next()->raw, "\xef\xbb\xbf\n");
  EXPECT_EQ(splitter.next()->raw, "data: 2\n\n");
  EXPECT_FALSE(splitter.next());
  EXPECT_FALSE(splitter.finish());
}

TEST(FrameSplitter, AMegabyteThatComesByteByByteTakesLinearTime) {
  const std::string block = "data: " + std::string(std::size_t{4} << 20U, 'x') + "\n\n";
  const auto blocks = test::feed_in_chunks(SplitterFeed{}, block, {1});
  EXPECT_EQ(blocks, std::vector<std::string>{test::block_text(block, true)});
}

TEST(FrameSplitterDeathTest, APushBeforeTheLastOneIsReadIsAProgrammersError) {
  FrameSplitter splitter;
  splitter.push("data: 1\n\n");
  EXPECT_DEATH(splitter.push("data: 2\n\n"), "push before next");
  EXPECT_DEATH((void)splitter.finish(), "finish before next");
}

}  // namespace
}  // namespace tapedeck::sse
