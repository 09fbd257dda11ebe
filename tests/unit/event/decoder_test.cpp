#include "core/event/decoder.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tapedeck::event {
namespace {

/// What JSON.stringify(JSON.parse(text)) gives, or the offset at which the text is at fault.
std::string round_trip(std::string_view text) {
  Decoder decoder;
  const Decoded decoded = decoder.decode(text);
  switch (decoded.outcome) {
    case Decoded::Outcome::ok:
      break;
    case Decoded::Outcome::not_json:
      return "not JSON at " + std::to_string(decoded.offset);
    case Decoded::Outcome::too_deep:
      return "too deep at " + std::to_string(decoded.offset);
    case Decoded::Outcome::too_many:
      return "too many";
  }
  std::string out;
  append_json(out, decoded.value);
  return out;
}

TEST(Decoder, TakesWhatJsonParseTakes) {
  EXPECT_EQ(round_trip(R"( {"a" : [1, 2.50, -3e2, true, false, null, "x"]} )"),
            R"({"a":[1,2.5,-300,true,false,null,"x"]})");
  EXPECT_EQ(round_trip("\t\r\n 7 "), "7");
  EXPECT_EQ(round_trip("\"\xe2\x80\xa8\""), "\"\xe2\x80\xa8\"");
  EXPECT_EQ(round_trip("\"\\u0041\\/\\b\\f\\n\\r\\t\\\\\\\"\""), "\"A/\\b\\f\\n\\r\\t\\\\\\\"\"");
}

TEST(Decoder, TakesLoneSurrogatesAndJoinsPairs) {
  EXPECT_EQ(round_trip(R"("\ud83d")"), R"("\ud83d")");
  EXPECT_EQ(round_trip(R"(["\ude00\ud83d","ok"])"), R"(["\ude00\ud83d","ok"])");
  EXPECT_EQ(round_trip(R"("\ud83d\ude00")"), "\"\xf0\x9f\x98\x80\"");
  EXPECT_EQ(round_trip("\"\xed\xa0\xbd\\ude00\""), "\"\xf0\x9f\x98\x80\"");
  EXPECT_EQ(round_trip("\"\\ud83d\xed\xb8\x80\""), "\"\xf0\x9f\x98\x80\"");
}

TEST(Decoder, TakesNumbersPastTheRangeOfADouble) {
  EXPECT_EQ(round_trip("[1e999,-1e999,1e-999,123456789012345678901234567890]"),
            "[null,null,0,1.2345678901234568e+29]");
  EXPECT_EQ(round_trip("[18446744073709551616,9007199254740993,-9223372036854775809]"),
            "[18446744073709552000,9007199254740992,-9223372036854776000]");
  EXPECT_EQ(round_trip("[1e99999999999999999999,1e-99999999999999999999,0e99999999999]"),
            "[null,0,0]");
  const std::string digits(400, '9');
  EXPECT_EQ(round_trip('[' + digits + ",0." + std::string(400, '0') + "1]"), "[null,0]");
  Decoder decoder;
  EXPECT_GT(decoder.decode("1e999").value.as_number(), 1e308);
}

TEST(Decoder, RefusesWhatJsonParseRefusesAndSaysWhere) {
  EXPECT_EQ(round_trip(""), "not JSON at 0");
  EXPECT_EQ(round_trip(" "), "not JSON at 1");
  EXPECT_EQ(round_trip("NaN"), "not JSON at 0");
  EXPECT_EQ(round_trip("[1,]"), "not JSON at 3");
  EXPECT_EQ(round_trip("{\"a\":1,}"), "not JSON at 7");
  EXPECT_EQ(round_trip("{a:1}"), "not JSON at 1");
  EXPECT_EQ(round_trip("[1 2]"), "not JSON at 3");
  EXPECT_EQ(round_trip("1 2"), "not JSON at 2");
  EXPECT_EQ(round_trip("\xef\xbb\xbf{}"), "not JSON at 0");
  EXPECT_EQ(round_trip("\"a\nb\""), "not JSON at 2");
  EXPECT_EQ(round_trip("\"\\x41\""), "not JSON at 2");
  EXPECT_EQ(round_trip("\"\\u12g4\""), "not JSON at 5");
  EXPECT_EQ(round_trip("\"abc"), "not JSON at 4");
  EXPECT_EQ(round_trip("01"), "not JSON at 1");
  EXPECT_EQ(round_trip("1."), "not JSON at 2");
  EXPECT_EQ(round_trip(".5"), "not JSON at 0");
  EXPECT_EQ(round_trip("+1"), "not JSON at 0");
  EXPECT_EQ(round_trip("-"), "not JSON at 1");
  EXPECT_EQ(round_trip("1e"), "not JSON at 2");
  EXPECT_EQ(round_trip("tru"), "not JSON at 3");
  EXPECT_EQ(round_trip("{\"a\" 1}"), "not JSON at 5");
  EXPECT_EQ(round_trip("\xc2\xa0 1"), "not JSON at 0");
  EXPECT_EQ(round_trip("]"), "not JSON at 0");
  EXPECT_EQ(round_trip("[}"), "not JSON at 1");
  EXPECT_EQ(round_trip("/*c*/1"), "not JSON at 0");
  EXPECT_EQ(round_trip(std::string_view("1\0", 2)), "not JSON at 1");
}

TEST(Decoder, KeepsJavaScriptsRulesForKeys) {
  EXPECT_EQ(round_trip(R"({"b":1,"2":2,"a":3,"1":4,"b":5,"__proto__":{"x":1}})"),
            R"({"1":4,"2":2,"b":5,"a":3,"__proto__":{"x":1}})");
}

TEST(Decoder, ReadsToTheLimitOfDepthAndReportsWhatIsDeeper) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(round_trip(nested(1500)), nested(1500));
  EXPECT_EQ(round_trip(nested(limits::json_depth_max)), nested(limits::json_depth_max));
  EXPECT_EQ(round_trip(nested(limits::json_depth_max + 1)),
            "too deep at " + std::to_string(limits::json_depth_max));
  Decoder shallow(2);
  EXPECT_TRUE(shallow.decode("[{}]").ok());
  EXPECT_EQ(shallow.decode("[[[]]]").outcome, Decoded::Outcome::too_deep);
}

