// What a command tells while it runs: sentences on stderr for people and scripts, and with --log
// one JSON line for each thing that happened.
//
// There is one log in a process, as there is one stderr. Nobody waits for who reads it: a line that
// would have to wait is dropped, and the next one says how many were. What is written holds no
// secret as long as no caller hands one in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"

namespace tapedeck::cli {

enum class Level { info, warn, error };

struct LogField {
  std::string_view key;
  std::variant<std::uint64_t, std::int64_t, std::string> value;
};

/// One thing that happened.
struct Happening {
  Level level = Level::info;
  std::string_view event;       ///< what kind of thing, e.g. "gap"
  std::string conference = {};  ///< the alias; "": of the whole process, or of a stream alone
  std::string message = {};     ///< one sentence without its period
  std::vector<LogField> fields = {};
};

/// From now on the log is written to this file, behind what is there; "-" is stderr, where its
/// lines then stand in place of the sentences.
Result<void> open_log(const std::string& path);

/// stderr has JSON lines and nothing else.
[[nodiscard]] bool log_is_on_stderr();
/// Somebody may read what is noted.
[[nodiscard]] bool has_log();

/// Onto the log, if there is one.
void note(const Happening& happening);

/// The message to stderr, prefixed with "tapedeck: ", and all of it onto the log.
void say(const Happening& happening);

/// The sentence with which a command fails.
void say_failure(const std::string& command, const std::string& message);

/// The line of the log, LF included. `unix_ns`: when it happened; `lost_lines` before it.
[[nodiscard]] std::string log_line(const Happening& happening, std::int64_t unix_ns,
                                   std::uint64_t lost_lines = 0);

}  // namespace tapedeck::cli
