#include "core/sse/block_data.hpp"

#include <gtest/gtest.h>

namespace tapedeck::sse {
namespace {

TEST(BlockData, OnlyTheDataChanges) {
  EXPECT_EQ(with_data("event: stage\ndata: []\nid: 7\n\n", "[1]"),
            "event: stage\ndata: [1]\nid: 7\n\n");
  EXPECT_EQ(with_data(": hi\r\nid:7\r\ndata:[]\r\nretry: 5\r\n\r\n", "[1]"),
            ": hi\r\nid:7\r\ndata:[1]\r\nretry: 5\r\n\r\n");
  EXPECT_EQ(with_data("data: []\r\r", "[1]"), "data: [1]\r\r");
  EXPECT_EQ(with_data("data:  []\n\n", "[1]"), "data: [1]\n\n") << "one space is no data";
  EXPECT_EQ(with_data("datab: []\ndata\n\n", "1"), "datab: []\ndata: 1\n\n");
}

TEST(BlockData, LinesGoWhereLinesWere) {
  EXPECT_EQ(with_data("data: {\nevent: x\ndata: }\n\n", "[\n]"), "data: [\nevent: x\ndata: ]\n\n");
  EXPECT_EQ(with_data("data: {\nevent: x\ndata: }\n\n", "1"), "data: 1\nevent: x\n\n");
  EXPECT_EQ(with_data("data: 1\nid: 2\n\n", "[\n1\n]"), "data: [\ndata: 1\ndata: ]\nid: 2\n\n");
  EXPECT_EQ(with_data("data: 1\n\n", ""), "data: \n\n");
  EXPECT_EQ(with_data("data: 1\n\n", "[\r1,\r\n2]"), "data: [\ndata: 1,\ndata: 2]\n\n");
}

TEST(BlockData, AByteOrderMarkStaysAtTheStartAndNowhereElse) {
  EXPECT_EQ(with_data("\xef\xbb\xbf"
                      "data: 1\n\n",
                      "[\n]"),
            "\xef\xbb\xbf"
            "data: [\ndata: ]\n\n");
}

TEST(BlockData, WithoutADataLineNothingChanges) {
  for (const char* block : {"", "\n", ": data: 1\n\n", "event: x\n\n", "id"}) {
    EXPECT_EQ(with_data(block, "1"), block);
  }
}

}  // namespace
}  // namespace tapedeck::sse
