#include "core/verdict/value_diff.hpp"

#include <random>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"
#include "core/verdict/json_pointer.hpp"

namespace tapedeck::verdict {
namespace {

using event::Arena;
using event::Decoder;
using event::Value;

std::string json_of(const Value& value) {
  std::string text;
  append_json(text, value);
  return text;
}

std::string patch_of(const Value& a, const Value& b) {
  std::string text = "[";
  compare(a, b, [&](const Difference& difference) {
    text += text.size() > 1 ? "," : "";
    append_patch_operation(text, difference);
    return true;
  });
  return text + ']';
}

/// The patch from `a` to `b`, both JSON.
std::string patch_of(std::string_view a, std::string_view b) {
  Decoder left;
  Decoder right;
  return patch_of(left.decode(a).value, right.decode(b).value);
}

TEST(ValueDiff, EqualValuesDoNotDiffer) {
  EXPECT_EQ(patch_of(R"({"a":[1,{"b":null}],"c":"d"})", R"({"c":"d","a":[1.0,{"b":null}]})"), "[]");
}

TEST(ValueDiff, GoesAsDeepAsTheDifferenceLies) {
  EXPECT_EQ(patch_of(R"({"a":{"b":[0,{"c":1}]}})", R"({"a":{"b":[0,{"c":"1"}]}})"),
            R"([{"op":"replace","path":"/a/b/1/c","value":"1"}])");
  EXPECT_EQ(patch_of("1", "[1]"), R"([{"op":"replace","path":"","value":[1]}])");
}

TEST(ValueDiff, TellsWhatCameAndWhatWent) {
  EXPECT_EQ(patch_of(R"({"a":1,"c":3})", R"({"b":2,"c":3})"),
            R"([{"op":"remove","path":"/a"},{"op":"add","path":"/b","value":2}])");
}

TEST(ValueDiff, AnItemThatCameOrWentIsOneDifference) {
  EXPECT_EQ(patch_of("[1,2,3,4]", "[1,9,2,3,4]"), R"([{"op":"add","path":"/1","value":9}])");
  EXPECT_EQ(patch_of("[1,2,3,4]", "[1,4]"),
            R"([{"op":"remove","path":"/2"},{"op":"remove","path":"/1"}])");
}

TEST(ValueDiff, EscapesKeys) {
  EXPECT_EQ(patch_of(R"({"a/b~":1})", R"({"a/b~":2})"),
            R"([{"op":"replace","path":"/a~1b~0","value":2}])");
  Decoder decoder;
  const Value value = decoder.decode(R"({"a/b~":{"":[7]}})").value;
  EXPECT_EQ(json_of(value_at(value, "/a~1b~0//0")), "7");
  EXPECT_TRUE(value_at(value, "/a~1b~0//00").is_undefined());
  EXPECT_TRUE(value_at(value, "/a~2").is_undefined());
  EXPECT_TRUE(value_at(value, "a").is_undefined());
  EXPECT_EQ(json_of(value_at(value, "")), json_of(value));
}

TEST(ValueDiff, StopsWhenNoMoreIsWanted) {
  Decoder left;
  Decoder right;
  int seen = 0;
  compare(left.decode("[1,2,3]").value, right.decode("[4,5,6]").value,
          [&](const Difference&) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

/// A random JSON value in which few things repeat often, so that two of them resemble each other.
std::string random_json(std::mt19937& random, int depth) {
  const auto choice = random() % (depth > 3 ? 4 : 8);
  std::string text;
  switch (choice) {
    case 0:
      return "null";
    case 1:
      return random() % 2 == 0 ? "true" : "\"x\"";
    case 2:
    case 3:
      return std::to_string(random() % 3);
    case 4:
    case 5:
      text = "[";
      for (auto n = random() % 5; n > 0; --n) {
        text += random_json(random, depth + 1) + (n > 1 ? "," : "");
      }
      return text + ']';
    default:
      text = "{";
      for (const char* key : {"a", "b", "", "0", "~/"}) {
        if (random() % 2 == 0) {
          text += text.size() > 1 ? "," : "";
          text += '"' + std::string(key) + "\":" + random_json(random, depth + 1);
        }
      }
      return text + '}';
  }
}

TEST(ValueDiff, ThePatchMakesOneValueIntoTheOther) {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    std::mt19937 random(seed);
    Decoder left;
    Decoder right;
    Decoder patch;
    Arena arena;
    const Value a = left.decode(random_json(random, 0)).value;
    const Value b = right.decode(random_json(random, 0)).value;
    const std::string text = patch_of(a, b);
    const auto made = apply_patch(a, patch.decode(text).value, arena);
    ASSERT_TRUE(made) << "seed " << seed << ": " << made.error().message;
    ASSERT_TRUE(*made == b) << "seed " << seed << ": " << json_of(a) << " with " << text
                            << " becomes " << json_of(*made) << ", not " << json_of(b);
  }
}

TEST(ValueDiff, APatchThatDoesNotFitIsRefusedInOneSentence) {
  Decoder documents;
  const Value document = documents.decode(R"({"a":[1,2],"b":{}})").value;
  for (const char* patch :
       {R"([{"op":"move","from":"/a","path":"/b"}])", R"([{"op":"add","path":"/c"}])",
        R"([{"op":"add","value":1}])", R"([{"op":"add","path":"c","value":1}])",
        R"([{"op":"replace","path":"/c","value":1}])", R"([{"op":"remove","path":"/c"}])",
        R"([{"op":"remove","path":""}])", R"([{"op":"add","path":"/a/3","value":1}])",
        R"([{"op":"add","path":"/a/-1","value":1}])",
        R"([{"op":"replace","path":"/a/2","value":1}])",
        R"([{"op":"add","path":"/a/0/x","value":1}])", R"([{"op":"add","path":"/x/y","value":1}])",
        R"([{"op":"add","path":"/a/01","value":1}])", R"([7])", R"([null])"}) {
    Decoder decoder;
    Arena arena;
    const auto made = apply_patch(document, decoder.decode(patch).value, arena);
    ASSERT_FALSE(made) << patch;
    EXPECT_TRUE(made.error().message.starts_with("the change ")) << made.error().message;
  }
}

}  // namespace
}  // namespace tapedeck::verdict
