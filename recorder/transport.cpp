#include "recorder/transport.hpp"

#include <array>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <netinet/tcp.h>

#include "core/base/limits.hpp"
#include "recorder/address_book.hpp"
#include "recorder/dial.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/request.hpp"

namespace tapedeck::recorder {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Finds a peer that is gone within a minute and a half; left to itself TCP takes two hours.
void watch_peer(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  for (const auto& [option, value] :
       {std::pair{TCP_KEEPIDLE, 30}, std::pair{TCP_KEEPINTVL, 10}, std::pair{TCP_KEEPCNT, 6}}) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  }
}

std::string port_text(const Url& url) {
  return url.host + " port " + std::to_string(url.port);
}

}  // namespace

struct Transport::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, const Network& reached_by)
      : network(reached_by), dial(std::make_shared<Dial>(io)), socket(io) {}

  /// A handler that calls `done`, unless the connection was closed in between.
  template <class Function>
  [[nodiscard]] auto told(Function done) {
    return [self = shared_from_this(), done = std::move(done)](const error_code& error,
                                                               std::size_t count = 0) {
      if (!self->closed) {
        done(error, count);
      }
    };
  }

  void connect();
  void reached(const std::string& failure);
  void ask_proxy();
  void judge_proxy(const error_code& error);
  void shake_hands();
  void name_peer();

  void finish(const std::string& failure) {
    const Connected done = std::exchange(connected, nullptr);
    done(failure);
  }

  [[nodiscard]] std::string explain(const error_code& error) const {
    return recorder::explain(error, network.tls->has_certificate());
  }

  const Network network;
  std::shared_ptr<Dial> dial;
  tcp::socket socket;
  std::optional<ssl::stream<tcp::socket&>> tls;
  std::array<char, limits::read_bytes_max> read_buffer{};
  std::string written;
  bool closed = false;

  std::optional<tcp::endpoint> peer;  ///< until it has answered

  Url url;
  std::optional<Url> proxy;
  Connected connected;
  std::string distrust;  ///< why the certificate was not accepted
  boost::beast::flat_buffer proxy_buffer{limits::http_head_bytes_max};
  std::optional<http::response_parser<http::empty_body>> proxy_answer;
};

void Transport::State::connect() {
  const Url& first = proxy ? *proxy : url;
  dial->start(first.host, first.port, *network.addresses,
              [self = shared_from_this()](const std::string& failure) { self->reached(failure); });
}

void Transport::State::reached(const std::string& failure) {
  if (!failure.empty()) {
    finish(proxy ? "its proxy cannot be used: " + failure : failure);
    return;
  }
  peer = dial->endpoint();
  socket = dial->take();
  watch_peer(socket);
  if (!url.secure()) {
    finish("");
  } else if (proxy) {
    ask_proxy();
  } else {
    shake_hands();
  }
}

void Transport::State::ask_proxy() {
  written = make_connect_request(url, *proxy);
  asio::async_write(
      socket, asio::buffer(written), told([this](const error_code& error, std::size_t /*count*/) {
        if (error) {
          finish("its proxy " + port_text(*proxy) + " broke the connection: " + error.message());
          return;
        }
        proxy_answer.emplace();
        proxy_answer->skip(true);
        http::async_read_header(
            socket, proxy_buffer, *proxy_answer,
            told([this](const error_code& failed, std::size_t /*count*/) { judge_proxy(failed); }));
      }));
}

void Transport::State::judge_proxy(const error_code& error) {
  const std::string name = "its proxy " + port_text(*proxy);
  const unsigned status = error ? 0 : proxy_answer->get().result_int();
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::eof) {
    finish(name + " closed the connection instead of making one to " + port_text(url));
  } else if (error) {
    finish(name + " does not answer as an HTTP proxy does: " + error.message() +
           "; check HTTPS_PROXY");
  } else if (status == 407) {
    finish(name + (proxy->userinfo.empty()
                       ? " wants a name and a password: put them into HTTPS_PROXY, as in "
                         "http://USER:PASSWORD@HOST:PORT"
                       : " does not accept the name and the password in HTTPS_PROXY"));
  } else if (status / 100 != 2) {
    finish(name + " refuses to connect to " + port_text(url) + ": it answered with status " +
           std::to_string(status) + "; NO_PROXY can name hosts to be reached without it");
  } else {
    shake_hands();
  }
}

