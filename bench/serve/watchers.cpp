#include "bench/serve/watchers.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/check.hpp"

namespace tapedeck::bench {
namespace {

constexpr std::string_view request = "GET /events HTTP/1.0\r\n\r\n";  // without chunks
constexpr int wait_ms = 20'000;  // longer than any part of a run takes

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

int listen_on_loopback(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  check(fd >= 0 && ::bind(fd, any, size) == 0 && ::listen(fd, 4096) == 0 &&
            ::getsockname(fd, any, &size) == 0,
        "a socket listens");
  port = ntohs(address.sin_port);
  return fd;
}

void allow_clients(std::size_t clients) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(limit.rlim_cur, 4096));
  ::setrlimit(RLIMIT_NOFILE, &limit);
  check(limit.rlim_cur >= 2 * clients + 64, "the system gives descriptors for all clients");
}

Watchers::Watchers(std::uint16_t port, std::size_t count)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      watchers_(count),
      buffer_(256UL * 1024),
      open_(count) {
  const sockaddr_in address = loopback(port);
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(
        fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
        "a watcher connects");
    check(::send(fd, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()),
          "a watcher asks");
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0, "a watcher is watched");
    watchers_[i].fd = fd;
  }
}

Watchers::~Watchers() {
  for (const Watcher& watcher : watchers_) {
    ::close(watcher.fd);
  }
  ::close(epoll_);
}

std::size_t Watchers::read_some() {
  std::array<epoll_event, 256> events{};
  const int count = ::epoll_wait(epoll_, events.data(), events.size(), wait_ms);
  check(count > 0 || errno == EINTR, "something comes in time");
  for (int i = 0; i < count; ++i) {
    Watcher& watcher = watchers_[events[static_cast<std::size_t>(i)].data.u64];
    const ssize_t got = ::recv(watcher.fd, buffer_.data(), buffer_.size(), 0);
    check(got >= 0, "a stream is not reset");
    if (got == 0) {
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watcher.fd, nullptr);
      watcher.open = false;
      --open_;
    } else if (watcher.bytes == 0) {
      ++heads_;
    } else {
      ++body_reads_;
    }
    watcher.bytes += static_cast<std::size_t>(got);
  }
  return static_cast<std::size_t>(std::max(count, 0));
}

void Watchers::await_heads() {
  while (heads_ < watchers_.size()) {
    read_some();
  }
  check(body_reads_ == 0, "the stream waits until all are there");
}

void Watchers::read_all(std::size_t body_bytes) {
  while (open_ > 0) {
    read_some();
  }
  for (const Watcher& watcher : watchers_) {
    check(watcher.bytes == watchers_.front().bytes && watcher.bytes >= body_bytes,
          "every watcher has the whole stream");
  }
}

}  // namespace tapedeck::bench
