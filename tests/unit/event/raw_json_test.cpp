#include "core/event/raw_json.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"

namespace tapedeck::event {
namespace {

std::string set(const std::string& text, const std::vector<std::string>& path,
                const std::string& json) {
  Replacements edited(text);
  const bool done = set_at(edited, raw_value(text), path, json);
  EXPECT_EQ(done, !edited.empty());
  Decoder decoder;
  EXPECT_TRUE(decoder.decode(edited.apply()).ok()) << edited.apply();
  return edited.apply();
}

TEST(RawJson, PartsLieWhereTheyStand) {
  const std::string text =
      R"( { "a" : [ 1 , "]" , {"b":"\"}"} , -1.50e3 ] , "" : { } , "c":null } )";
  const std::string_view value = raw_value(text);
  ASSERT_EQ(raw_members(value).size(), 3U);
  EXPECT_EQ(raw_members(value)[1].key, R"("")");
  EXPECT_EQ(raw_members(value)[1].value, "{ }");
  EXPECT_EQ(raw_items(raw_member(value, "a")),
            (std::vector<std::string_view>{"1", R"("]")", R"({"b":"\"}"})", "-1.50e3"}));
  EXPECT_EQ(raw_member(value, "c"), "null");
  EXPECT_EQ(raw_member(value, "d"), "");
}

TEST(RawJson, WhatIsNoObjectOrArrayHasNoParts) {
  for (const char* text : {"null", "1", R"("{\"a\":1}")", "[]", "{}", "[ ]", ""}) {
    EXPECT_TRUE(raw_members(text).empty()) << text;
    EXPECT_TRUE(raw_items(text).empty()) << text;
  }
}

TEST(RawJson, OfAKeyThatComesTwiceTheLastCounts) {
  EXPECT_EQ(raw_member(R"({"a":1,"\u0061":2})", "a"), "2");
  EXPECT_EQ(set(R"({"a":1,"a":2})", {"a"}, "3"), R"({"a":1,"a":3})");
}

TEST(RawJson, StringsAreRead) {
  EXPECT_EQ(string_of(R"("a\"\u00e9\ud83d\ude00")"), "a\"é😀");
  EXPECT_EQ(string_of("1"), "");
  EXPECT_EQ(string_of(""), "");
}

TEST(RawJson, AFieldIsSetAndEveryOtherByteStays) {
  const std::string text = R"({ "a" : 1.50 , "b":[ {"c":"x"} ,2 ], "t":1730272988.6773953 })";
  EXPECT_EQ(set(text, {"a"}, "true"),
            R"({ "a" : true , "b":[ {"c":"x"} ,2 ], "t":1730272988.6773953 })");
  EXPECT_EQ(set(text, {"b", "0", "c"}, R"("y")"),
            R"({ "a" : 1.50 , "b":[ {"c":"y"} ,2 ], "t":1730272988.6773953 })");
  EXPECT_EQ(set(text, {"b", "0", "d"}, "{}"),
            R"({ "a" : 1.50 , "b":[ {"c":"x","d":{}} ,2 ], "t":1730272988.6773953 })");
  EXPECT_EQ(set("{}", {"a\"b"}, "1"), R"({"a\"b":1})");
  EXPECT_EQ(set("[[1,2],[3]]", {"*", "0"}, "0"), "[[0,2],[0]]");
  EXPECT_EQ(set(R"({"a":{"x":1},"b":{}})", {"*", "x"}, "2"), R"({"a":{"x":2},"b":{"x":2}})");
}

TEST(RawJson, WhereAPathLeadsNowhereNothingChanges) {
  const std::string text = R"({"a":[1],"b":null,"c":"x"})";
  for (const std::vector<std::string>& path : std::vector<std::vector<std::string>>{
           {"a", "1"}, {"a", "x"}, {"b", "x"}, {"c", "0"}, {"d", "e"}, {"a", "0", "x"}}) {
    EXPECT_EQ(set(text, path, "1"), text);
  }
}

TEST(RawJson, ItemsAreTakenOut) {
  const std::string text = "{\"a\":[1, 2,3 ]}";
  const auto without = [&](const std::string& item) {
    Replacements edited(text);
    take_out(edited, raw_member(text, "a"), [&](std::string_view each) { return each == item; });
    return edited.apply();
  };
  EXPECT_EQ(without("2"), "{\"a\":[1,3]}");
  EXPECT_EQ(without("4"), text);
}

}  // namespace
}  // namespace tapedeck::event
