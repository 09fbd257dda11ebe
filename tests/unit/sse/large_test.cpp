// Streams too large for a fixture: made here, fed in reads of a file, of a network and of a byte.
#include <string>

#include <gtest/gtest.h>

#include "tests/support/grind.hpp"
#include "tests/support/sse_feeds.hpp"

namespace tapedeck::sse {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

void expect_found(const std::string& stream, const std::vector<std::string>& expected) {
  for (const std::size_t size :
       {stream.size(), std::size_t{65536}, std::size_t{1448}, std::size_t{1}}) {
    // Not EXPECT_EQ: a failure must not print megabytes.
    EXPECT_TRUE(test::feed_in_chunks(test::ParserFeed{}, stream, {size}) == expected)
        << "chunks of " << size;
  }
}

std::string unnamed(std::string_view text) {
  return test::message_text("message", text, "");
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

TEST(Large, ALineOfAMebibyteIsKeptWhole) {
  const std::string text(mib, 'q');
  expect_found("data: " + text + "\n\n", {unnamed(text)});
}

TEST(Large, ALineOfManyByteCharactersIsKeptWhole) {
  const std::string text = repeated("\xe6\xbc\xa2\xf0\x9f\x8e\x9b", mib / 7);
  expect_found("data: " + text + "\r\n\r\n", {unnamed(text)});
}

TEST(Large, LinesMayEndAtAnyPlaceOfABuffer) {
  std::string stream;
  std::vector<std::string> expected;
  for (const std::size_t edge : {256U, 1448U, 4096U, 65536U}) {
    for (std::size_t size = edge - 10; size <= edge + 4; ++size) {
      const std::string text(size, 'e');
      stream += "data: " + text + "\r\n\r\n";
      expected.push_back(unnamed(text));
    }
  }
  expect_found(stream, expected);
}

TEST(Large, TwentyThousandDataLinesAreOneMessage) {
  expect_found(repeated("data: row\n", 20000) + "\n", {unnamed(repeated("row\n", 19999) + "row")});
  expect_found(repeated("data\n", 10000) + "\n", {unnamed(std::string(9999, '\n'))});
}

TEST(Large, AHundredThousandMessagesComeInOrder) {
  std::string stream;
  std::vector<std::string> expected;
  for (int i = 0; i < 100000; ++i) {
    stream += "data:" + std::to_string(i) + "\n\n";
    expected.push_back(unnamed(std::to_string(i)));
  }
  expect_found(stream, expected);
}

TEST(Large, CommentsUnknownFieldsAndBlankLinesDispatchNothing) {
  const std::string message = "data: v\n\n";
  expect_found(":" + std::string(mib, 'c') + "\n" + message, {unnamed("v")});
  expect_found("blob: " + std::string(mib, 'b') + "\n" + message, {unnamed("v")});
  expect_found(std::string(mib, 'n') + "\n" + message, {unnamed("v")});
  expect_found(repeated(":\n\n", 50000) + message, {unnamed("v")});
  expect_found(repeated("\r\n", 100000) + message, {unnamed("v")});
  expect_found(message + "data: " + std::string(mib, 'u'), {unnamed("v")});
}

TEST(Large, NamesAndIdsMayBeLong) {
  const std::string name(65536, 'n');
  const std::string id(65536, 'i');
  expect_found("event: " + name + "\nid: " + id + "\ndata: v\n\n",
               {test::message_text(name, "v", id)});
}

TEST(Large, LinesWithoutAnyLfAreNoSlower) {
  expect_found(repeated("data: x\r\r", 100000), std::vector<std::string>(100000, unnamed("x")));
}

}  // namespace
}  // namespace tapedeck::sse
