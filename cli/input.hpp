// Bytes from a file or from stdin, as they come: one read(2) at a time.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::cli {

/// Owns its file; stdin stays open. Not thread-safe.
class Input {
 public:
  /// Opens the file `path`; `-` is stdin.
  [[nodiscard]] static Result<Input> open(const std::string& path);

  Input(Input&& other) noexcept;
  Input& operator=(Input&&) = delete;
  ~Input();

  /// What can be read now, waiting for the first byte; nothing at the end. The bytes live until
  /// the next read.
  [[nodiscard]] Result<std::string_view> read();

  /// Whether the next read returns without waiting.
  [[nodiscard]] bool ready() const;

 private:
  Input(int fd, std::string name);

  int fd_;
  std::string name_;
  std::string buffer_;
};

}  // namespace tapedeck::cli
