#include "core/base/percent.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(Percent, AnEscapeStandsForItsByte) {
  EXPECT_EQ(percent_decoded("meet%20alice%2F%C3%bc%00"), std::string("meet alice/\xc3\xbc\0", 14));
  EXPECT_EQ(percent_decoded("%2541"), "%41") << "once";
  EXPECT_EQ(percent_decoded("a+b"), "a+b");
  EXPECT_EQ(percent_decoded(""), "");
}

TEST(Percent, WhatIsNoEscapeIsRefusedOrStandsForItself) {
  for (const char* text : {"%", "a%", "%4", "%4g", "%g4", "%%41", "100% sure"}) {
    EXPECT_EQ(percent_decoded(text), std::nullopt) << text;
  }
  EXPECT_EQ(percent_decoded_leniently("100% sure%"), "100% sure%");
  EXPECT_EQ(percent_decoded_leniently("%%41%4"), "%A%4");
}

}  // namespace
}  // namespace tapedeck
