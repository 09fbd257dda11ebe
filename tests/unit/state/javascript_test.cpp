#include "core/state/javascript.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"

namespace tapedeck::state {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

struct Conversion {
  std::string_view json;
  double number;
  std::string_view text;
  bool truthy;
};

// As Node 20 gives them.
constexpr Conversion conversions[] = {
    {"null", 0, "null", false},
    {"true", 1, "true", true},
    {"false", 0, "false", false},
    {"0", 0, "0", false},
    {"-0", 0, "0", false},
    {"1e999", infinity, "Infinity", true},
    {R"("")", 0, "", false},
    {R"(" ")", 0, " ", true},
    {R"("12")", 12, "12", true},
    {R"("0x1f")", 31, "0x1f", true},
    {R"("0b11")", 3, "0b11", true},
    {R"("0o17")", 15, "0o17", true},
    {R"("0xg")", nan, "0xg", true},
    {R"("0x")", nan, "0x", true},
    {R"(" 5\n")", 5, " 5\n", true},
    {R"("-1")", -1, "-1", true},
    {R"("+Infinity")", infinity, "+Infinity", true},
    {R"("-Infinity")", -infinity, "-Infinity", true},
    {R"("infinity")", nan, "infinity", true},
    {R"("1e3")", 1000, "1e3", true},
    {R"("1_0")", nan, "1_0", true},
    {R"(".5")", .5, ".5", true},
    {R"("5.")", 5, "5.", true},
    {R"(".")", nan, ".", true},
    {R"("+.5e+1")", 5, "+.5e+1", true},
    {R"("1e")", nan, "1e", true},
    {R"("-0x1")", nan, "-0x1", true},
    {R"("1e999")", infinity, "1e999", true},
    {R"("1e-999")", 0, "1e-999", true},
    {R"("\u00a0\ufeff\u3000")", 0, "\xc2\xa0\xef\xbb\xbf\xe3\x80\x80", true},
    {"[]", 0, "", true},
    {"[5]", 5, "5", true},
    {R"(["7"])", 7, "7", true},
    {"[[3]]", 3, "3", true},
    {"[null]", 0, "", true},
    {"[1,2]", nan, "1,2", true},
    {"{}", nan, "[object Object]", true},
    {R"({"valueOf":2})", nan, "[object Object]", true},
    {R"(["a",null,[true,{}]])", nan, "a,,true,[object Object]", true},
    {"1e21", 1e21, "1e+21", true},
};

TEST(JavaScript, ConvertsAsNodeDoes) {
  event::Decoder decoder;
  for (const Conversion& expected : conversions) {
    const Value value = decoder.decode(expected.json).value;
    const double number = to_number(value);
    EXPECT_TRUE(number == expected.number || (std::isnan(number) && std::isnan(expected.number)))
        << expected.json << " gives " << number;
    EXPECT_EQ(to_string(value), expected.text) << expected.json;
    EXPECT_EQ(truthy(value), expected.truthy) << expected.json;
  }
  EXPECT_TRUE(std::isnan(to_number(Value())));
  EXPECT_EQ(to_string(Value()), "undefined");
  EXPECT_FALSE(truthy(Value()));
}

TEST(JavaScript, ThrowsWhereAnObjectHidesItsToString) {
  event::Decoder decoder;
  for (const std::string_view json : {R"({"toString":1})", R"([[{"toString":null}]])"}) {
    const Value value = decoder.decode(json).value;
    EXPECT_THROW((void)to_number(value), Thrown) << json;
    EXPECT_THROW((void)to_string(value), Thrown) << json;
  }
}

TEST(JavaScript, ReadsMembersOfAnythingButNothing) {
  EXPECT_TRUE(property(Value::number(1), "x").is_undefined());
  EXPECT_TRUE(property(Value::string("x"), "x").is_undefined());
  EXPECT_THROW((void)property(Value::null(), "x"), Thrown);
  EXPECT_THROW((void)property(Value(), "x"), Thrown);
}

TEST(JavaScript, ComparesPrimitivesByValueAndObjectsNever) {
  EXPECT_TRUE(strictly_equal(Value::string("a"), Value::string("a")));
  EXPECT_TRUE(strictly_equal(Value(), Value()));
  EXPECT_FALSE(strictly_equal(Value(), Value::null()));
  EXPECT_FALSE(strictly_equal(Value::number(1), Value::string("1")));
  EXPECT_FALSE(strictly_equal(Value::array({}), Value::array({})));
}

std::string printed(double ms) {
  const auto date = date_to_json(ms);
  return date ? std::string(date->text()) : "";
}

TEST(JavaScript, PrintsDatesAsNodeDoes) {
  EXPECT_EQ(printed(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(printed(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(printed(1.9), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(printed(-1.9), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(printed(1700484383.846972 * 1000), "2023-11-20T12:46:23.846Z");
  EXPECT_EQ(printed(253402300800000), "+010000-01-01T00:00:00.000Z");
  EXPECT_EQ(printed(-62198755200000), "-000001-01-01T00:00:00.000Z");
  EXPECT_EQ(printed(8.64e15), "+275760-09-13T00:00:00.000Z");
  EXPECT_EQ(printed(-8.64e15), "-271821-04-20T00:00:00.000Z");
  EXPECT_EQ(printed(8.64e15 + 1), "");
  EXPECT_EQ(printed(nan), "");
  EXPECT_EQ(printed(-infinity), "");
}

}  // namespace
}  // namespace tapedeck::state
