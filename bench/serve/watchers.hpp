// Watchers of an event stream on loopback, for the benchmarks of serving: one thread and one epoll
// for all of them, so that what is measured is who writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tapedeck::bench {

/// A socket that listens on loopback.
[[nodiscard]] int listen_on_loopback(std::uint16_t& port);

/// Lets this process have descriptors for `clients` watchers and their server.
void allow_clients(std::size_t clients);

class Watchers {
 public:
  /// Connects and sends the request.
  Watchers(std::uint16_t port, std::size_t count);
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;
  ~Watchers();

  /// Waits until each has had a first read, which is the head of the answer.
  void await_heads();

  /// Reads until every stream has ended, and checks that each watcher had as many bytes as the
  /// first, and at least `body_bytes`.
  void read_all(std::size_t body_bytes);

 private:
  struct Watcher {
    int fd = -1;
    std::size_t bytes = 0;
    bool open = true;
  };

  /// Waits and reads once; the number of watchers that have something new.
  std::size_t read_some();

  int epoll_;
  std::vector<Watcher> watchers_;
  std::vector<char> buffer_;
  std::size_t open_ = 0;
  std::size_t heads_ = 0;
  std::uint64_t body_reads_ = 0;
};

}  // namespace tapedeck::bench
