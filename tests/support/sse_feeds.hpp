// The push objects of core/sse as feeds for grind(): what comes out, one line of text a thing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/sse/frame_splitter.hpp"
#include "core/sse/message_parser.hpp"
#include "tests/support/sse_reference.hpp"

namespace tapedeck::test {

inline std::string found_text(const sse::Parsed& found) {
  switch (found.kind) {
    case sse::Parsed::Kind::message:
      return message_text(found.message.event, found.message.data, found.message.last_event_id);
    case sse::Parsed::Kind::retry:
      return retry_text(found.retry_ms);
    case sse::Parsed::Kind::line_too_long:
      return "line too long";
    case sse::Parsed::Kind::message_too_long:
      return "message too long";
  }
  return "?";
}

class ParserFeed {
 public:
  ParserFeed() = default;
  explicit ParserFeed(sse::MessageParser parser) : parser_(std::move(parser)) {}

  void push(std::string_view bytes) {
    parser_.push(bytes);
    while (const auto found = parser_.next()) {
      found_.push_back(found_text(*found));
    }
  }
  std::vector<std::string> finish() { return std::move(found_); }

 private:
  sse::MessageParser parser_;
  std::vector<std::string> found_;
};

/// Also checks `ended_in_earlier_push` of every block, which is about the chunks.
class SplitterFeed {
 public:
  SplitterFeed() = default;
  explicit SplitterFeed(sse::FrameSplitter splitter) : splitter_(std::move(splitter)) {}

  void push(std::string_view bytes) {
    splitter_.push(bytes);
    while (const auto block = splitter_.next()) {
      give(*block);
    }
    pushed_before_ += bytes.size();
  }
  std::vector<std::string> finish() {
    if (const auto rest = splitter_.finish()) {
      EXPECT_FALSE(rest->ended_in_earlier_push);
      blocks_.push_back(block_text(rest->raw, rest->complete));
    }
    return std::move(blocks_);
  }

 private:
  void give(const sse::Block& block) {
    given_ += block.raw.size();
    EXPECT_EQ(block.ended_in_earlier_push, given_ <= pushed_before_);
    blocks_.push_back(block_text(block.raw, block.complete));
  }

  sse::FrameSplitter splitter_;
  std::size_t given_ = 0;
  std::size_t pushed_before_ = 0;
  std::vector<std::string> blocks_;
};

}  // namespace tapedeck::test
