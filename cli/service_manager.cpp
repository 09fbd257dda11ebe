#include "cli/service_manager.hpp"

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/log.hpp"
#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value != nullptr ? value : "";
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end && value > 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

ServiceManager::ServiceManager() : address_(variable("NOTIFY_SOCKET")) {
  const bool is_unix_socket = address_.starts_with('/') || address_.starts_with('@');
  if (!is_unix_socket || address_.size() >= sizeof(sockaddr_un::sun_path)) {
    return;
  }
  if (address_.front() == '@') {
    address_.front() = '\0';
  }
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const std::string pid = variable("WATCHDOG_PID");
  const auto us = number(variable("WATCHDOG_USEC"));
  if (us && *us <= std::numeric_limits<std::int64_t>::max() / ns_per_us &&
      (pid.empty() || pid == std::to_string(::getpid()))) {
    watchdog_ns_ = *us * ns_per_us;
  }
}

ServiceManager::~ServiceManager() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

void ServiceManager::tell(std::string_view lines) {
  if (fd_ < 0) {
    return;
  }
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  if (::sendto(fd_, lines.data(), lines.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&to),
               size) < 0 &&
      !failed_) {
    failed_ = true;
    say({.level = Level::warn,
         .event = "notify_failed",
         .message =
             std::string("cannot tell the service manager how we are: ") + std::strerror(errno)});
  }
}

}  // namespace tapedeck::cli
