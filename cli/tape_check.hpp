// One tape, judged: its bytes, what in it departs from the rules, and from its expectation.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/conference_tape.hpp"
#include "core/base/result.hpp"
#include "core/state/join.hpp"
#include "core/verdict/expectation.hpp"
#include "core/verdict/findings.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

struct CheckOptions {
  verdict::RuleSet rules;
  bool strict = false;           ///< warnings fail too
  std::string expectation_path;  ///< empty: no expectation
  bool update = false;           ///< writes the expectation in the place of holding against it
  /// Who joined the conference of a tape.
  std::function<state::Join(const schema::TapeReader&)> join;
  /// No other tape is judged at the same time: the bytes may have a thread of their own. What comes
  /// out is the same.
  bool alone = false;
  /// Told how much of the tape is done, from 0 to 1, now and then and from any thread; may be
  /// empty.
  std::function<void(double)> progress;
};

/// What a tape came to.
struct TapeVerdict {
  std::string path;
  std::optional<Error>
      error;  ///< the tape or the expectation could not be read: nothing else holds
  schema::Summary summary;
  std::uint64_t connections = 0;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::string bytes_digest;
  std::string state_digest;
  std::optional<verdict::Findings> findings;
  /// An expectation was held against the tape, or written: findings that it allows do not fail.
  bool expected = false;
  std::vector<verdict::Departure> departures;
  bool strict = false;

  /// False where the tape is so damaged that it could not be read: there is a finding, and nothing
  /// else holds.
  [[nodiscard]] bool was_read() const { return !bytes_digest.empty(); }

  /// Always false with an error.
  [[nodiscard]] bool passed() const;
};

[[nodiscard]] TapeVerdict check_tape(const std::string& path, const CheckOptions& options);

}  // namespace tapedeck::cli
