// The protocol of sd_notify(3), spoken to a socket of the test.
#include "cli/service_manager.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/units.hpp"
#include "tests/support/notify_socket.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::cli {
namespace {

using test::NotifySocket;

/// Variables of the environment, until it goes.
class Environment {
 public:
  Environment(std::initializer_list<std::pair<const char*, std::string>> values) {
    for (const auto& [name, value] : values) {
      ::setenv(name, value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
      ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
    }
  }
};

TEST(ServiceManager, IsToldOverItsSocketByPathAndByAbstractName) {
  const test::TemporaryFolder folder;
  for (const std::string& name :
       {folder.path("notify"), "@tapedeck-unit-" + std::to_string(::getpid())}) {
    const NotifySocket socket(name);
    const Environment environment({{"NOTIFY_SOCKET", name}});
    ServiceManager manager;
    EXPECT_TRUE(manager.listens());
    EXPECT_FALSE(manager.watchdog_ns());
    manager.tell("READY=1\nSTATUS=recording");
    EXPECT_EQ(socket.next(), "READY=1\nSTATUS=recording") << name;
  }
}

TEST(ServiceManager, ItsWatchdogIsForTheProcessThatIsNamed) {
  const std::string name = "@tapedeck-unit-watchdog-" + std::to_string(::getpid());
  const NotifySocket socket(name);
  const auto watchdog = [&](const std::string& us, std::optional<std::string> pid) {
    const Environment environment({{"NOTIFY_SOCKET", name}, {"WATCHDOG_USEC", us}});
    const Environment whose({{"WATCHDOG_PID", pid.value_or("")}});
    return ServiceManager().watchdog_ns();
  };
  EXPECT_EQ(watchdog("250000", {}), 250 * ns_per_ms);
  EXPECT_EQ(watchdog("250000", std::to_string(::getpid())), 250 * ns_per_ms);
  EXPECT_FALSE(watchdog("250000", std::to_string(::getppid())));
  for (const char* us : {"", "0", "-5", "1s", "99999999999999999999", "9223372036854775807"}) {
    EXPECT_FALSE(watchdog(us, {})) << us;
  }
}

TEST(ServiceManager, WhereNobodyListensNothingIsTold) {
  ServiceManager none;
  EXPECT_FALSE(none.listens());
  none.tell("READY=1");
  for (const std::string& name :
       {std::string("vsock:2:1234"), std::string("relative"), "/" + std::string(200, 'x')}) {
    const Environment environment({{"NOTIFY_SOCKET", name}});
    EXPECT_FALSE(ServiceManager().listens()) << name;
  }
}

TEST(ServiceManager, ThatItCannotBeToldIsSaidOnce) {
  const test::TemporaryFolder folder;
  const Environment environment({{"NOTIFY_SOCKET", folder.path("nobody")}});
  ServiceManager manager;
  testing::internal::CaptureStderr();
  manager.tell("READY=1");
  manager.tell("WATCHDOG=1");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "tapedeck: cannot tell the service manager how we are: No such file or directory\n");
}

}  // namespace
}  // namespace tapedeck::cli
