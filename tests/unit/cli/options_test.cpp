#include "cli/options.hpp"

#include <gtest/gtest.h>

namespace tapedeck::cli {
namespace {

std::string complaint_about(const Arguments& arguments) {
  Options options("play", "TAPE", "Plays.");
  options.positional("TAPE");
  options.add()("quiet", po::bool_switch(), "say nothing")("speed", po::value<std::string>(), "");
  const auto values = options.parse(arguments);
  return values ? "" : values.error().message;
}

const std::string hint = "; see 'tapedeck play --help'";

TEST(Options, WhatIsWrongIsSaid) {
  EXPECT_EQ(complaint_about({"a.tape", "--speed", "1"}), "");
  EXPECT_EQ(complaint_about({}), "TAPE is missing" + hint);
  EXPECT_EQ(complaint_about({"a.tape", "b.tape"}), "too many arguments" + hint);
  EXPECT_EQ(complaint_about({"--fast"}), "unrecognised option '--fast'" + hint);
  EXPECT_EQ(complaint_about({"--speed"}),
            "the required argument for option '--speed' is missing" + hint);
  EXPECT_EQ(complaint_about({"--speed=1", "--speed=2"}),
            "option '--speed' cannot be specified more than once" + hint);
  EXPECT_EQ(complaint_about({"--quiet=loud"}),
            "option '--quiet' does not take any arguments" + hint);
}

TEST(Options, WhatLooksLikeAPlaceOfTheLibrarysSentencesIsSaidAsItWasGiven) {
  for (const std::string place :
       {"%option%", "%canonical_option%", "%original_token%", "%value%", "%prefix%", "%", "%%"}) {
    EXPECT_EQ(complaint_about({"--x" + place}), "unrecognised option '--x" + place + "'" + hint);
    EXPECT_EQ(complaint_about({"-" + place}), "unrecognised option '-" + place + "'" + hint);
  }
}

}  // namespace
}  // namespace tapedeck::cli
