#include "tests/support/scripted_server.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/check.hpp"

namespace tapedeck::test {
namespace {

void set_option(int fd, int level, int option, const auto& value) {
  check(::setsockopt(fd, level, option, &value, sizeof value) == 0, "setsockopt");
}

}  // namespace

std::string ScriptedConnection::read_request() {
  std::string request;
  char byte = 0;
  while (!request.ends_with("\r\n\r\n") && ::recv(fd_, &byte, 1, 0) == 1) {
    request += byte;
  }
  return request;
}

void ScriptedConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ScriptedConnection::send_bytewise(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    send(bytes.substr(i, 1));
  }
}

void ScriptedConnection::close() {
  if (fd_ >= 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

void ScriptedConnection::reset() {
  set_option(fd_, SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
  close();
}

void ScriptedConnection::wait_for_client() {
  std::array<char, 512> ignored{};
  while (::recv(fd_, ignored.data(), ignored.size(), 0) > 0) {
  }
}

struct ScriptedServer::State {
  std::vector<Script> scripts;
  int listener = -1;
  std::uint16_t port = 0;
  mutable std::mutex mutex;  ///< of what follows, and of closing the listener
  std::vector<std::string> requests;
  std::thread thread;

  void serve() {
    // Signals are for the thread under test: one that came here would cut a wait of the script
    // short.
    sigset_t all{};
    sigfillset(&all);
    check(::pthread_sigmask(SIG_BLOCK, &all, nullptr) == 0, "pthread_sigmask");
    const int listening = listener;
    for (const Script& script : scripts) {
      const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0 || &script == &scripts.back()) {
        const std::lock_guard lock(mutex);
        ::close(std::exchange(listener, -1));
      }
      if (fd < 0) {
        return;
      }
      set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
      set_option(fd, SOL_SOCKET, SO_RCVTIMEO, timeval{.tv_sec = 10, .tv_usec = 0});
      set_option(fd, SOL_SOCKET, SO_SNDTIMEO, timeval{.tv_sec = 10, .tv_usec = 0});
      ScriptedConnection connection(fd);
      std::string request = connection.read_request();
      {
        const std::lock_guard lock(mutex);
        requests.push_back(std::move(request));
      }
      script(connection);
    }
  }
};

ScriptedServer::ScriptedServer(std::vector<Script> scripts) : state_(std::make_unique<State>()) {
  state_->scripts = std::move(scripts);
  state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  check(::bind(state_->listener, generic, size) == 0, "bind");
  check(::listen(state_->listener, 8) == 0, "listen");
  check(::getsockname(state_->listener, generic, &size) == 0, "getsockname");
  state_->port = ntohs(address.sin_port);
  state_->thread = std::thread([this] { state_->serve(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->listener >= 0) {
      ::shutdown(state_->listener, SHUT_RD);  // ends an accept that still waits
    }
  }
  state_->thread.join();
}

std::uint16_t ScriptedServer::port() const {
  return state_->port;
}

std::string ScriptedServer::url(std::string_view target) const {
  return "http://127.0.0.1:" + std::to_string(state_->port) + std::string(target);
}

std::vector<std::string> ScriptedServer::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

std::string stream_head(std::string_view more) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + std::string(more) + "\r\n";
}

std::string chunk(std::string_view body, std::string_view extension) {
  std::array<char, 20> size{};
  std::snprintf(size.data(), size.size(), "%zx", body.size());
  return size.data() + std::string(extension) + "\r\n" + std::string(body) + "\r\n";
}

}  // namespace tapedeck::test
