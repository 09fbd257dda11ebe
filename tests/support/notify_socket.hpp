// The socket on which a service manager hears of its services (sd_notify(3)).
#pragma once

#include <cstddef>
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/sanitizer.hpp"

namespace tapedeck::test {

class NotifySocket {
 public:
  /// A path, or "@" and an abstract name, as NOTIFY_SOCKET gives it.
  explicit NotifySocket(std::string name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (name.front() == '@') {
      name.front() = '\0';
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    const timeval patience{.tv_sec = patience_s, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() { ::close(fd_); }

  /// What it is told next; "" when nothing comes for so long.
  [[nodiscard]] std::string next() const {
    char bytes[4096];
    const ssize_t size = ::recv(fd_, bytes, sizeof bytes, 0);
    return {bytes, static_cast<std::size_t>(size < 0 ? 0 : size)};
  }

 private:
  int fd_;
};

}  // namespace tapedeck::test
