#include "cli/terminal.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace tapedeck::cli {
namespace {

/// What ends a process, and what a debugger or a user may send; the handlers that were there come
/// after ours.
constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT,
                                    SIGBUS, SIGFPE,  SIGILL, SIGSEGV};

/// For the signal handlers.
struct Saved {
  std::atomic<int> fd = -1;
  termios before{};
  std::array<struct sigaction, ending_signals.size()> ending{};
  struct sigaction stop {};
  struct sigaction go_on {};
};

Saved saved;

bool is_in_foreground(int fd) {
  const pid_t group = ::tcgetpgrp(fd);
  return group < 0 || group == ::getpgrp();  // a terminal that controls nobody is ours
}

void make_raw() {
  const int fd = saved.fd;
  if (fd < 0 || !is_in_foreground(fd)) {
    return;
  }
  termios raw = saved.before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(fd, TCSANOW, &raw);
}

void restore() {
  const int fd = saved.fd;
  if (fd >= 0 && is_in_foreground(fd)) {
    ::tcsetattr(fd, TCSANOW, &saved.before);
  }
}

void on_ending(int number) {
  restore();
  saved.fd = -1;
  for (std::size_t i = 0; i < ending_signals.size(); ++i) {
    if (ending_signals[i] == number) {
      ::sigaction(number, &saved.ending[i], nullptr);
    }
  }
  ::raise(number);  // comes when this handler is done
}

void on_stop(int number);

void catch_stop() {
  struct sigaction action {};
  action.sa_handler = on_stop;
  action.sa_flags = static_cast<int>(SA_RESTART);
  ::sigaction(SIGTSTP, &action, nullptr);
}

void on_stop(int number) {
  const int error = errno;
  restore();
  ::sigaction(number, &saved.stop, nullptr);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  ::raise(number);
  ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);  // it stops here, and goes on when it is told to
  catch_stop();
  make_raw();  // nobody stops a job without a shell
  errno = error;
}

void on_going_on(int /*number*/) {
  const int error = errno;
  make_raw();
  errno = error;
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_ending;
  for (std::size_t i = 0; i < ending_signals.size(); ++i) {
    ::sigaction(ending_signals[i], &action, &saved.ending[i]);
  }
  ::sigaction(SIGTSTP, nullptr, &saved.stop);
  if (saved.stop.sa_handler != SIG_IGN) {
    catch_stop();
  }
  action.sa_handler = on_going_on;
  action.sa_flags = static_cast<int>(SA_RESTART);
  ::sigaction(SIGCONT, &action, &saved.go_on);
}

void give_signals_back() {
  for (std::size_t i = 0; i < ending_signals.size(); ++i) {
    struct sigaction now {};
    ::sigaction(ending_signals[i], nullptr, &now);
    if (now.sa_handler == on_ending) {
      ::sigaction(ending_signals[i], &saved.ending[i], nullptr);
    }
  }
  ::sigaction(SIGTSTP, &saved.stop, nullptr);
  ::sigaction(SIGCONT, &saved.go_on, nullptr);
}

}  // namespace

void KeyReader::push(std::string_view bytes) {
  for (const char c : bytes) {
    if (sequence_.size() == 1 && c != '[' && c != 'O') {
      settle();
    }
    if (!sequence_.empty()) {
      sequence_ += c;
      const bool is_last = sequence_.size() > 2 && c >= '@' && c <= '~';
      if (is_last || sequence_.size() > 16) {
        take_sequence(c);
      }
    } else if (c == '\x1b') {
      sequence_ = c;
    } else if (c == '\n' || c == '\r') {
      pressed_.push_back({Key::enter});
    } else if (c == '\b' || c == '\x7f') {
      pressed_.push_back({Key::erase});
    } else if (c >= ' ' && c <= '~') {
      pressed_.push_back({Key::character, c});
    }
  }
}

/// `ESC [ C`, `ESC O C`, with a modifier `ESC [ 1 ; 2 C`; rxvt has `ESC [ c` for that.
void KeyReader::take_sequence(char last) {
  const std::string sequence = std::exchange(sequence_, {});
  const std::string_view parameters = std::string_view(sequence).substr(2, sequence.size() - 3);
  const bool shift = parameters == "1;2";
  if (!shift && !parameters.empty()) {
    return;
  }
  switch (last) {
    case 'A':
      return pressed_.push_back({Key::up});
    case 'B':
      return pressed_.push_back({Key::down});
    case 'C':
      return pressed_.push_back({shift ? Key::shift_right : Key::right});
    case 'D':
      return pressed_.push_back({shift ? Key::shift_left : Key::left});
    case 'c':
      return pressed_.push_back({Key::shift_right});
    case 'd':
      return pressed_.push_back({Key::shift_left});
    default:
      return;
  }
}

void KeyReader::settle() {
  if (sequence_.size() == 1) {
    sequence_.clear();
    pressed_.push_back({Key::escape});
  }
}

std::vector<Pressed> KeyReader::take() {
  return std::exchange(pressed_, {});
}

std::unique_ptr<Terminal> Terminal::open() {
  std::array<char, 256> path{};
  if (::isatty(STDIN_FILENO) != 1 || ::ttyname_r(STDIN_FILENO, path.data(), path.size()) != 0) {
    return nullptr;
  }
  // Opened anew: that it does not block is nobody else's concern.
  const int fd = ::open(path.data(), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || ::tcgetattr(fd, &saved.before) != 0) {
    if (fd >= 0) {
      ::close(fd);
    }
    return nullptr;
  }
  return std::unique_ptr<Terminal>(new Terminal(fd));
}

Terminal::Terminal(int fd) : fd_(fd) {
  saved.fd = fd;
  catch_signals();
  make_raw();
}

Terminal::~Terminal() {
  restore();
  saved.fd = -1;
  give_signals_back();
  ::close(fd_);
}

int Terminal::fd() const {
  return saved.fd >= 0 && is_in_foreground(fd_) ? fd_ : -1;
}

std::vector<Pressed> Terminal::read() {
  std::array<char, 256> bytes{};
  for (;;) {
    const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
    if (count <= 0) {
      break;
    }
    keys_.push({bytes.data(), static_cast<std::size_t>(count)});
  }
  keys_.settle();
  return keys_.take();
}

}  // namespace tapedeck::cli