TEST(Decoder, ReadsToTheLimitOfValuesAndReportsMore) {
  Decoder small(limits::json_depth_max, 5);
  for (const char* text :
       {"[1,2,3,4]", R"({"a":1,"b":[2,"x"]})", R"(["a long text, with [commas], {\",\\","b"])",
        R"(["\ud800",2,3,4])", "[[],1]", "1234567"}) {
    EXPECT_TRUE(small.decode(text).ok()) << text;
  }
  for (const char* text : {"[1,2,3,4,5]", R"({"a":1,"b":[2,"x",3]})", R"(["\\",1,2,3,4])",
                           R"(["\ud800",2,3,4,5])", "[[],[],[]]", "[[[[[[", ",,,,,,"}) {
    EXPECT_EQ(small.decode(text).outcome, Decoded::Outcome::too_many) << text;
  }
  EXPECT_TRUE(small.decode("[1]").ok());
  std::string ones = "[1";
  for (std::size_t values = 2; values < limits::json_values_max; ++values) {
    ones += ",1";
  }
  EXPECT_TRUE(Decoder().decode(ones + ']').ok());
  EXPECT_EQ(Decoder().decode(ones + ",1]").outcome, Decoded::Outcome::too_many);
}

TEST(Decoder, GivesValuesThatDoNotNeedTheText) {
  Decoder decoder;
  Value value;
  {
    std::string text = R"({"key":"a text","lone":"\ud800"})";
    value = decoder.decode(text).value;
    text.assign(text.size(), '#');
  }
  EXPECT_EQ(value["key"].as_string(), "a text");
}

TEST(Decoder, GoesOnAfterAFault) {
  Decoder decoder;
  EXPECT_FALSE(decoder.decode("[[[{\"a\":[1,").ok());
  const Decoded decoded = decoder.decode("[1]");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded.value.items().size(), 1U);
}

TEST(Decoder, TellsWhenTheSameKeysStandInTheSameOrder) {
  const auto object = [](std::string_view first, std::string_view value) {
    return "{ " + std::string(first) + ":" + std::string(value) +
           R"(,"b":[{"b":1}],"c":"x","d":"" , "e" : null,"f":1,"g":2,"h":3} )";
  };
  Decoder decoder;
  const auto keys = [&](std::string_view text) { return decoder.decode(text).origin.keys; };
  const auto known = keys(object(R"("a")", "1"));
  EXPECT_NE(known, 0U);
  EXPECT_EQ(keys(object(R"("a")", R"({"z":[1,2]})")), known);
  EXPECT_EQ(keys(object(R"("a")", R"("\"\\")")), known);
  EXPECT_NE(keys(object(R"("z")", "1")), known);
  EXPECT_EQ(keys(object(R"("a")", "1")), known);
  EXPECT_NE(keys(object(R"("aa")", "1")), known);
  EXPECT_NE(keys(object(R"("i":1,"a")", "1")), known);
  EXPECT_EQ(keys(object(R"("\u0061")", "1")), 0U) << "an escape";
  EXPECT_EQ(keys(object(R"("7")", "1")), 0U)
      << "JavaScript moves it to the front, were it not there";
  EXPECT_EQ(keys(object(R"("c")", "1")), 0U) << "twice";
  EXPECT_EQ(keys(R"({"a":1,"b":2})"), 0U) << "a few are not worth it";
  EXPECT_EQ(keys("{}"), 0U);
  Decoder other;
  EXPECT_NE(other.decode(object(R"("a")", "1")).origin.keys, known);
  const Decoded decoded = decoder.decode(object(R"("a")", R"("\u00e9")"));
  EXPECT_EQ(decoded.origin.size.bytes(), copy_size(decoded.value).bytes());
}

TEST(Decoder, WantsAColonAfterAKeyThatItExpects) {
  const std::string before = R"({"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"g":6,"h")";
  Decoder decoder;
  ASSERT_NE(decoder.decode(before + ":7}").origin.keys, 0U);
  for (const char* const wrong : {",7}", "[7}", "{7}", "}7}", "7}", "\"7}", "}"}) {
    EXPECT_FALSE(decoder.decode(before + wrong).ok()) << wrong;
  }
  EXPECT_TRUE(decoder.decode(before + " : 7}").ok());
}

TEST(Decoder, TakesNoControlCharacterForWhiteSpace) {
  EXPECT_EQ(round_trip("[1\x01]"), "not JSON at 2");
  EXPECT_EQ(round_trip("{\"a\"\f:1}"), "not JSON at 4");
  EXPECT_EQ(round_trip("[true\v,1]"), "not JSON at 5");
  EXPECT_EQ(round_trip("[\"a\"\x1a]"), "not JSON at 4");
  EXPECT_EQ(round_trip("[1 \x1f]"), "not JSON at 3");
}

}  // namespace
}  // namespace tapedeck::event
