#include "cli/output.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <unistd.h>

#include "cli/log.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::size_t buffered_max = std::size_t{64} * 1024;

/// A reader that has seen enough (`| head`) ends us without a word, as it ends any filter.
void end_by_sigpipe() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
}

}  // namespace

Result<void> Output::write(std::string_view bytes) {
  buffer_ += bytes;
  return written();
}

Result<void> Output::written() {
  if (buffer_.size() < buffered_max) {
    return {};
  }
  return flush();
}

Result<void> Output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t count = ::write(fd_, rest.data(), rest.size());
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno == EPIPE) {
        end_by_sigpipe();
      }
      return fail_io("cannot write to " + name_ + ": " + std::strerror(errno));
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  buffer_.clear();
  return {};
}

void say(std::string_view sentence) {
  say({.event = "said", .message = std::string(sentence)});
}

}  // namespace tapedeck::cli
