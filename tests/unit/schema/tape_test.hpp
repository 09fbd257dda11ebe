// What the tests of the tape share.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/files.hpp"
#include "tests/support/run_sql.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::schema {

/// The tape at `path`, which has to open.
inline std::unique_ptr<TapeReader> open_tape(const std::string& path) {
  auto tape = TapeReader::open(path);
  if (!tape) {
    ADD_FAILURE() << tape.error().message;
    return nullptr;
  }
  return *std::move(tape);
}

/// Why the tape at `path` does not open; "" if it does.
inline std::string refusal_to_read(const std::string& path) {
  const auto tape = TapeReader::open(path);
  return tape ? "" : tape.error().message;
}

inline std::string refusal_to_record(const std::string& path, TapeWriterOptions options = {}) {
  const auto writer = TapeWriter::open(path, options);
  return writer ? "" : writer.error().message;
}

/// The rules that the tape at `path` breaks, in the order they were found.
inline std::vector<std::string> broken_rules(const std::string& path) {
  const auto tape = open_tape(path);
  const auto report = tape->verify_bytes();
  std::vector<std::string> rules;
  if (!report) {
    ADD_FAILURE() << report.error().message;
    return rules;
  }
  for (const Problem& problem : report->problems) {
    rules.push_back(problem.rule);
  }
  return rules;
}

/// Changes a tape behind tapedeck's back.
inline void run_sql(const std::string& path, const std::string& sql) {
  EXPECT_EQ(test::run_sql(path, sql), "");
}

inline void write_all(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Root may write everywhere: as long as this lives, we are nobody in particular.
class WithoutPrivilege {
 public:
  WithoutPrivilege() : was_(::geteuid()) {
    if (was_ == 0) {
      changed_ = ::seteuid(65534) == 0;
    }
  }
  WithoutPrivilege(const WithoutPrivilege&) = delete;
  WithoutPrivilege& operator=(const WithoutPrivilege&) = delete;
  ~WithoutPrivilege() {
    if (changed_ && ::seteuid(was_) != 0) {
      std::abort();
    }
  }

 private:
  uid_t was_;
  bool changed_ = false;
};

}  // namespace tapedeck::schema
