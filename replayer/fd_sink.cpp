#include "replayer/fd_sink.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace tapedeck::replayer {

FdSink::FdSink(int fd, std::string name, const StopRequest& stop, Writes writes)
    : fd_(fd), name_(std::move(name)), stop_(stop), writes_(writes) {}

Result<void> FdSink::accept(const port::Frame& frame) {
  if (writes_ == Writes::each_moment && frame.recv_ns != gathered_ns_) {
    if (auto flushed = flush(); !flushed) {
      return flushed;
    }
  }
  gathered_ns_ = frame.recv_ns;
  gathered_ += frame.raw;
  return writes_ == Writes::each_frame ? flush() : Result<void>{};
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
