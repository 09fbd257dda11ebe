#include "cli/metrics_text.hpp"

#include <gtest/gtest.h>

namespace tapedeck::cli {
namespace {

using enum MetricsText::Type;

TEST(MetricsText, AFamilyIsHelpTypeAndSamples) {
  MetricsText text;
  text.family("x_frames_total", counter, "Frames.");
  text.sample("", 18'446'744'073'709'551'615U);
  text.family("x_lag_seconds", gauge, "Lag.");
  text.sample_seconds("a", 12'000'000'034);
  text.sample_seconds("b", 0);
  EXPECT_EQ(text.text(),
            "# HELP x_frames_total Frames.\n"
            "# TYPE x_frames_total counter\n"
            "x_frames_total 18446744073709551615\n"
            "# HELP x_lag_seconds Lag.\n"
            "# TYPE x_lag_seconds gauge\n"
            "x_lag_seconds{conference=\"a\"} 12.000000034\n"
            "x_lag_seconds{conference=\"b\"} 0.000000000\n");
}

TEST(MetricsText, WhatTheFormatKeepsForItselfIsEscaped) {
  MetricsText text;
  text.family("x", gauge, "a\\b\nc \"d\"");
  text.sample("a\\b\nc \"d\" {\xff}", 1);
  EXPECT_EQ(text.text(),
            "# HELP x a\\\\b\\nc \"d\"\n"
            "# TYPE x gauge\n"
            "x{conference=\"a\\\\b\\nc \\\"d\\\" {\xef\xbf\xbd}\"} 1\n");
}

TEST(MetricsTextDeathTest, ACounterIsNamedTotal) {
  MetricsText text;
  EXPECT_DEATH(text.family("x_frames", counter, ""), "_total");
  EXPECT_DEATH(text.family("x_total", gauge, ""), "_total");
}

}  // namespace
}  // namespace tapedeck::cli
