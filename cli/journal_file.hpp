// The journal of a server as JSON lines: what it sent, on which stream, and what it answered.
#pragma once

#include <memory>
#include <string>

#include "cli/compared_command.hpp"
#include "cli/output.hpp"
#include "core/base/result.hpp"
#include "replayer/journal.hpp"

namespace tapedeck::cli {

/// One object a line: `t_ns` and `what` in each, `answer`, `open`, `frame` or `close`, and but for
/// the first the number of the `stream`. A frame that broke off has `"complete":false`. Of a replay
/// also `command`: the `join` that gave it, its `path`, its time on the tape, `at_ns`, and what the
/// recording has: `recorded`, the same call, or null, and `effect`.
class JournalFile {
 public:
  /// Makes the file; one that is there is replaced only with `overwrite`.
  [[nodiscard]] static Result<std::unique_ptr<JournalFile>> create(const std::string& path,
                                                                   bool overwrite);
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;
  ~JournalFile();

  void note(const replayer::JournalEntry& entry);
  void note(const ComparedCommand& command, std::int64_t now_ns);

  /// Writes what is left; fails where that or something before could not be written.
  Result<void> finish();

 private:
  JournalFile(int fd, const std::string& path) : fd_(fd), output_(fd, path) {}

  int fd_;
  Output output_;
  Result<void> written_;
};

}  // namespace tapedeck::cli
