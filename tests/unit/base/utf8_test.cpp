#include "core/base/utf8.hpp"

#include <cstring>
#include <memory>
#include <random>

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

/// Whole and by prefix, which are two ways of the code, `text` is judged alike, also where it lies
/// across two vectors. Nothing is read beyond its end.
void expect_one_judgement(std::string_view text) {
  for (const std::size_t before : {0U, 13U, 29U, 30U, 31U, 62U}) {
    const std::size_t size = before + text.size();
    const auto bytes = std::make_unique<char[]>(size);
    std::memset(bytes.get(), 'x', before);
    std::memcpy(bytes.get() + before, text.data(), text.size());
    const std::string_view view(bytes.get(), size);
    ASSERT_EQ(is_valid_utf8(view), valid_utf8_prefix(view) == size)
        << before << " bytes before " << ::testing::PrintToString(std::string(text));
  }
}

TEST(Utf8, BothWaysToJudgeAgreeOnEveryPairOfBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string pair{static_cast<char>(first), static_cast<char>(second)};
      expect_one_judgement(pair);
      expect_one_judgement(pair + "\x80");
      expect_one_judgement(pair + "\xbf\x80");
      expect_one_judgement("\xf0" + pair + "\xbf\x80x");
    }
  }
}

TEST(Utf8, BothWaysToJudgeAgreeOnRandomTextWithAFault) {
  constexpr std::string_view parts[] = {"a",
                                        "0123456789abcdef0123456789abcdef",
                                        "\x7f",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf"};
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::uint64_t count = random() % 40; count > 0; --count) {
      text += parts[random() % std::size(parts)];
    }
    EXPECT_TRUE(is_valid_utf8(text));
    if (!text.empty() && random() % 4 != 0) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    ASSERT_EQ(is_valid_utf8(text), valid_utf8_prefix(text) == text.size());
  }
}

}  // namespace
}  // namespace tapedeck
