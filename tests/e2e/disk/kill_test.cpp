// kill -9 at random moments of a recording of the real command: every tape opens and is whole,
// lacks at most what the commit bound allows, and has all that was committed before.
//
// TAPEDECK_KILLS=200 kills so often; TAPEDECK_SEED repeats a run.
#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/sim/sim_source.hpp"
#include "schema/tape_reader.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck {
namespace {

constexpr std::uint64_t commit_frames = 100;

/// A read that is being worked on and one that has been made meanwhile.
constexpr std::uint64_t reads_in_flight_bytes = 2 * limits::read_bytes_max;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// What the node sends: a simulated conference, over and over.
class Body {
 public:
  Body() {
    sim::SimSource source({.seed = 4, .participants = 60, .duration_ns = 120 * ns_per_s});
    while (const auto frame = source.next().value()) {
      bytes_ += frame->raw;
      ends_.push_back(bytes_.size());
    }
  }

  /// What comes at `offset`, up to the end of the conference.
  [[nodiscard]] std::string_view from(std::uint64_t offset) const {
    return std::string_view(bytes_).substr(offset % bytes_.size());
  }
  /// Frames that end within the first `size` bytes.
  [[nodiscard]] std::uint64_t frames_in(std::uint64_t size) const {
    const auto in_last = std::ranges::upper_bound(ends_, size % bytes_.size()) - ends_.begin();
    return size / bytes_.size() * ends_.size() + static_cast<std::uint64_t>(in_last);
  }
  [[nodiscard]] bool begins_with(std::string_view received) const {
    for (std::uint64_t at = 0; at < received.size();) {
      const std::string_view part = from(at).substr(0, received.size() - at);
      if (received.substr(at, part.size()) != part) {
        return false;
      }
      at += part.size();
    }
    return true;
  }

