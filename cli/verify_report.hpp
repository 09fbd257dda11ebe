// The verdicts on tapes, as people, programs and build servers read them.
#pragma once

#include <span>
#include <string>

#include "cli/tape_check.hpp"

namespace tapedeck::cli {

/// For people: one line with the verdict, below it the digests, findings and departures. Only what
/// failed is described in full where there are several tapes.
void append_text(std::string& out, std::span<const TapeVerdict> verdicts);

/// One JSON object a tape, each on a line.
void append_json_lines(std::string& out, std::span<const TapeVerdict> verdicts);

/// Test Anything Protocol, version 14: a test a tape.
void append_tap(std::string& out, std::span<const TapeVerdict> verdicts);

/// JUnit's XML: a test case a tape.
void append_junit(std::string& out, std::span<const TapeVerdict> verdicts);

}  // namespace tapedeck::cli
