#include "cli/input.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "core/base/limits.hpp"

namespace tapedeck::cli {
namespace {

constexpr int forever_ms = -1;

/// Whether `fd` has bytes or its end to read within `timeout_ms`.
bool wait_readable(int fd, int timeout_ms) {
  pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&waited, 1, timeout_ms) > 0;
}

}  // namespace

Result<Input> Input::open(const std::string& path) {
  if (path == "-") {
    return Input(STDIN_FILENO, "stdin");
  }
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return fail_io("cannot open '" + path + "': " + std::strerror(errno) +
                   "; name a file, or - for stdin");
  }
  return Input(fd, "'" + path + "'");
}

Input::Input(int fd, std::string name)
    : fd_(fd), name_(std::move(name)), buffer_(limits::read_bytes_max, '\0') {}

Input::Input(Input&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      buffer_(std::move(other.buffer_)) {}

Input::~Input() {
  if (fd_ > STDIN_FILENO) {
    ::close(fd_);
  }
}

Result<std::string_view> Input::read() {
  while (true) {
    const ssize_t count = ::read(fd_, buffer_.data(), buffer_.size());
    if (count >= 0) {
      return std::string_view(buffer_.data(), static_cast<std::size_t>(count));
    }
    if (errno == EAGAIN) {
      wait_readable(fd_, forever_ms);  // stdin shared with someone who made it non-blocking
    } else if (errno != EINTR) {
      return fail_io("cannot read " + name_ + ": " + std::strerror(errno));
    }
  }
}

bool Input::ready() const {
  return wait_readable(fd_, 0);
}

}  // namespace tapedeck::cli
