#include "replayer/fd_sink.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace tapedeck::replayer {

FdSink::FdSink(int fd, std::string name, const StopRequest& stop, bool apart)
    : fd_(fd), name_(std::move(name)), stop_(stop), apart_(apart) {}

Result<void> FdSink::accept(const port::Frame& frame) {
  gathered_ += frame.raw;
  return apart_ ? flush() : Result<void>{};
}

Result<void> FdSink::flush() {
  std::string_view rest = gathered_;
  while (!rest.empty() && !stop_.requested()) {
    const ssize_t count = ::write(fd_, rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      const char* why = errno == EPIPE ? "its reader has gone" : std::strerror(errno);
      return fail_io("cannot write to " + name_ + ": " + why);
    }
  }
  gathered_.clear();
  return {};
}

}  // namespace tapedeck::replayer
