#include "tests/unit/replayer/http_client.hpp"

#include <array>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/sanitizer.hpp"

namespace tapedeck::test {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr int patience_ms = patience_s * 1000;

}  // namespace

std::optional<std::string> HttpResponse::header(std::string_view name) const {
  const std::string start = std::string(line_end) + std::string(name) + ": ";
  const std::size_t at = head.find(start);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const std::size_t from = at + start.size();
  return head.substr(from, head.find(line_end, from) - from);
}

struct HttpClient::Secure {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                            SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> session{nullptr, SSL_free};
};

HttpClient::HttpClient(std::uint16_t port, int receive_buffer_bytes)
    : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer_bytes != 0) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  EXPECT_EQ(::connect(fd_, generic, sizeof address), 0) << "connect to port " << port;
}

HttpClient::HttpClient(std::uint16_t port, const std::string& authority) : HttpClient(port) {
  secure_ = std::make_unique<Secure>();
  SSL_CTX* const context = secure_->context.get();
  BIO* const pem = BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size()));
  X509* const certificate = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
  X509_free(certificate);
  BIO_free(pem);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  secure_->session.reset(SSL_new(context));
  SSL* const session = secure_->session.get();
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), "127.0.0.1");
  const timeval patience{.tv_sec = patience_ms / 1000, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  SSL_set_fd(session, fd_);
  EXPECT_EQ(SSL_connect(session), 1) << "TLS with port " << port;
}

HttpClient::~HttpClient() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

void HttpClient::send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count =
        secure_ ? SSL_write(secure_->session.get(), text.data(), static_cast<int>(text.size()))
                : ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;  // the server has closed: what it said before tells why
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void HttpClient::request(std::string_view method, std::string_view target, std::string_view headers,
                         std::string_view body) {
  std::string text = std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\nHost: x\r\n";
  text += headers;
  if (!body.empty()) {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  send(text + "\r\n" + std::string(body));
}

HttpResponse HttpClient::head() {
  HttpResponse response;
  while (true) {
    const std::string line = take_line();
    if (line.size() <= line_end.size()) {
      break;
    }
    response.head += line;
  }
  if (response.head.size() > 12) {
    response.status = std::stoi(response.head.substr(9, 3));
  }
  return response;
}

HttpResponse HttpClient::response(bool has_body) {
  HttpResponse response = head();
  if (const auto length = response.header("Content-Length"); has_body && length) {
    response.body = take(std::stoul(*length));
  }
  return response;
}

HttpResponse HttpClient::ask(std::string_view method, std::string_view target,
                             std::string_view headers, std::string_view body) {
  request(method, target, headers, body);
  return response(method != "HEAD");
}

std::string HttpClient::chunked(std::size_t count) {
  while (in_chunk_.size() < count) {
    const auto next = chunk();
    if (!next || next->empty()) {
      ADD_FAILURE() << "the body ended " << count - in_chunk_.size() << " bytes early";
      break;
    }
    in_chunk_ += *next;
  }
  std::string bytes = in_chunk_.substr(0, count);
  in_chunk_.erase(0, count);
  return bytes;
}

std::optional<std::string> HttpClient::chunked_to_end() {
  std::string bytes;
  bytes.swap(in_chunk_);
  while (true) {
    const auto next = chunk();
    if (!next) {
      return std::nullopt;
    }
    if (next->empty()) {
      return bytes;
    }
    bytes += *next;
  }
}

std::optional<std::string> HttpClient::chunk() {
  const std::string size = take_line();
  if (size.empty()) {
    return std::nullopt;
  }
  const std::size_t length = std::stoul(size, nullptr, 16);
  std::string bytes = take(length + line_end.size());
  if (bytes.size() != length + line_end.size()) {
    return std::nullopt;
  }
  EXPECT_TRUE(bytes.ends_with(line_end));
  bytes.resize(length);
  return bytes;
}

std::string HttpClient::to_end() {
  while (fill()) {
  }
  std::string bytes;
  bytes.swap(unread_);
  return bytes;
}

bool HttpClient::is_silent_for(int milliseconds) {
  pollfd watched{.fd = fd_, .events = POLLIN, .revents = 0};
  return unread_.empty() && ::poll(&watched, 1, milliseconds) == 0;
}

bool HttpClient::closes() {
  pollfd watched{.fd = fd_, .events = POLLIN, .revents = 0};
  while (::poll(&watched, 1, patience_ms) == 1) {
    std::array<char, 65536> bytes{};
    if (receive(bytes.data(), bytes.size()) <= 0) {
      return true;
    }
  }
  return false;
}

void HttpClient::reset() {
  const linger abruptly{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abruptly, sizeof abruptly);
  ::close(fd_);
  fd_ = -1;
}

bool HttpClient::was_told_of_the_end() const {
  return secure_ && (SSL_get_shutdown(secure_->session.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::ptrdiff_t HttpClient::receive(char* bytes, std::size_t count) {
  return secure_ ? SSL_read(secure_->session.get(), bytes, static_cast<int>(count))
                 : ::recv(fd_, bytes, count, 0);
}

bool HttpClient::fill() {
  pollfd watched{.fd = fd_, .events = POLLIN, .revents = 0};
  const bool has_some = secure_ && SSL_pending(secure_->session.get()) > 0;
  if (!has_some && ::poll(&watched, 1, patience_ms) != 1) {
    ADD_FAILURE() << "nothing came in " << patience_ms << " ms; unread: " << unread_;
    return false;
  }
  std::array<char, 65536> bytes{};
  const std::ptrdiff_t count = receive(bytes.data(), bytes.size());
  if (count <= 0) {
    return false;
  }
  unread_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string HttpClient::take_line() {
  std::size_t end = 0;
  while ((end = unread_.find(line_end)) == std::string::npos) {
    if (!fill()) {
      return {};
    }
  }
  return take(end + line_end.size());
}

std::string HttpClient::take(std::size_t count) {
  while (unread_.size() < count && fill()) {
  }
  std::string bytes = unread_.substr(0, count);
  unread_.erase(0, count);
  return bytes;
}

}  // namespace tapedeck::test
