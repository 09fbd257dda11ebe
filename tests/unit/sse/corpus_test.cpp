// The corpus of event streams (fixtures/sse/README.md), ground: what the command is tested with
// in tests/e2e/sse, and every two-way split besides.
#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "tests/support/grind.hpp"
#include "tests/support/sse_feeds.hpp"

namespace tapedeck::sse {
namespace {

std::string decode_base64(std::string_view text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = (bits << 6U) | static_cast<unsigned>(digits.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU);
    }
  }
  return bytes;
}

/// Drops the retry lines, which the corpus gives by their last value only.
class MessageFeed : public test::ParserFeed {
 public:
  std::vector<std::string> finish() {
    auto found = ParserFeed::finish();
    std::erase_if(found, [](const std::string& text) { return text.starts_with("retry"); });
    return found;
  }
};

TEST(Corpus, EveryStreamDispatchesWhatABrowserDispatches) {
  simdjson::dom::parser json;
  std::size_t cases = 0;
  for (const auto& line : json.load_many(TAPEDECK_FIXTURES "/sse/cases.jsonl", 1U << 20U)) {
    SCOPED_TRACE(std::string_view{line["name"]});
    std::vector<std::string> expected;
    for (const auto message : line["expected"]) {
      expected.push_back(
          test::message_text(message["event"], message["data"], message["lastEventId"]));
    }
    const std::string stream = decode_base64(line["input_b64"]);
    test::grind(stream, expected, [] { return MessageFeed{}; });
    EXPECT_EQ(test::feed_in_chunks(test::SplitterFeed{}, stream, {1}),
              test::reference_blocks(stream, limits::frame_bytes_max));
    ++cases;
  }
  EXPECT_EQ(cases, 269U);
}

}  // namespace
}  // namespace tapedeck::sse
