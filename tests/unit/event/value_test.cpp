#include "core/event/value.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"
#include "core/event/wtf8.hpp"

namespace tapedeck::event {
namespace {

std::string json(const Value& value, const JsonStyle& style = {}) {
  std::string out;
  append_json(out, value, style);
  return out;
}

TEST(Value, IsUndefinedByDefaultAndTellsMissingFromNull) {
  Arena arena;
  ObjectBuilder builder;
  builder.set("gone", Value::null());
  const Value object = builder.build(arena);
  EXPECT_TRUE(Value().is_undefined());
  EXPECT_TRUE(object["gone"].is_null());
  EXPECT_TRUE(object["other"].is_undefined());
  EXPECT_NE(object.find("gone"), nullptr);
  EXPECT_EQ(object.find("other"), nullptr);
  EXPECT_TRUE(Value::number(1)["any"].is_undefined());
}

TEST(Value, PrintsAsJsonStringifyDoes) {
  Arena arena;
  const Value items[] = {Value(),
                         Value::null(),
                         Value::number(-0.0),
                         Value::number(1e21),
                         Value::boolean(false),
                         Value::string("a\"\xed\xa0\xbd")};
  ObjectBuilder builder;
  builder.set("list", Value::array(items));
  builder.set("left out", Value());
  builder.set("", Value::object({}));
  EXPECT_EQ(json(builder.build(arena)), R"({"list":[null,null,0,1e+21,false,"a\"\ud83d"],"":{}})");
  EXPECT_EQ(json(Value()), "null");
  EXPECT_EQ(json(Value::array({})), "[]");
}

TEST(Value, LeavesOutTheMemberItIsToldToAtAnyDepth) {
  Arena arena;
  ObjectBuilder builder;
  builder.set("rawData", Value::number(1));
  builder.set("uuid", Value::number(2));
  const Value inner = builder.build(arena);
  const Value items[] = {inner};
  builder.set("rawData", inner);
  builder.set("list", Value::array(items));
  EXPECT_EQ(json(builder.build(arena), {.without = "rawData"}), R"({"list":[{"uuid":2}]})");
}

TEST(Value, OrdersKeysAsJavaScriptDoes) {
  Arena arena;
  ObjectBuilder builder;
  for (const char* key :
       {"b", "10", "a", "9", "01", "4294967295", "4294967294", "-1", "0", "1.5"}) {
    builder.set(key, Value::null());
  }
  std::string keys;
  for (const Member& member : builder.build(arena).members()) {
    keys += std::string(member.key) + ' ';
  }
  EXPECT_EQ(keys, "0 9 10 4294967294 b a 01 4294967295 -1 1.5 ");
}

TEST(Value, KeepsTheLastValueOfAKeyAtItsFirstPlace) {
  Arena arena;
  ObjectBuilder builder;
  builder.set("a", Value::number(1));
  builder.set("b", Value::number(2));
  builder.set("a", Value::number(3));
  builder.set("__proto__", Value::number(4));
  builder.set("__proto__", Value::number(5));
  EXPECT_EQ(json(builder.build(arena)), R"({"a":3,"b":2,"__proto__":5})");
}

TEST(Value, KeepsTheRuleOfDuplicatesInLargeObjects) {
  Arena arena;
  ObjectBuilder builder;
  std::vector<std::string> keys;
  for (int i = 0; i < 5000; ++i) {
    keys.push_back("k" + std::to_string(i));
  }
  for (int round = 0; round < 2; ++round) {
    for (const std::string& key : keys) {
      builder.set(key, Value::number(round));
    }
  }
  const Value object = builder.build(arena);
  ASSERT_EQ(object.members().size(), keys.size());
  EXPECT_EQ(object.members()[4321].key, "k4321");
  EXPECT_EQ(object.members()[4321].value.as_number(), 1);
}

TEST(Value, EqualsByContentWhateverTheOrderOfMembers) {
  Arena arena;
  ObjectBuilder builder;
  builder.set("a", Value::number(1));
  builder.set("b", Value::string("x"));
  const Value one = builder.build(arena);
  builder.set("b", Value::string("x"));
  builder.set("a", Value::number(1));
  const Value other = builder.build(arena);
  EXPECT_TRUE(one == other);
  builder.set("a", Value::number(1));
  builder.set("b", Value::string("y"));
  EXPECT_FALSE(one == builder.build(arena));
  builder.set("a", Value::number(1));
  builder.set("c", Value::string("x"));
  EXPECT_FALSE(one == builder.build(arena));
  EXPECT_FALSE(Value::null() == Value());
}

constexpr std::string_view few_members =
    R"({"a":"one","b":2,"c":null,"d":true,"e":["x",{"y":"z"}],"f":"","g":"last","h":7})";