 private:
  std::string bytes_;
  std::vector<std::uint64_t> ends_;
};

std::uint16_t port_of(int (*name)(int, sockaddr*, socklen_t*), int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  EXPECT_EQ(name(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

/// Bytes that have arrived at the socket from `local` to `remote` and were not read; 0 where there
/// is none.
std::uint64_t unread_bytes(std::uint16_t local, std::uint16_t remote) {
  std::ifstream table("/proc/net/tcp");
  std::string line;
  while (std::getline(table, line)) {
    std::array<unsigned, 5> fields{};  // ports in hexadecimal, state, queues
    if (std::sscanf(line.c_str(), " %*d: %*x:%x %*x:%x %x %x:%x", &fields[0], &fields[1],
                    &fields[2], &fields[3], &fields[4]) == 5 &&
        fields[0] == local && fields[1] == remote) {
      return fields[4];
    }
  }
  return 0;
}

/// A node that answers one request with the body, as fast as it is taken.
class Node {
 public:
  explicit Node(const Body& body) : body_(body) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    port_ = port_of(::getsockname, listener_);
    thread_ = std::thread([this] { serve(); });
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() {
    ::shutdown(listener_, SHUT_RDWR);  // where no recorder ever came
    thread_.join();
    ::close(client_);
    ::close(listener_);
  }

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/events";
  }
  /// Of the body, into the socket.
  [[nodiscard]] std::uint64_t sent_bytes() const { return sent_bytes_; }
  /// Of the body: so much at least the recorder has read.
  [[nodiscard]] std::uint64_t read_bytes() const {
    if (sent_bytes_ == 0) {
      return 0;
    }
    const std::uint64_t sent = sent_bytes_;
    int on_the_way = 0;
    EXPECT_EQ(::ioctl(client_, SIOCOUTQ, &on_the_way), 0);
    const std::uint64_t not_read = static_cast<std::uint64_t>(on_the_way) +
                                   unread_bytes(port_of(::getpeername, client_), port_);
    return sent - std::min(sent, not_read);
  }

 private:
  void serve() {
    client_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::array<char, 4096> request{};
    constexpr std::string_view head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    if (client_ < 0 || ::recv(client_, request.data(), request.size(), 0) <= 0 ||
        ::send(client_, head.data(), head.size(), MSG_NOSIGNAL) < 0) {
      return;
    }
    std::mt19937 random(static_cast<unsigned>(port_));
    while (true) {
      const std::string_view next = body_.from(sent_bytes_).substr(0, 1 + random() % 20'000);
      const ssize_t count = ::send(client_, next.data(), next.size(), MSG_NOSIGNAL);
      if (count <= 0) {
        return;
      }
      sent_bytes_ += static_cast<std::uint64_t>(count);
    }
  }

  const Body& body_;
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::atomic<int> client_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> sent_bytes_ = 0;
  std::thread thread_;
};

pid_t start_recorder(const std::string& url, const std::string& tape) {
  const std::string frames = std::to_string(commit_frames);
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDERR_FILENO);
    ::execl(TAPEDECK_PROGRAM, "tapedeck", "record", url.c_str(), "-o", tape.c_str(),
            "--commit-frames", frames.c_str(), "--commit-ms", "3600000", nullptr);
    ::_exit(127);
  }
  return child;
}

/// Frames that a reader sees, which are those that are committed; 0 where there is no tape yet.
std::uint64_t committed_frames(const std::string& path) {
  const auto tape = schema::TapeReader::open(path);
  return tape ? (*tape)->summary().frame_count : 0;
}

void expect_whole(const std::string& path, const Body& body, std::uint64_t frames_at_least) {
  const auto tape = schema::TapeReader::open(path);
  ASSERT_TRUE(tape) << tape.error().message;
  const auto report = (*tape)->verify_bytes();
  ASSERT_TRUE(report) << report.error().message;
  for (const schema::Problem& problem : report->problems) {
    ADD_FAILURE() << problem.rule << ": " << problem.sentence;
  }
  EXPECT_TRUE(body.begins_with(test::body_of(**tape)));
  EXPECT_GE(report->frame_count, frames_at_least);
  EXPECT_FALSE((*tape)->summary().closed);
  EXPECT_FALSE((*tape)->summary().recording);
}

TEST(Kill, AtAnyMomentLeavesATapeWithAllThatWasCommitted) {
  const Body body;
  const std::uint64_t seed = number_from_environment("TAPEDECK_SEED", std::random_device{}());
  const std::uint64_t kills = number_from_environment("TAPEDECK_KILLS", 40);
  std::mt19937_64 random(seed);
  std::uint64_t tapes = 0;
  for (std::uint64_t round = 0; round < kills && !HasFailure(); ++round) {
    SCOPED_TRACE("kill " + std::to_string(round) + " of TAPEDECK_SEED=" + std::to_string(seed));
    const test::TemporaryFolder folder;
    const Node node(body);
    const std::uint64_t enough = random() % 3 == 0 ? random() % 100'000 : random() % 3'000'000;
    const pid_t child = start_recorder(node.url(), folder.path());
    ASSERT_GT(child, 0);
    while (node.sent_bytes() == 0 || node.read_bytes() < enough) {
      ASSERT_EQ(::waitpid(child, nullptr, WNOHANG), 0) << "the recorder ended by itself";
      std::this_thread::yield();
    }
    const std::uint64_t committed = committed_frames(folder.path());
    const std::uint64_t read = node.read_bytes();
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    const std::uint64_t due = body.frames_in(read - std::min(read, reads_in_flight_bytes));
    const std::uint64_t at_least = std::max(committed, due - std::min(due, commit_frames));
    if (at_least > 0 || std::filesystem::exists(folder.path())) {
      expect_whole(folder.path(), body, at_least);
      ++tapes;
    }
  }
  EXPECT_GT(tapes, kills / 2) << "most recordings have begun when they are killed";
}

}  // namespace
}  // namespace tapedeck
