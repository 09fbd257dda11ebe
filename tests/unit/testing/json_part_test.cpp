#include "testing/json_part.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"

namespace tapedeck::testing {
namespace {

std::optional<std::string> differs(std::string_view whole, std::string_view part) {
  event::Decoder whole_decoder;
  event::Decoder part_decoder;
  return what_differs(whole_decoder.decode(whole).value, part_decoder.decode(part).value);
}

TEST(JsonPart, AnObjectIncludesAnyOfItsMembers) {
  EXPECT_EQ(differs(R"({"a":1,"b":{"c":"x","d":null}})", R"({})"), std::nullopt);
  EXPECT_EQ(differs(R"({"a":1,"b":{"c":"x","d":null}})", R"({"b":{"d":null}})"), std::nullopt);
}

TEST(JsonPart, WhatDiffersIsToldByItsPointer) {
  EXPECT_EQ(differs(R"({"a":{"b":1}})", R"({"a":{"b":2}})"), "/a/b is 1, not 2");
  EXPECT_EQ(differs(R"({"a":{"b":1}})", R"({"a":{"c":2}})"), "/a/c is missing");
  EXPECT_EQ(differs(R"({"a/b":{"~":1}})", R"({"a/b":{"~":2}})"), "/a~1b/~0 is 1, not 2");
  EXPECT_EQ(differs("1", R"("1")"), "the value is 1, not \"1\"");
}

TEST(JsonPart, ArraysAreComparedItemByItemAndAreEquallyLong) {
  EXPECT_EQ(differs(R"([{"a":1,"b":2},3])", R"([{"a":1},3])"), std::nullopt);
  EXPECT_EQ(differs(R"([{"a":1},3])", R"([{"a":2},3])"), "/0/a is 1, not 2");
  EXPECT_EQ(differs("[1,2]", "[1]"), "the value is [1,2], not [1]");
}

TEST(JsonPart, NullIsAValueAndNotTheSameAsMissing) {
  EXPECT_EQ(differs(R"({"a":null})", R"({"a":null})"), std::nullopt);
  EXPECT_EQ(differs("{}", R"({"a":null})"), "/a is missing");
}

}  // namespace
}  // namespace tapedeck::testing
