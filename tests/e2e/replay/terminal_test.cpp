// `tapedeck replay` on a terminal: a real one, as far as a pseudo-terminal is.
#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/units.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck {
namespace {

/// The command with a terminal of its own.
class OnTerminal {
 public:
  explicit OnTerminal(std::vector<std::string> arguments) {
    winsize size{.ws_row = 24, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    child_ = ::forkpty(&fd_, nullptr, nullptr, &size);
    if (child_ == 0) {
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  ~OnTerminal() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    ::close(fd_);
  }

  void type(std::string_view keys) {
    ASSERT_EQ(::write(fd_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }

  /// Waits for this on the screen, after what has been waited for before.
  [[nodiscard]] bool shows(std::string_view text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(test::patience_s);
    while (std::chrono::steady_clock::now() < end) {
      if (const auto at = screen_.find(text); at != std::string::npos) {
        screen_.erase(0, at + text.size());
        return true;
      }
      if (!read()) {
        break;
      }
    }
    ADD_FAILURE() << "never '" << text << "' in: " << screen_;
    return false;
  }

  /// Keys come one by one and are not shown.
  [[nodiscard]] bool is_raw() const {
    termios now{};
    EXPECT_EQ(::tcgetattr(fd_, &now), 0);
    return (now.c_lflag & (ICANON | ECHO)) == 0;
  }
  [[nodiscard]] bool becomes_raw(bool raw) const {
    for (int i = 0; i < 2000 && is_raw() != raw; ++i) {
      ::poll(nullptr, 0, 10);
    }
    return is_raw() == raw;
  }

  void send(int signal) const { ::kill(child_, signal); }
  /// Reads the rest; the exit code, or minus the signal that ended it.
  int end() {
    while (read()) {
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  [[nodiscard]] const std::string& screen() const { return screen_; }

 private:
  bool read() {
    pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, test::patience_s * 1000) != 1) {
      return false;
    }
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
    if (count <= 0) {
      return false;
    }
    screen_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
  }

  int fd_ = -1;
  pid_t child_ = -1;
  std::string screen_;
};

class ReplayOnTerminal : public testing::Test {
 protected:
  void SetUp() override {
    test::TapeBuilder builder(folder_.path());
    builder.connect();
    builder.frame(1, "event: participant_sync_begin\ndata: null\n\n");
    for (const char* name : {"ann", "bob", "eve"}) {
      builder.frame(2, std::string("event: participant_create\ndata: {\"uuid\":\"") + name +
                           "\",\"display_name\":\"" + name + "\"}\n\n");
    }
    builder.frame(3, "event: participant_sync_end\ndata: null\n\n");
    builder.frame(100 * ns_per_s, "event: stage\ndata: []\n\n");
    builder.frame(200 * ns_per_s,
                  "event: presentation_start\ndata: {\"presenter_name\":\"ann\","
                  "\"presenter_uuid\":\"ann\"}\n\n");
    builder.frame(300 * ns_per_s, "event: participant_delete\ndata: {\"uuid\":\"bob\"}\n\n");
    builder.finish();
  }

  test::TemporaryFolder folder_;
};

TEST_F(ReplayOnTerminal, KeysSteerAndALineTellsHowItStands) {
  for (const char* destination : {"--null", "--listen"}) {
    const bool served = std::string(destination) == "--listen";
    std::vector<std::string> arguments{TAPEDECK_PROGRAM, "replay", folder_.path(), "--paused"};
    if (served) {
      arguments.insert(arguments.end(),
                       {"--listen", "127.0.0.1:0", "--timeline", "shared", "--start", "at-once"});
    } else {
      arguments.emplace_back("--null");
    }
    OnTerminal terminal(arguments);
    ASSERT_TRUE(terminal.shows("/ 5m00.000s  1x  paused"));
    EXPECT_TRUE(terminal.is_raw());
    terminal.type("/stage\n");
    ASSERT_TRUE(terminal.shows("1m40.000s / 5m00.000s  1x  paused"));
    ASSERT_TRUE(terminal.shows("3 participants"));
    terminal.type("m..");
    ASSERT_TRUE(terminal.shows("5m00.000s / 5m00.000s"));
    if (!served) {
      EXPECT_EQ(terminal.end(), 0) << "the tape is over";
      continue;
    }
    ASSERT_TRUE(terminal.shows("2 participants, ann presents"));
    terminal.type(",");
    ASSERT_TRUE(terminal.shows("3m20.000s / 5m00.000s  1x  paused"));
    ASSERT_TRUE(terminal.shows("3 participants, ann presents"));
    terminal.type("[");
    ASSERT_TRUE(terminal.shows("mark at 1m40.000s: set by key"));
    terminal.type("\x1b[1;2C");
    ASSERT_TRUE(terminal.shows("2m10.000s / 5m00.000s"));
    terminal.type("+");
    ASSERT_TRUE(terminal.shows("  2x  paused"));
    terminal.type("?");
    ASSERT_TRUE(terminal.shows("stand still, go on"));
    terminal.type(" ");
    ASSERT_TRUE(terminal.shows(" / 5m00.000s  2x  3 participants"));
    terminal.type("q");
    EXPECT_EQ(terminal.end(), 0);
    EXPECT_FALSE(terminal.is_raw());
  }
}

TEST_F(ReplayOnTerminal, TheTerminalIsAsItWasAtEveryEnd) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV}) {
    OnTerminal terminal({TAPEDECK_PROGRAM, "replay", folder_.path(), "--null", "--paused"});
    ASSERT_TRUE(terminal.shows("paused"));
    EXPECT_TRUE(terminal.is_raw());
    terminal.send(signal);
    const int ended = terminal.end();
    if (signal == SIGSEGV && test::catches_faults) {
      EXPECT_NE(ended, 0);
    } else {
      EXPECT_EQ(ended, signal == SIGINT || signal == SIGTERM ? 130 : -signal);
    }
    EXPECT_FALSE(terminal.is_raw()) << signal;
  }
}

TEST_F(ReplayOnTerminal, SuspendedItLetsTheTerminalGoAndTakesItAgain) {
  OnTerminal terminal({"bash", "-c",
                       "set -m; \"$0\" replay \"$1\" --null --paused; echo suspended; read go; fg",
                       TAPEDECK_PROGRAM, folder_.path()});
  ASSERT_TRUE(terminal.shows("paused"));
  EXPECT_TRUE(terminal.becomes_raw(true));
  terminal.type("\x1a");  // Ctrl-Z
  ASSERT_TRUE(terminal.shows("suspended"));
  EXPECT_FALSE(terminal.is_raw());
  terminal.type("\n");
  EXPECT_TRUE(terminal.becomes_raw(true));
  terminal.type("/stage\n");
  ASSERT_TRUE(terminal.shows("1m40.000s / 5m00.000s  1x  paused"));
  terminal.type("q");
  ASSERT_TRUE(terminal.shows("quit after "));
  EXPECT_EQ(terminal.end(), 0) << "to quit is no interruption";
  EXPECT_FALSE(terminal.is_raw());
}

}  // namespace
}  // namespace tapedeck
