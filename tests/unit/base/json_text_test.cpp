#include "core/base/json_text.hpp"

#include <iterator>
#include <limits>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

TEST(JsonString, EscapesAsJavaScriptDoes) {
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(quoted("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(quoted(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(quoted("\xe2\x80\xa8"), "\"\xe2\x80\xa8\"");  // U+2028 stays
}

TEST(JsonString, EscapesWhereverTheByteStands) {
  const std::string_view odd[] = {"\"", "\\", "\n", "\x1f", "\xff", "\xed\xa0\xbd"};
  const std::string_view escaped[] = {"\\\"", "\\\\", "\\n", "\\u001f", "\xef\xbf\xbd", "\\ud83d"};
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 20; ++after) {
      for (std::size_t i = 0; i < std::size(odd); ++i) {
        const std::string left(before, '~');
        const std::string right(after, ' ');
        const std::string text = left + std::string(odd[i]) + right;
        EXPECT_EQ(quoted(std::string_view(text)),
                  '"' + left + std::string(escaped[i]) + right + '"');
      }
    }
  }
}

TEST(JsonString, ALoneSurrogateIsEscapedAndABadByteReplaced) {
  EXPECT_EQ(quoted("a\xed\xa0\xbdz"), R"("a\ud83dz")");
  EXPECT_EQ(quoted("a\xffz"), "\"a\xef\xbf\xbdz\"");
}

TEST(JsonNumber, PrintsAsEcmaScriptDoes) {
  EXPECT_EQ(number(0.0), "0");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(number(1), "1");
  EXPECT_EQ(number(-1.5), "-1.5");
  EXPECT_EQ(number(1700484383.846972), "1700484383.846972");
  EXPECT_EQ(number(100), "100");
  EXPECT_EQ(number(1e20), "100000000000000000000");
  EXPECT_EQ(number(123456789012345680000.0), "123456789012345680000");
  EXPECT_EQ(number(1e21), "1e+21");
  EXPECT_EQ(number(1.5e300), "1.5e+300");
  EXPECT_EQ(number(0.000001), "0.000001");
  EXPECT_EQ(number(0.0000001), "1e-7");
  EXPECT_EQ(number(1.25e-7), "1.25e-7");
  EXPECT_EQ(number(5e-324), "5e-324");
}

TEST(JsonNumber, WhatIsNoNumberInJsonIsNull) {
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "null");
}

}  // namespace
}  // namespace tapedeck