void Transport::State::shake_hands() {
  tls.emplace(socket, network.tls->native());
  name_peer();
  if (network.tls->verifies()) {
    error_code ignored;
    tls->set_verify_callback(
        [this](bool trusted, ssl::verify_context& context) {
          if (!trusted && distrust.empty()) {
            distrust = explain_distrust(context, url.host);
          }
          return trusted;
        },
        ignored);
  }
  tls->async_handshake(
      ssl::stream_base::client, told([this](const error_code& error, std::size_t /*count*/) {
        finish(!error             ? ""
               : distrust.empty() ? "TLS with " + port_text(url) + " failed: " + explain(error)
                                  : distrust);
      }));
}

/// Tells the node which host is meant (SNI), and OpenSSL whose certificate it has to be.
void Transport::State::name_peer() {
  SSL* const session = tls->native_handle();
  error_code not_an_address;
  asio::ip::make_address(url.host, not_an_address);
  if (not_an_address) {
    const std::string name = url.host.substr(0, url.host.find_last_not_of('.') + 1);
    SSL_set_tlsext_host_name(session, name.c_str());
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(session, name.c_str());
  } else {
    const std::string without_zone = url.host.substr(0, url.host.find('%'));
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), without_zone.c_str());
  }
}

Network::Network(std::shared_ptr<TlsContext> context, ProxySettings settings)
    : tls(std::move(context)),
      proxies(std::move(settings)),
      addresses(std::make_shared<AddressBook>()) {}

Result<void> Network::enter(std::string_view text) {
  return addresses->enter(text);
}

Transport::Transport(EventLoop& loop, const Network& network)
    : state_(std::make_shared<State>(loop.context(), network)) {}

void Transport::connect(const Url& url, Connected done) {
  state_->url = url;
  state_->proxy = state_->network.proxies.proxy_for(url);
  state_->connected = std::move(done);
  state_->connect();
}

void Transport::write(std::string bytes, Written done) {
  State& state = *state_;
  state.written = std::move(bytes);
  auto handler = state.told(
      [done = std::move(done)](const error_code& error, std::size_t /*count*/) { done(error); });
  if (state.tls) {
    asio::async_write(*state.tls, asio::buffer(state.written), std::move(handler));
  } else {
    asio::async_write(state.socket, asio::buffer(state.written), std::move(handler));
  }
}

void Transport::receive(Received done) {
  State& state = *state_;
  auto handler =
      state.told([&state, done = std::move(done)](const error_code& error, std::size_t count) {
        done(error, {state.read_buffer.data(), error ? 0 : count});
      });
  if (state.tls) {
    state.tls->async_read_some(asio::buffer(state.read_buffer), std::move(handler));
  } else {
    state.socket.async_read_some(asio::buffer(state.read_buffer), std::move(handler));
  }
}

void Transport::answered(bool well) {
  State& state = *state_;
  if (!state.peer) {
    return;
  }
  const std::string& host = state.proxy ? state.proxy->host : state.url.host;
  if (well) {
    state.network.addresses->served(host, *state.peer);
  } else {
    state.network.addresses->failed(host, *state.peer);
  }
  state.peer.reset();
}

void Transport::close() {
  answered(false);
  state_->closed = true;
  state_->dial->cancel();
  error_code ignored;
  state_->socket.close(ignored);
}

std::string Transport::explain(const error_code& error) const {
  return state_->explain(error);
}

std::optional<Url> plain_proxy(const Network& network, const Url& url) {
  return url.secure() ? std::nullopt : network.proxies.proxy_for(url);
}

}  // namespace tapedeck::recorder
