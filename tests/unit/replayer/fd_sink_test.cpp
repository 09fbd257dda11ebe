#include "replayer/fd_sink.hpp"

#include <array>
#include <csignal>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/time.h>
#include <unistd.h>

namespace tapedeck::replayer {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(fds_.data()), 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_reader();
    ::close(fds_[1]);
  }
  [[nodiscard]] int writer() const { return fds_[1]; }
  void close_reader() {
    if (fds_[0] >= 0) {
      ::close(fds_[0]);
      fds_[0] = -1;
    }
  }
  [[nodiscard]] std::string read_some() const {
    std::string bytes(4096, '\0');
    const ssize_t count = ::read(fds_[0], bytes.data(), bytes.size());
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

 private:
  std::array<int, 2> fds_{-1, -1};
};

TEST(FdSink, WritesWhatItWasHandedOnFlush) {
  const StopRequest stop;
  const Pipe pipe;
  FdSink sink(pipe.writer(), "the pipe", stop);
  ASSERT_TRUE(sink.accept({.raw = "data: 1\n\n"}));
  ASSERT_TRUE(sink.accept({.raw = "data: 2\n\n"}));
  ASSERT_TRUE(sink.flush());
  EXPECT_EQ(pipe.read_some(), "data: 1\n\ndata: 2\n\n");
  ASSERT_TRUE(sink.accept({.raw = "data: 3"}));
  ASSERT_TRUE(sink.finish());
  EXPECT_EQ(pipe.read_some(), "data: 3");
}

TEST(FdSink, SaysWhenItsReaderHasGone) {
  std::signal(SIGPIPE, SIG_IGN);
  const StopRequest stop;
  Pipe pipe;
  pipe.close_reader();
  FdSink sink(pipe.writer(), "the pipe", stop);
  ASSERT_TRUE(sink.accept({.raw = "x"}));
  const auto flushed = sink.flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().message, "cannot write to the pipe: its reader has gone");
}

TEST(FdSink, ASignalEndsAWriteThatNobodyReads) {
  StopRequest stop;
  stop.catch_signals();
  const Pipe pipe;
  FdSink sink(pipe.writer(), "the pipe", stop);
  const std::string more_than_a_pipe_holds(std::size_t{1} << 20, 'x');
  ASSERT_TRUE(sink.accept({.raw = more_than_a_pipe_holds}));
  // The signal comes while the write waits: an alarm that turns into SIGTERM.
  std::signal(SIGALRM, [](int) { ::kill(::getpid(), SIGTERM); });
  const itimerval soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 20'000}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &soon, nullptr), 0);
  EXPECT_TRUE(sink.flush());
  EXPECT_TRUE(stop.requested());
  std::signal(SIGALRM, SIG_DFL);
}

}  // namespace
}  // namespace tapedeck::replayer
