// The built command on files of a folder that goes away with the test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "tests/support/files.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck {

inline const std::filesystem::path rule_fixtures =
    std::filesystem::path(TAPEDECK_SOURCE_DIR) / "fixtures/findings";

void write_file(const std::filesystem::path& path, std::string_view bytes);

/// What came of a run of the command.
struct Outcome {
  int code = -1;  ///< what it exited with; -1 where a signal ended it
  std::string out;
  std::string err;
  std::uint64_t peak_bytes = 0;  ///< of memory
};

class Command : public testing::Test {
 protected:
  /// Runs the command in the folder of the test, with the words of `arguments` and nothing on
  /// stdin. A run that a signal ends, be it because it takes longer than twenty seconds, or that a
  /// sanitizer complains of is a failure of the test.
  [[nodiscard]] Outcome run(const std::string& arguments) const;

  /// See test::make_tape.
  void make_tape(const std::string& name, std::string_view body,
                 std::int64_t step_ns = ns_per_ms) const;

  /// Does `sql` to the tape `name`, which STRICT and DEFENSIVE do not hinder.
  void change(const std::string& name, const std::string& sql) const;

  test::TemporaryFolder folder;
};

}  // namespace tapedeck
