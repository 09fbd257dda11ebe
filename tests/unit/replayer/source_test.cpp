// Looped and seamless sources: frames of a tape made ready for a stream.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "replayer/chunked_source.hpp"
#include "replayer/looped_source.hpp"
#include "replayer/seamless_source.hpp"
#include "tests/support/memory_source.hpp"

namespace tapedeck::replayer {
namespace {

using test::memory_source;
using test::StoredFrame;

std::vector<StoredFrame> drain(port::FrameSource& source) {
  std::vector<StoredFrame> frames;
  for (;;) {
    const auto frame = source.next();
    EXPECT_TRUE(frame);
    if (!frame || !*frame) {
      return frames;
    }
    const port::Frame& f = **frame;
    frames.push_back({f.recv_ns, std::string(f.raw), f.connection_id, f.complete});
  }
}

std::string joined(const std::vector<StoredFrame>& frames) {
  std::string bytes;
  for (const StoredFrame& frame : frames) {
    bytes += frame.raw;
  }
  return bytes;
}

std::vector<StoredFrame> looped(std::vector<StoredFrame> frames, std::uint64_t passes,
                                std::int64_t from_ns) {
  LoopedSource source([&] { return memory_source(frames); }, passes, from_ns);
  return drain(source);
}

TEST(LoopedSource, TimeGoesOnFromPassToPass) {
  const auto frames = looped({{110, "a"}, {150, "b"}}, 3, 100);
  ASSERT_EQ(frames.size(), 6U);
  EXPECT_EQ(joined(frames), "ababab");
  const std::vector<std::int64_t> expected{110, 150, 160, 200, 210, 250};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(frames[i].recv_ns, expected[i]) << i;
  }
}

TEST(LoopedSource, APassHasConnectionsOfItsOwn) {
  const auto frames = looped({{0, "a", 1}, {1, "b", 2}}, 2, 0);
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_EQ(frames[2].connection_id, 3U);
  EXPECT_EQ(frames[3].connection_id, 4U);
}

TEST(LoopedSource, ForEverGoesOnAndAnEmptyTapeEndsIt) {
  LoopedSource endless([] { return memory_source({{5, "a"}}); }, 0, 0);
  for (int i = 1; i <= 1000; ++i) {
    const auto frame = endless.next();
    ASSERT_TRUE(frame && *frame);
    EXPECT_EQ((*frame)->recv_ns, 5 * i);
  }
  EXPECT_TRUE(looped({}, 0, 0).empty());
  EXPECT_TRUE(looped({}, 5, 0).empty());
}

TEST(LoopedSource, TimeSaturates) {
  const auto frames = looped({{std::numeric_limits<std::int64_t>::max(), "a"}}, 3, 0);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[2].recv_ns, std::numeric_limits<std::int64_t>::max());
}

struct Seamless {
  std::vector<StoredFrame> frames;
  LeftOut left_out;
};

Seamless seamless(std::vector<StoredFrame> frames) {
  Seamless result;
  SeamlessSource source(memory_source(std::move(frames)), result.left_out);
  result.frames = drain(source);
  return result;
}

TEST(SeamlessSource, LeavesOneConnectionAsItIs) {
  const auto result =
      seamless({{0, "\xef\xbb\xbf: hi\n\n"}, {1, "data: 1\n\n"}, {2, "data: to", 1, false}});
  EXPECT_EQ(joined(result.frames), "\xef\xbb\xbf: hi\n\ndata: 1\n\ndata: to");
  EXPECT_FALSE(result.frames.back().complete);
  EXPECT_EQ(result.left_out.torn_blocks, 0U);
  EXPECT_EQ(result.left_out.byte_order_marks, 0U);
}

TEST(SeamlessSource, ABlockTornByAReconnectIsLeftOut) {
  const auto result = seamless({{0, "data: 1\n\n", 1},
                                {1, "data: to", 1, false},
                                {2, "data: 2\n\n", 2},
                                {3, "data: also to", 2, false},
                                {4, "data: 3\n\n", 3}});
  EXPECT_EQ(joined(result.frames), "data: 1\n\ndata: 2\n\ndata: 3\n\n");
  EXPECT_EQ(result.left_out.torn_blocks, 2U);
}

