// Seeded hostile streams through core/sse and through the references of tests/support.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/grind.hpp"
#include "tests/support/sse_feeds.hpp"

namespace tapedeck::sse {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t streams = 3000;

/// Up to 24 pieces of what an event stream is made of, and of what breaks it.
std::string hostile_stream(std::mt19937_64& random) {
  static constexpr std::string_view pieces[] = {
      "data",  "data:", "data: x\n", "event:", "event: e\r\n", "id:",      "id: 1\r",  "retry: ",
      "retry", ":",     " ",         "\n",     "\n",           "\r",       "\r",       "\r\n",
      "\r\n",  "\n\n",  "\r\r",      "\0"sv,   "\xef\xbb\xbf", "\xef\xbb", "\xe2\x82", "\xf0\x9f",
      "\xff",  "\x80",  "42",        "x",      "\xe2\x82\xac", "comment:", "dat",      "\t"};
  std::string stream;
  for (std::uint64_t count = random() % 24; count > 0; --count) {
    stream += pieces[random() % std::size(pieces)];
  }
  return stream;
}

/// Calls `test(stream, seed)` for every seed, until one fails.
template <class Test>
void for_hostile_streams(Test test) {
  for (std::uint64_t seed = 1; seed <= streams && !::testing::Test::HasFailure(); ++seed) {
    std::mt19937_64 random(seed);
    test(hostile_stream(random), seed);
  }
}

TEST(Differential, TheParserDispatchesWhatTheStandardSays) {
  for_hostile_streams([](const std::string& stream, std::uint64_t seed) {
    test::grind(
        stream, test::ReferenceParser::parse(stream), [] { return test::ParserFeed{}; }, seed);
  });
}

TEST(Differential, TheSplitterCutsWhereItsRuleSays) {
  for_hostile_streams([](const std::string& stream, std::uint64_t seed) {
    for (const std::size_t size_max : {std::size_t{4} + seed % 8, limits::frame_bytes_max}) {
      const auto make = [&] { return test::SplitterFeed(FrameSplitter(size_max)); };
      test::grind(stream, test::reference_blocks(stream, size_max), make, seed);
    }
  });
}

TEST(Differential, SplittingLosesNoByte) {
  for_hostile_streams([](const std::string& stream, std::uint64_t seed) {
    FrameSplitter splitter(seed % 2 == 0 ? 4 : limits::frame_bytes_max);
    std::string joined;
    splitter.push(stream);
    while (const auto block = splitter.next()) {
      joined += block->raw;
    }
    if (const auto rest = splitter.finish()) {
      joined += rest->raw;
    }
    EXPECT_EQ(joined, stream) << "seed " << seed;
  });
}

/// All that `parser` finds in `bytes`, without ids: those are the stream's, not the block's.
void append_found(std::vector<std::string>& out, MessageParser& parser, std::string_view bytes) {
  parser.push(bytes);
  while (auto found = parser.next()) {
    found->message.last_event_id = {};
    out.push_back(test::found_text(*found));
  }
}

TEST(Differential, ABlockByItselfDispatchesWhatItDispatchesInTheStream) {
  for_hostile_streams([](const std::string& stream, std::uint64_t seed) {
    std::vector<std::string> in_the_stream;
    MessageParser parser;
    append_found(in_the_stream, parser, stream);
    std::vector<std::string> block_by_block;
    FrameSplitter splitter;
    bool first = true;
    const auto parse_alone = [&](const Block& block) {
      MessageParser fresh;
      if (!first) {
        fresh.push(":\n");  // a mark counts at the start of the stream only
        EXPECT_FALSE(fresh.next());
      }
      first = false;
      append_found(block_by_block, fresh, block.raw);
    };
    splitter.push(stream);
    while (const auto block = splitter.next()) {
      parse_alone(*block);
    }
    if (const auto rest = splitter.finish()) {
      parse_alone(*rest);
    }
    EXPECT_EQ(block_by_block, in_the_stream) << "seed " << seed;
  });
}

TEST(Differential, LimitsCutTheSameWhateverTheChunks) {
  for_hostile_streams([](const std::string& stream, std::uint64_t seed) {
    const auto make = [&] { return test::ParserFeed(MessageParser(seed % 12, seed % 7)); };
    const auto whole = test::feed_in_chunks(make(), stream, {stream.size() + 1});
    test::grind(stream, whole, make, seed);
  });
}

}  // namespace
}  // namespace tapedeck::sse
