#include "tests/support/scripted_server.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/check.hpp"
#include "tests/support/sanitizer.hpp"

namespace tapedeck::test {
namespace {

void set_option(int fd, int level, int option, const auto& value) {
  check(::setsockopt(fd, level, option, &value, sizeof value) == 0, "setsockopt");
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

template <class Read>
auto from_pem(const std::string& text, Read read) {
  BIO* const memory = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  auto* const object = read(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  check(object != nullptr, "PEM");
  return object;
}

SslContext make_context(const ServerTls& tls) {
  SslContext context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  X509* const certificate = from_pem(tls.identity.certificate, PEM_read_bio_X509);
  EVP_PKEY* const key = from_pem(tls.identity.key, PEM_read_bio_PrivateKey);
  check(SSL_CTX_use_certificate(context.get(), certificate) == 1 &&
            SSL_CTX_use_PrivateKey(context.get(), key) == 1,
        "the server's certificate");
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!tls.client_authority.empty()) {
    X509* const authority = from_pem(tls.client_authority, PEM_read_bio_X509);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority);
    X509_free(authority);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  if (tls.outdated) {
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  }
  return context;
}

}  // namespace

std::ptrdiff_t ScriptedConnection::read(char* bytes, std::size_t size) {
  return session_ != nullptr ? SSL_read(static_cast<SSL*>(session_), bytes, static_cast<int>(size))
                             : ::recv(fd_, bytes, size, 0);
}

std::ptrdiff_t ScriptedConnection::write(std::string_view bytes) {
  return session_ != nullptr
             ? SSL_write(static_cast<SSL*>(session_), bytes.data(), static_cast<int>(bytes.size()))
             : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::string ScriptedConnection::read_request() {
  std::string request;
  char byte = 0;
  constexpr std::string_view tls_hello = "\x16";  // nothing to wait for
  while (!request.ends_with("\r\n\r\n") && request != tls_hello && read(&byte, 1) == 1) {
    request += byte;
  }
  constexpr std::string_view length_name = "\r\nContent-Length: ";
  if (const std::size_t at = request.find(length_name); at != std::string::npos) {
    std::size_t length = 0;
    std::from_chars(request.data() + at + length_name.size(), request.data() + request.size(),
                    length);
    std::array<char, 65536> bytes{};
    while (length > 0) {
      const std::ptrdiff_t count = read(bytes.data(), std::min(length, bytes.size()));
      if (count <= 0) {
        break;
      }
      request.append(bytes.data(), static_cast<std::size_t>(count));
      length -= static_cast<std::size_t>(count);
    }
  }
  return request;
}

void ScriptedConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::ptrdiff_t count = write(bytes);
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
  if (session_ != nullptr) {
    SSL_shutdown(static_cast<SSL*>(session_));
  }
  cut();
}

void ScriptedConnection::cut() {
  SSL_free(static_cast<SSL*>(std::exchange(session_, nullptr)));
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

void ScriptedConnection::let_go() {
  ::shutdown(fd_, SHUT_WR);
  std::array<char, 512> ignored{};
  while (::recv(fd_, ignored.data(), ignored.size(), 0) > 0) {
  }
  cut();
}

void ScriptedConnection::reset() {
  set_option(fd_, SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
  cut();
}

void ScriptedConnection::tunnel_to(std::uint16_t port) {
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  check(::connect(other, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
        "connect");
  std::array<char, 4096> bytes{};
  for (bool open = true; open;) {
    std::array<pollfd, 2> ends{{{fd_, POLLIN, 0}, {other, POLLIN, 0}}};
    open = ::poll(ends.data(), ends.size(), patience_s * 1000) > 0;
    for (std::size_t i = 0; i < 2 && open; ++i) {
      if (ends[i].revents != 0) {
        const ssize_t count = ::recv(ends[i].fd, bytes.data(), bytes.size(), 0);
        open = count > 0 && ::send(ends[1 - i].fd, bytes.data(), static_cast<std::size_t>(count),
                                   MSG_NOSIGNAL) == count;
      }
    }
  }
  ::close(other);
}

void ScriptedConnection::wait_for_client() {
  std::array<char, 512> ignored{};
  while (read(ignored.data(), ignored.size()) > 0) {
  }
}

struct ScriptedServer::State {
  std::vector<Script> scripts;
  SslContext tls{nullptr, SSL_CTX_free};
  int listener = -1;
  std::uint16_t port = 0;
  mutable std::mutex mutex;  ///< of what follows, and of closing the listener
  std::vector<std::string> requests;
  std::thread thread;
  std::vector<std::thread> connections;

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
      connections.emplace_back([this, fd, &script] { run(script, fd); });
    }
  }

  void run(const Script& script, int fd) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_RCVTIMEO, timeval{.tv_sec = patience_s, .tv_usec = 0});
    set_option(fd, SOL_SOCKET, SO_SNDTIMEO, timeval{.tv_sec = patience_s, .tv_usec = 0});
    SSL* const session = tls ? SSL_new(tls.get()) : nullptr;
    ScriptedConnection connection(fd, session);
    if (session != nullptr && (SSL_set_fd(session, fd) != 1 || SSL_accept(session) != 1)) {
      connection.let_go();
      return;
    }
    std::string request = connection.read_request();
    {
      const std::lock_guard lock(mutex);
      requests.push_back(std::move(request));
    }
    script(connection);
  }
};

ScriptedServer::ScriptedServer(std::vector<Script> scripts, const std::optional<ServerTls>& tls)
    : state_(std::make_unique<State>()) {
  if (tls) {
    state_->tls = make_context(*tls);
  }
  state_->scripts = std::move(scripts);
  state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
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
  for (std::thread& connection : state_->connections) {
    connection.join();
  }
}

std::uint16_t ScriptedServer::port() const {
  return state_->port;
}

std::string ScriptedServer::url(std::string_view target) const {
  return (state_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(state_->port) +
         std::string(target);
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