TEST(SeamlessSource, ABlockThatGoesOnInTheNextFrameIsKept) {
  const auto result =
      seamless({{0, "data: lo", 1, false}, {1, "ng", 1, false}, {2, "!\n\n", 1}, {3, "x", 1}});
  EXPECT_EQ(joined(result.frames), "data: long!\n\nx");
  EXPECT_EQ(result.left_out.torn_blocks, 0U);
}

TEST(SeamlessSource, AByteOrderMarkIsLeftOutOnlyWhereALaterConnectionBegins) {
  const auto result = seamless({{0, "\xef\xbb\xbfone", 1},
                                {1, "\xef\xbb\xbftwo", 1},
                                {2, "\xef\xbb\xbfthree", 2},
                                {3, "\xef\xbb\xbf", 3, false},
                                {4,
                                 "\xef\xbb\xbf"
                                 "four",
                                 4}});
  EXPECT_EQ(joined(result.frames), "\xef\xbb\xbfone\xef\xbb\xbftwothreefour");
  EXPECT_EQ(result.left_out.byte_order_marks, 3U);
  EXPECT_EQ(result.left_out.torn_blocks, 1U);
}

TEST(SeamlessSource, PassesOfALoopAreSeamlessToo) {
  LeftOut left_out;
  SeamlessSource source(std::make_unique<LoopedSource>(
                            [] {
                              return memory_source({{0,
                                                     "\xef\xbb\xbf"
                                                     "data: 1\n\n"},
                                                    {1, "data: to", 1, false}});
                            },
                            3, 0),
                        left_out);
  EXPECT_EQ(joined(drain(source)),
            "\xef\xbb\xbf"
            "data: 1\n\ndata: 1\n\ndata: 1\n\ndata: to");
  EXPECT_EQ(left_out.torn_blocks, 2U);
  EXPECT_EQ(left_out.byte_order_marks, 2U);
}

TEST(SeamlessSource, AFailureOfItsSourceComesThrough) {
  LeftOut left_out;
  SeamlessSource source(
      std::make_unique<test::BrokenSource>(std::vector<StoredFrame>{{0, "data: to", 1, false}}),
      left_out);
  EXPECT_FALSE(source.next());
}

struct Piece {
  std::string raw;
  std::int64_t recv_ns = 0;
  bool complete = true;

  friend bool operator==(const Piece&, const Piece&) = default;
};

/// What comes out of a source that is cut at these reads of connection 1.
std::vector<Piece> cut(std::vector<StoredFrame> frames, std::vector<ReadBorder> borders,
                       std::uint64_t offset = 0) {
  auto next = borders.begin();
  ChunkedSource source(
      memory_source(std::move(frames)),
      {.offset_of = [&](const port::Frame&) { return Result<std::uint64_t>(offset); },
       .next = [&](std::uint32_t connection_id) -> Result<std::optional<ReadBorder>> {
         return connection_id == 1 && next != borders.end() ? std::optional(*next++) : std::nullopt;
       }});
  std::vector<Piece> pieces;
  while (const auto frame = source.next().value()) {
    pieces.push_back({std::string(frame->raw), frame->recv_ns, frame->complete});
  }
  return pieces;
}

TEST(ChunkedSource, AFrameIsCutWhereAReadEndedAndAPieceHasTheTimeOfItsRead) {
  EXPECT_EQ(cut({{30, "abcdef"}, {30, "gh"}, {40, "ij"}}, {{2, 10}, {5, 20}, {8, 30}, {10, 40}}),
            (std::vector<Piece>{{"ab", 10, false},
                                {"cde", 20, false},
                                {"f", 30, true},
                                {"gh", 30, true},
                                {"ij", 40, true}}));
}

TEST(ChunkedSource, BeginsInTheMiddleOfABody) {
  EXPECT_EQ(cut({{30, "cdef"}}, {{2, 10}, {5, 20}, {9, 30}}, 4),
            (std::vector<Piece>{{"c", 20, false}, {"def", 30, true}}));
}

TEST(ChunkedSource, WhatHasNoReadsIsNotCut) {
  EXPECT_EQ(
      cut({{30, "ab"}, {40, "cd", 2}, {50, "ef", 1, false}}, {{1, 20}}),
      (std::vector<Piece>{{"a", 20, false}, {"b", 30, true}, {"cd", 40, true}, {"ef", 50, false}}));
}

}  // namespace
}  // namespace tapedeck::replayer
