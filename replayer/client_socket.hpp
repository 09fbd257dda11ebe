// The socket of a client, plain or under TLS: a stream as Asio and Beast read and write it.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace tapedeck::replayer {

/// One read and one write at a time, and neither before the handshake. It may be moved while
/// nothing is under way; what was moved from can only be closed.
class ClientSocket {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;
  using error_code = boost::system::error_code;

  /// `tls` null: plain.
  ClientSocket(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls)
      : plain_(std::move(socket)) {
    if (tls != nullptr) {
      secure_ = std::make_unique<Secure>(std::move(plain_), *tls);
    }
  }

  [[nodiscard]] executor_type get_executor() { return tcp().get_executor(); }

  /// Over at once where there is no TLS.
  template <class Token>
  auto async_handshake(Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code)>(
        [this](auto handler) {
          if (secure_) {
            secure_->async_handshake(boost::asio::ssl::stream_base::server, std::move(handler));
          } else {
            complete(std::move(handler), {});
          }
        },
        token);
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          if (secure_) {
            secure_->async_read_some(into, std::move(handler));
          } else {
            plain_.async_read_some(into, std::move(handler));
          }
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          if (secure_) {
            secure_->async_write_some(from, std::move(handler));
          } else {
            plain_.async_write_some(from, std::move(handler));
          }
        },
        token, buffers);
  }

  /// Tells the client that nothing follows; under TLS it is over when the client has agreed.
  template <class Token>
  auto async_end_sending(Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code)>(
        [this](auto handler) {
          if (secure_) {
            secure_->async_shutdown(std::move(handler));
          } else {
            error_code error;
            plain_.shutdown(boost::asio::socket_base::shutdown_send, error);
            complete(std::move(handler), error);
          }
        },
        token);
  }

  /// Sends nothing more, and under TLS does not say so.
  void break_sending() {
    error_code ignored;
    tcp().shutdown(boost::asio::socket_base::shutdown_send, ignored);
  }

  void close() {
    error_code ignored;
    tcp().close(ignored);
  }

  /// Closes in the way that the client can tell: with a reset.
  void reset() {
    error_code ignored;
    tcp().set_option(boost::asio::socket_base::linger(true, 0), ignored);
    tcp().close(ignored);
  }

 private:
  using Secure = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

  [[nodiscard]] boost::asio::ip::tcp::socket& tcp() {
    return secure_ ? secure_->next_layer() : plain_;
  }

  template <class Handler>
  void complete(Handler handler, const error_code& error) {
    boost::asio::post(get_executor(),
                      [handler = std::move(handler), error]() mutable { handler(error); });
  }

  boost::asio::ip::tcp::socket plain_;
  std::unique_ptr<Secure> secure_;
};

}  // namespace tapedeck::replayer
