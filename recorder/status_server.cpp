#include "recorder/status_server.hpp"

#include <array>
#include <chrono>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include "recorder/ascii.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/listener.hpp"

namespace tapedeck::recorder {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Scrapers and probes are few; more than these wait.
constexpr std::size_t visits_max = 16;
/// From the connection to the last byte of the answer.
constexpr std::chrono::seconds visit_time_max{5};
/// Scrapers send some hundred bytes.
constexpr std::uint32_t request_bytes_max = 8 * 1024;
/// A read may bring more than the header.
constexpr std::size_t buffered_bytes_max = std::size_t{2} * request_bytes_max;
/// Until the next attempt to accept where the system had nothing left to accept with.
constexpr std::chrono::milliseconds accept_again{200};

using HttpRequest = http::request<http::string_body>;

constexpr const char* readable = "GET, HEAD";

StatusPage refusal(unsigned status, std::string sentence) {
  return {.status = status,
          .content_type = "text/plain; charset=utf-8",
          .body = std::move(sentence) + '\n'};
}

std::string_view path_of(const HttpRequest& request) {
  const std::string_view target = request.target();
  return target.substr(0, target.find('?'));
}

/// `localhost`, `127.0.0.1:9464`, `[::1]`: the host of a Host header is this machine.
bool is_this_machine(std::string_view value) {
  const bool bracketed = value.starts_with('[');
  const std::size_t end = bracketed ? value.find(']') : value.find(':');
  const std::string host = lower(value.substr(0, end).substr(bracketed ? 1 : 0));
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  return host == "localhost" || (!error && address.is_loopback());
}

}  // namespace

struct StatusServer::State : std::enable_shared_from_this<State> {
  State(EventLoop& loop, Pages find, Posts post)
      : acceptor(loop.context()),
        pause(loop.context()),
        pages(std::move(find)),
        posts(std::move(post)) {}

  void accept();
  void accepted(const error_code& error, tcp::socket socket);
  /// Why a request is refused before anything is done for it.
  [[nodiscard]] std::optional<StatusPage> refused(const HttpRequest& request) const;
  [[nodiscard]] StatusPage answer(const HttpRequest& request) const;
  /// The methods that the path of a request has.
  [[nodiscard]] const char* methods_of(std::string_view path) const;

  tcp::acceptor acceptor;
  asio::steady_timer pause;
  Pages pages;
  Posts posts;
  std::string url;
  bool local_only = true;
  std::size_t visits = 0;
  bool accepting = false;
};

/// One connection; its handlers own it.
class StatusServer::Visit : public std::enable_shared_from_this<Visit> {
 public:
  Visit(tcp::socket socket, const std::shared_ptr<State>& server)
      : stream_(std::move(socket)), server_(server) {
    ++server->visits;
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    if (const auto server = server_.lock()) {
      --server->visits;
      server->accept();
    }
  }

  void begin() {
    stream_.expires_after(visit_time_max);
    parser_.header_limit(request_bytes_max);
    parser_.body_limit(posted_bytes_max);
    http::async_read_header(stream_, buffer_, parser_,
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              self->have_header(error);
                            });
  }

 private:
  void have_header(const error_code& error);
  void have_request(const error_code& error);
  void send(const StatusPage& page);
  void linger();

  beast::tcp_stream stream_;
  std::weak_ptr<State> server_;
  beast::flat_buffer buffer_{buffered_bytes_max};
  http::request_parser<http::string_body> parser_;
  std::string answer_;
  std::array<char, 512> ignored_{};
};

void StatusServer::Visit::have_header(const error_code& error) {
  const auto server = server_.lock();
  if (!server) {
    return;
  }
  if (error || parser_.get().method() != http::verb::post || server->refused(parser_.get())) {
    have_request(error);
    return;
  }
  http::async_read(stream_, buffer_, parser_,
                   [self = shared_from_this()](const error_code& failed, std::size_t) {
                     self->have_request(failed);
                   });
}

void StatusServer::Visit::have_request(const error_code& error) {
  const auto server = server_.lock();
  if (!server) {
    return;
  }
  if (!error) {
    send(server->answer(parser_.get()));
  } else if (error == http::error::body_limit) {
    send(refusal(413, "The body is too large."));
  } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    send(refusal(431, "The header is too large."));
  } else if (error.category() == make_error_code(http::error::bad_method).category() &&
             error != http::error::end_of_stream && error != http::error::partial_message) {
    send(refusal(400, "This is no HTTP request."));
  }
}

