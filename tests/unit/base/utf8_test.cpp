#include "core/base/utf8.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

constexpr const char* replacement = "\xef\xbf\xbd";

std::string lossy(std::string_view bytes) {
  std::string out;
  append_utf8_lossy(out, bytes);
  return out;
}

TEST(Utf8, WellFormedTextIsValidToItsEnd) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("plain ascii, longer than one word"));
  EXPECT_TRUE(is_valid_utf8("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\x9b"));
}

TEST(Utf8, TheValidPrefixEndsAtTheFirstFault) {
  EXPECT_EQ(valid_utf8_prefix("ab\xff"), 2U);
  EXPECT_EQ(valid_utf8_prefix("12345678\xed\xa0\x80"), 8U);  // surrogate
  EXPECT_EQ(valid_utf8_prefix("\xc0\xaf"), 0U);              // overlong
  EXPECT_EQ(valid_utf8_prefix("\xf4\x90\x80\x80"), 0U);      // past U+10FFFF
  EXPECT_EQ(valid_utf8_prefix("a\xe2\x82"), 1U);             // cut short
}

TEST(Utf8, EachMaximalIllFormedPartBecomesOneReplacementCharacter) {
  const std::string r = replacement;
  EXPECT_EQ(lossy("a\xffz"), "a" + r + "z");
  EXPECT_EQ(lossy("\xe2\x82z"), r + "z");       // truncated sequence: one
  EXPECT_EQ(lossy("\xf0\x9f\x8ez"), r + "z");   // truncated sequence: one
  EXPECT_EQ(lossy("\xed\xa0\x80"), r + r + r);  // surrogate: one each
  EXPECT_EQ(lossy("\xc0\xaf"), r + r);
  EXPECT_EQ(lossy("\xe2\x82\xe2\x82\xac"), r + "\xe2\x82\xac");
}

}  // namespace
}  // namespace tapedeck
