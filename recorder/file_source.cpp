#include "recorder/file_source.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/event_loop.hpp"

namespace tapedeck::recorder {
namespace {

/// The first bytes of an SQLite database, and so of a tape.
constexpr std::string_view tape_magic{"SQLite format 3\0", 16};

}  // namespace

/// The open file. Shared with the handler of a wait, which may run after the source has dropped it.
struct FileSource::Input {
  Input(boost::asio::io_context& io, int descriptor) : fd(descriptor), watch(io) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() { ::close(fd); }

  /// Asio makes what it watches non-blocking, which stdin would stay for all who share it; so it
  /// watches an epoll instance that watches the file.
  void begin_to_watch() {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{.events = EPOLLIN, .data = {}};
    // Fails for a plain file, which is always ready.
    if (epoll >= 0 && ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) {
      watch.assign(epoll);
    } else if (epoll >= 0) {
      ::close(epoll);
    }
  }

  int fd;
  boost::asio::posix::stream_descriptor watch;
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
  input_ = std::make_shared<Input>(loop_.context(), *fd);
  input_->begin_to_watch();
  outcome_ = Opened{.source = path_, .http_status = 0, .headers = {}, .last_event_id = {}};
}

SourceEvent FileSource::next(std::int64_t until_ns) {
  if (!std::holds_alternative<Nothing>(outcome_)) {
    return std::exchange(outcome_, Nothing{});
  }
  if (!input_ || held_) {
    loop_.wait_until(until_ns);
    return Nothing{};
  }
  for (;;) {
    if (std::exchange(input_->ready, false)) {
      SourceEvent event = read();
      if (!std::holds_alternative<Nothing>(event)) {
        return event;
      }
    }
    if (!std::exchange(input_->waiting, true)) {
      // An error, as from the wait for a plain file, shows in the read if it is one of the file.
      const auto on_ready = [input = input_](const boost::system::error_code&) {
        input->waiting = false;
        input->ready = true;
      };
      input_->watch.async_wait(boost::asio::posix::stream_descriptor::wait_read, on_ready);
    }
    if (!loop_.run_one_until(until_ns)) {
      return Nothing{};
    }
  }
}

SourceEvent FileSource::read() {
  const ssize_t count = ::read(input_->fd, buffer_.data(), buffer_.size());
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
    input_->watch.close(ignored);
    input_.reset();
  }
  outcome_ = Nothing{};
}

}  // namespace tapedeck::recorder
