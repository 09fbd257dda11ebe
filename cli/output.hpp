// Results on their way to stdout or to a file: buffered, and every error of a write is reported.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::cli {

/// Writes to a file descriptor that it does not own. Call `flush` before the end: what is still
/// buffered when an Output is destroyed is dropped. Not thread-safe.
class Output {
 public:
  /// `name` stands in the error message.
  explicit Output(int fd = 1, std::string name = "stdout") : fd_(fd), name_(std::move(name)) {}

  /// Buffers `bytes`; writes when the buffer is large.
  Result<void> write(std::string_view bytes);

  /// A buffer to append to in place; call `written` afterwards.
  [[nodiscard]] std::string& buffer() { return buffer_; }
  Result<void> written();

  /// Writes out what is buffered.
  Result<void> flush();

 private:
  int fd_;
  std::string name_;
  std::string buffer_;
};

/// One line to stderr, prefixed with "tapedeck: "; see cli/log.hpp for more.
void say(std::string_view sentence);

}  // namespace tapedeck::cli