void StatusServer::Visit::send(const StatusPage& page) {
  const auto reason = http::obsolete_reason(http::int_to_status(page.status));
  answer_ = "HTTP/1.1 " + std::to_string(page.status) + ' ' + std::string(reason) +
            "\r\nContent-Type: " + page.content_type +
            "\r\nContent-Length: " + std::to_string(page.body.size()) +
            (page.allow.empty() ? "" : "\r\nAllow: " + page.allow) +
            "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
  if (parser_.get().method() != http::verb::head) {
    answer_ += page.body;
  }
  asio::async_write(stream_, asio::buffer(answer_),
                    [self = shared_from_this()](const error_code& error, std::size_t) {
                      if (!error) {
                        error_code ignored;
                        self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
                        self->linger();
                      }
                    });
}

/// Lets the client read the answer: closing with its bytes unread would take it back.
void StatusServer::Visit::linger() {
  stream_.async_read_some(asio::buffer(ignored_),
                          [self = shared_from_this()](const error_code& error, std::size_t) {
                            if (!error) {
                              self->linger();
                            }
                          });
}

void StatusServer::State::accept() {
  if (!acceptor.is_open() || visits >= visits_max || std::exchange(accepting, true)) {
    return;  // who waits is served when another has gone
  }
  acceptor.async_accept([weak = weak_from_this()](const error_code& error, tcp::socket socket) {
    if (const auto self = weak.lock()) {
      self->accepted(error, std::move(socket));
    }
  });
}

void StatusServer::State::accepted(const error_code& error, tcp::socket socket) {
  accepting = false;
  if (!error) {
    std::make_shared<Visit>(std::move(socket), shared_from_this())->begin();
    accept();
  } else if (error != asio::error::operation_aborted) {
    pause.expires_after(accept_again);
    pause.async_wait([weak = weak_from_this()](const error_code& cancelled) {
      if (const auto self = weak.lock(); self && !cancelled) {
        self->accept();
      }
    });
  }
}

const char* StatusServer::State::methods_of(std::string_view path) const {
  return posts.contains(path) ? "POST" : pages(path) ? readable : "";
}

std::optional<StatusPage> StatusServer::State::refused(const HttpRequest& request) const {
  const auto hosts = request.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && request.version() >= 11)) {
    return refusal(400, "One Host header is needed.");
  }
  if (local_only && hosts == 1 && !is_this_machine(request[http::field::host])) {
    return refusal(421, "The Host of the request is not this machine.");
  }
  const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
  const bool posts_it = request.method() == http::verb::post;
  const std::string_view path = path_of(request);
  const std::string_view methods = methods_of(path);
  if (methods.empty()) {
    return refusal(404, "There is no such page.");
  }
  if (!(methods == readable ? reads : posts_it)) {
    auto page = refusal(405, "This page has other methods.");
    page.allow = methods;
    return page;
  }
  if (posts_it && request.count(http::field::origin) != 0) {
    return refusal(403, "A web page cannot do this.");
  }
  return std::nullopt;
}

StatusPage StatusServer::State::answer(const HttpRequest& request) const {
  if (auto refusal = refused(request)) {
    return *std::move(refusal);
  }
  const std::string_view path = path_of(request);
  const auto post = posts.find(path);
  return post != posts.end() ? post->second(request.body()) : pages(path).value();
}

StatusServer::StatusServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
StatusServer::~StatusServer() = default;

Result<std::unique_ptr<StatusServer>> StatusServer::listen(EventLoop& loop,
                                                           const StatusOptions& options,
                                                           Pages pages, Posts posts) {
  auto state = std::make_shared<State>(loop, std::move(pages), std::move(posts));
  auto bound = listen_at(state->acceptor, options.host, options.port, options.allow_remote);
  if (!bound) {
    return fail(bound.error());
  }
  error_code ignored;
  state->local_only = state->acceptor.local_endpoint(ignored).address().is_loopback();
  state->url = "http://" + *bound;
  state->accept();
  return std::unique_ptr<StatusServer>(new StatusServer(std::move(state)));
}

const std::string& StatusServer::url() const {
  return state_->url;
}

}  // namespace tapedeck::recorder
