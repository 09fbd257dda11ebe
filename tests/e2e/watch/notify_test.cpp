// The command as a service: what it tells its manager from its first stream to its end.
#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/notify_socket.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck {
namespace {

using test::NotifySocket;
using test::ScriptedConnection;
using test::ScriptedServer;

/// `tapedeck record URL`, as systemd starts it.
pid_t start(const std::string& url, const std::string& tape, const std::string& socket,
            const char* watchdog_us) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDERR_FILENO);
    ::setenv("NOTIFY_SOCKET", socket.c_str(), 1);                     // NOLINT
    ::setenv("WATCHDOG_USEC", watchdog_us, 1);                        // NOLINT
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);  // NOLINT
    ::execl(TAPEDECK_PROGRAM, "tapedeck", "record", url.c_str(), "-o", tape.c_str(), nullptr);
    ::_exit(127);
  }
  return child;
}

int exit_code(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void stream(ScriptedConnection& connection) {
  connection.send(test::stream_head());
  connection.send("data: 1\n\n");
  connection.wait_for_client();
}

/// What is told next beside how we are, which is told at any time.
std::string next_but_status(const NotifySocket& socket) {
  std::string told = socket.next();
  while (told.starts_with("STATUS=")) {
    told = socket.next();
  }
  return told;
}

class Service : public testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] std::string socket_name() const {
    return GetParam() == "path" ? folder_.path("notify")
                                : "@tapedeck-e2e-" + std::to_string(::getpid());
  }
  test::TemporaryFolder folder_;
};

TEST_P(Service, TellsThatItIsReadyThatItLivesAndThatItStops) {
  const NotifySocket socket(socket_name());
  const ScriptedServer server({stream});
  const pid_t child = start(server.url(), folder_.path(), socket_name(), "200000");
  EXPECT_EQ(next_but_status(socket), "READY=1");
  EXPECT_EQ(socket.next().substr(0, 26), "STATUS=recording 1 stream;");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(next_but_status(socket), "WATCHDOG=1");
  }
  ::kill(child, SIGTERM);
  std::string told = next_but_status(socket);
  while (told == "WATCHDOG=1") {
    told = next_but_status(socket);
  }
  EXPECT_EQ(told, "STOPPING=1");
  EXPECT_EQ(exit_code(child), 0);
}

TEST_P(Service, ThatIsRefusedIsNeverReady) {
  const NotifySocket socket(socket_name());
  const ScriptedServer server({[](ScriptedConnection& connection) {
    connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  }});
  const pid_t child = start(server.url(), folder_.path(), socket_name(), "200000");
  EXPECT_EQ(next_but_status(socket), "STOPPING=1");
  EXPECT_EQ(exit_code(child), 3);
}

INSTANTIATE_TEST_SUITE_P(Socket, Service, testing::Values("path", "abstract"),
                         [](const auto& socket) { return socket.param; });

}  // namespace
}  // namespace tapedeck
