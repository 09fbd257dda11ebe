#include "recorder/file_source.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/event_loop.hpp"

namespace tapedeck::recorder {
namespace {

/// The first bytes of an SQLite database, and so of a tape.
constexpr std::string_view tape_magic{"SQLite format 3\0", 16};

}  // namespace

/// Shared with the handler of a wait, which may run after the source has dropped it.
struct FileSource::Input {
  explicit Input(boost::asio::io_context& io) : descriptor(io) {}

  boost::asio::posix::stream_descriptor descriptor;
  bool waiting = false;
  bool ready = false;
};

FileSource::FileSource(EventLoop& loop, std::string path)
    : loop_(loop), path_(std::move(path)), name_(path_ == "-" ? "stdin" : path_) {}

FileSource::~FileSource() {
  close();
}

Result<int> FileSource::open_descriptor() const {
  // Non-blocking, so that a FIFO opens before its writer does. stdin is shared with others and
  // keeps its mode; it is only read when it has something.
  const int fd = path_ == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                              : ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    return fail_io(std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    ::close(fd);
    return fail_io("it is a directory");
  }
  std::array<char, tape_magic.size()> head{};
  // Fails on a pipe, which cannot be looked into without reading it.
  const ssize_t count = ::pread(fd, head.data(), head.size(), 0);
  if (count == static_cast<ssize_t>(head.size()) &&
      std::string_view(head.data(), head.size()) == tape_magic) {
    ::close(fd);
    return fail_io(
        "it is a tape already; 'tapedeck cat' gives its body, 'tapedeck replay' plays it");
  }
  return fd;
}

void FileSource::open(const std::string& /*last_event_id*/) {
  close();
  const auto fd = open_descriptor();
  if (!fd) {
    outcome_ = Refused{.reason = fd.error().message, .worth_retrying = false};
    return;
  }
  input_ = std::make_shared<Input>(loop_.context());
  boost::system::error_code error;
  input_->descriptor.assign(*fd, error);
  if (error) {
    ::close(*fd);
    outcome_ = Refused{.reason = error.message(), .worth_retrying = false};
    return;
  }
  outcome_ = Opened{.source = path_, .http_status = 0, .headers = {}, .last_event_id = {}};
}

SourceEvent FileSource::next(std::int64_t until_ns) {
  if (!std::holds_alternative<Nothing>(outcome_)) {
    return std::exchange(outcome_, Nothing{});
  }
  for (;;) {
    if (input_->ready) {
      input_->ready = false;
      const SourceEvent event = read();
      if (!std::holds_alternative<Nothing>(event)) {
        return event;
      }
    }
    if (!input_->waiting) {
      input_->waiting = true;
      input_->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                    [input = input_](const boost::system::error_code&) {
                                      // What cannot be waited for, a plain file, is always ready;
                                      // any other error shows in the read.
                                      input->waiting = false;
                                      input->ready = true;
                                    });
    }
    if (!loop_.run_one_until(until_ns)) {
      return Nothing{};
    }
  }
}

SourceEvent FileSource::read() {
  const ssize_t count = ::read(input_->descriptor.native_handle(), buffer_.data(), buffer_.size());
  if (count > 0) {
    return Arrived{std::string_view(buffer_.data(), static_cast<std::size_t>(count))};
  }
  if (count == 0) {
    return Ended{port::ConnectionEnd::finished, "end of the file"};
  }
  if (errno == EAGAIN || errno == EINTR) {
    return Nothing{};
  }
  return Ended{port::ConnectionEnd::broken,
               std::string("it cannot be read: ") + std::strerror(errno)};
}

void FileSource::close() {
  if (input_) {
    boost::system::error_code ignored;
    input_->descriptor.close(ignored);
    input_.reset();
  }
  outcome_ = Nothing{};
}

}  // namespace tapedeck::recorder