/// A value that has held `before` and is then assigned `after`: what it is.
void expect_assigned(std::string_view before, std::string_view after) {
  Decoder decoder;
  OwnedValue owned;
  for (const std::string_view text : {before, after, before, after}) {
    std::string lives_on(text);
    const Decoded decoded = decoder.decode(lives_on);
    owned.assign(decoded.value, copy_size(decoded.value), decoded.origin);
    EXPECT_EQ(owned.bytes(), copy_size(decoded.value).bytes());
    const std::string expected = json(decoded.value);
    EXPECT_FALSE(decoder.decode("[]").origin.keys != 0);
    std::fill(lives_on.begin(), lives_on.end(), '#');
    EXPECT_EQ(json(*owned), expected);
  }
}

TEST(OwnedValue, IsWhatWasAssignedLast) {
  for (
      const std::string_view after :
      {R"({"a":"two","b":2,"c":null,"d":true,"e":["x",{"y":"z"}],"f":"","g":"last","h":7})",
       R"({"a":"a longer one","b":-0,"c":"","d":false,"e":["x",{"y":"z"}],"f":"f","g":"","h":"h"})",
       R"({"a":"one","b":2,"c":null,"d":true,"e":["x",{"y":"!"}],"f":"","g":"last","h":7})",
       R"({"a":"one","b":2,"c":null,"d":true,"e":"gone","f":"","g":"the last one","h":7})",
       R"({"a":"o\u00e9","b":2,"c":"\n","d":true,"e":["x",{"y":"z"}],"f":"","g":"last","h":7})",
       R"({"h":7,"a":"one","b":2,"c":null,"d":true,"e":["x",{"y":"z"}],"f":"","g":"last"})",
       R"({"a":1,"a":"one","b":2,"c":null,"d":true,"e":["x",{"y":"z"}],"f":"","g":"last"})",
       R"({"1":1,"a":"one","b":2,"c":null,"d":true,"e":["x",{"y":"z"}],"f":"","g":"last"})",
       R"([1,2,"three"])", "7", R"("text")"}) {
    expect_assigned(few_members, after);
  }
  const std::string spaces(1000, ' ');
  expect_assigned(few_members, spaces + R"({"a":"one"})" + spaces);
}

TEST(OwnedValue, TakesEachValueOfAMember) {
  Decoder decoder;
  const Decoded decoded = decoder.decode(few_members);
  OwnedValue owned;
  owned.assign(decoded.value, decoded.origin.size, decoded.origin);
  owned.set_member(0, Value::string("1"));
  owned.set_member(7, Value::null());
  owned.set_member(4, Value::string("ee"));
  owned.set_member(5, Value::number(3));
  EXPECT_EQ(json(*owned),
            R"({"a":"1","b":2,"c":null,"d":true,"e":"ee","f":3,"g":"last","h":null})");
  EXPECT_EQ(owned.bytes(), copy_size(*owned).bytes());
  for (std::size_t size = 0; size < 400; ++size) {
    const std::string text(size, 'x');
    owned.set_member(size % 8, Value::string(text));
    ASSERT_EQ((*owned).members()[size % 8].value.as_string(), text);
    ASSERT_EQ(owned.bytes(), copy_size(*owned).bytes());
  }
  EXPECT_EQ((*owned)["h"].as_string(), std::string(399, 'x'));
  EXPECT_EQ((*owned)["g"].as_string(), std::string(398, 'x'));
}

TEST(OwnedValue, LivesOnItsOwn) {
  OwnedValue copy;
  {
    Arena arena;
    const std::string text = "a string that lives on the heap, for a while";
    const Value items[] = {Value::string(text), Value::null(), Value::array({})};
    ObjectBuilder builder;
    builder.set(text, Value::array(items));
    builder.set("empty", Value::object({}));
    copy = OwnedValue(builder.build(arena));
  }
  const OwnedValue moved = std::move(copy);
  EXPECT_EQ(json(*moved),
            R"({"a string that lives on the heap, for a while":)"
            R"(["a string that lives on the heap, for a while",null,[]],"empty":{}})");
}

TEST(Wtf8, JoinsThePairOfSurrogatesWhereTwoStringsMeet) {
  std::string text = "a";
  append_code_unit(text, 0xd83d);
  EXPECT_EQ(text, "a\xed\xa0\xbd");
  append_wtf8(text, "\xed\xb8\x80z");
  EXPECT_EQ(text, "a\xf0\x9f\x98\x80z");
  append_code_unit(text, 0xde00);
  EXPECT_EQ(text, "a\xf0\x9f\x98\x80z\xed\xb8\x80");
}

TEST(Wtf8, SplitsACharacterIntoItsCodeUnits) {
  std::vector<std::string> units;
  for_each_code_unit("a\xc3\xa9\xf0\x9f\x98\x80",
                     [&](std::string_view unit) { units.emplace_back(unit); });
  EXPECT_EQ(units, (std::vector<std::string>{"a", "\xc3\xa9", "\xed\xa0\xbd", "\xed\xb8\x80"}));
}

}  // namespace
}  // namespace tapedeck::event
