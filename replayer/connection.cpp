#include "replayer/connection.hpp"

#include <array>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "core/base/result.hpp"
#include "replayer/limits.hpp"
#include "replayer/steady_clock.hpp"
#include "replayer/target.hpp"

namespace tapedeck::replayer {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

/// Errors of what is awaited come as values.
constexpr auto as_result() {
  return asio::as_tuple(asio::use_awaitable);
}

using HttpRequest = http::request<http::string_body>;
using HttpResponse = http::response<http::empty_body>;

/// Status line and header that every response has. Any page may ask: a web app is often served
/// from another origin, and the farewell of a closed tab (sendBeacon) comes with credentials.
HttpResponse response_to(const HttpRequest& request, int status, bool own_pages_only = false) {
  HttpResponse response(http::int_to_status(static_cast<unsigned>(status)), request.version());
  response.set(http::field::server, "tapedeck");
  if (own_pages_only) {
    return response;
  }
  response.set(http::field::vary, "Origin");
  const auto origin = request.find(http::field::origin);
  if (origin == request.end()) {
    response.set(http::field::access_control_allow_origin, "*");
  } else {
    response.set(http::field::access_control_allow_origin, origin->value());
    response.set(http::field::access_control_allow_credentials, "true");
  }
  return response;
}

void allow_preflight(HttpResponse& response, const HttpRequest& request,
                     const std::string& methods) {
  response.set(http::field::access_control_allow_methods, methods);
  response.set(http::field::access_control_allow_headers,
               "content-type, token, pin, last-event-id, cache-control");
  response.set(http::field::access_control_max_age, "86400");
  // Chromium asks when a public page calls a server on this machine.
  if (request.count("Access-Control-Request-Private-Network") != 0) {
    response.set("Access-Control-Allow-Private-Network", "true");
  }
}

/// Status line and header as they are sent.
std::string text_of(const HttpResponse& response) {
  std::ostringstream text;
  text << response.base();
  return text.str();
}

/// The header of an event stream.
HttpResponse stream_response_to(const HttpRequest& request, bool own_pages_only = false) {
  HttpResponse response = response_to(request, 200, own_pages_only);
  response.set(http::field::content_type, "text/event-stream");
  response.set(http::field::cache_control, "no-cache, no-transform");
  response.set("X-Accel-Buffering", "no");
  response.chunked(request.version() >= 11);
  response.keep_alive(false);
  return response;
}

/// RFC 9112, section 3.2: a request of HTTP/1.1 names its host once, and a target that has one too
/// has the same.
bool names_its_host(const HttpRequest& request) {
  const auto hosts = request.count(http::field::host);
  const auto named = authority_of(request.target());
  return hosts <= 1 && (hosts == 1 || request.version() < 11) &&
         (!named || boost::beast::iequals(*named, request[http::field::host]));
}

/// RFC 6454, section 7.3: a page has one origin; of two, nobody would know which one is judged.
bool has_one_origin(const HttpRequest& request) {
  return request.count(http::field::origin) <= 1;
}

/// RFC 9112, section 6.1: of another coding nobody knows where the body ends, and what follows
/// might be taken for a request.
bool has_known_coding(const HttpRequest& request) {
  const auto count = request.count(http::field::transfer_encoding);
  return count == 0 ||
         (count == 1 && boost::beast::iequals(request[http::field::transfer_encoding], "chunked"));
}

}  // namespace

Connection::Connection(ClientSocket socket, Service& service)
    : socket_(std::move(socket)),
      service_(service),
      deadline_(socket_.get_executor()),
      delay_(socket_.get_executor()),
      buffer_(limits::request_header_bytes_max + limits::request_body_bytes_max) {}

asio::awaitable<void> Connection::serve() {
  const auto self = shared_from_this();
  if (!co_await shake_hands()) {
    close();
    co_return;
  }
  while (co_await serve_request()) {
  }
  if (stream_) {
    co_await stream_->until_closed();
    service_.broadcast.detach(*stream_);
    if (service_.feed != nullptr) {
      service_.feed->remove(stream_);
    }
  } else {
    co_await linger();
  }
  close();
}

void Connection::stop() {
  stopping_ = true;
  delay_.cancel();
  if (idle_) {
    close();
  }
}

void Connection::close() {
  clear_deadline();
  delay_.cancel();
  socket_.close();
  if (stream_) {
    stream_->abort();
  }
}

asio::awaitable<bool> Connection::shake_hands() {
  set_deadline(service_.limits.request_time_max);
  idle_ = true;
  const auto [error] = co_await socket_.async_handshake(as_result());
  idle_ = false;
  co_return !error;
}

asio::awaitable<bool> Connection::serve_request() {
  if (stopping_ || !co_await wait_for_request()) {
    co_return false;
  }
  set_deadline(service_.limits.request_time_max);
  http::request_parser<http::string_body> parser;
  parser.header_limit(limits::request_header_bytes_max);
  parser.body_limit(limits::request_body_bytes_max);
  const auto [error, count] = co_await http::async_read(socket_, buffer_, parser, as_result());
  if (error) {
    co_await refuse(error);
    co_return false;
  }
  set_deadline(service_.limits.answer_time_max);
  co_return co_await answer(parser.release());
}

/// Waits for the first byte of the next request.
asio::awaitable<bool> Connection::wait_for_request() {
  if (buffer_.size() > 0) {
    co_return true;
  }
  set_deadline(std::exchange(first_, false) ? service_.limits.request_time_max
                                            : service_.limits.idle_time_max);
  idle_ = true;
  const auto space = buffer_.prepare(limits::request_first_read_bytes);
  const auto [error, count] = co_await socket_.async_read_some(space, as_result());
  idle_ = false;
  buffer_.commit(count);
  co_return !error;
}

asio::awaitable<bool> Connection::answer(HttpRequest request) {
  if (!names_its_host(request)) {
    request.keep_alive(false);
    co_return co_await send_answer(request, failure(400, "A request must name one host"));
  }
  if (!has_one_origin(request)) {
    request.keep_alive(false);
    co_return co_await send_answer(request, failure(400, "More than one Origin header"));
  }
  if (!has_known_coding(request)) {
    request.keep_alive(false);
    co_return co_await send_answer(request, failure(501, "The only Transfer-Encoding is chunked"));
  }
  const Request asked{.method = request.method_string(),
                      .target = request.target(),
                      .token = request["token"],
                      .pin = request["pin"],
                      .host = request[http::field::host],
                      .origin = request[http::field::origin],
                      .body = request.body(),
                      .now_ns = steady_now_ns()};
  const bool steers = service_.control != nullptr && ControlApi::serves(asked.target);
  Answer answer = steers ? service_.control->answer(asked) : service_.facade.answer(asked);
  if (answer.hold_back) {
    delay_.expires_after(service_.limits.refused_refresh_delay);
    co_await delay_.async_wait(as_result());
  }
  if (answer.feed) {
    co_return co_await send_feed(request);
  }
  if (answer.stream) {
    co_return co_await send_stream(request, *std::move(answer.stream));
  }
  co_return co_await send_answer(request, std::move(answer));
}

asio::awaitable<bool> Connection::send_answer(const HttpRequest& request, Answer answer) {
  note_answer(request, answer.status);
  HttpResponse response = response_to(request, answer.status, answer.own_pages_only);
  const bool keep_alive = request.keep_alive() && !stopping_;
  response.keep_alive(keep_alive);
  if (!answer.allow.empty()) {
    response.set(http::field::allow, answer.allow);
  }
  if (request.method() == http::verb::options && !answer.own_pages_only) {
    allow_preflight(response, request, answer.allow);
  }
  if (answer.status != 204) {  // which has no body, not an empty one
    response.set(http::field::content_type, "application/json");
    response.set(http::field::cache_control, "no-store");
    response.content_length(answer.body.size());
  }
  std::string text = text_of(response);
  if (request.method() != http::verb::head) {
    text += answer.body;
  }
  const auto [error, count] = co_await asio::async_write(socket_, asio::buffer(text), as_result());
  co_return !error && keep_alive;
}

/// Nothing follows on the connection: true only where there was no stream to be had.
asio::awaitable<bool> Connection::send_stream(const HttpRequest& request, StreamGrant grant) {
  if (service_.broadcast.is_lost_for(grant)) {
    socket_.close();
    co_return false;
  }
  grant.last_event_id = request["last-event-id"];
  std::string head = text_of(stream_response_to(request));
  if (request.method() == http::verb::head) {
    note_answer(request, 200);
    co_await asio::async_write(socket_, asio::buffer(head), as_result());
    co_return false;
  }
  const auto attached = service_.broadcast.attach(grant, [&] {
    note_answer(request, 200);
    stream_ = EventStream::open(std::move(socket_), std::move(head), request.version() >= 11,
                                service_.limits.linger_time_max, service_.broadcast.writes_apart());
    return stream_;
  });
  if (!attached) {
    const bool stranger = attached.error().kind == ErrorKind::usage;
    Answer refused = failure(403, invalid_token);
    if (!stranger) {
      refused = failure(500, attached.error().message);
    }
    co_return co_await send_answer(request, std::move(refused));
  }
  clear_deadline();
  co_return false;
}

/// Nothing follows on the connection.
asio::awaitable<bool> Connection::send_feed(const HttpRequest& request) {
  note_answer(request, 200);
  std::string head = text_of(stream_response_to(request, true));
  if (request.method() == http::verb::head) {
    co_await asio::async_write(socket_, asio::buffer(head), as_result());
    co_return false;
  }
  stream_ = EventStream::open(std::move(socket_), std::move(head), request.version() >= 11,
                              service_.limits.linger_time_max);
  service_.feed->add(stream_);
  clear_deadline();
  co_return false;
}

void Connection::note_answer(const HttpRequest& request, int status) const {
  service_.broadcast.note_answer(request.method_string(), request.target(), status);
}

asio::awaitable<void> Connection::refuse(boost::system::error_code error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error.category() != make_error_code(http::error::end_of_stream).category()) {
    co_return;  // there is nobody to answer to
  }
  HttpRequest unread;
  unread.keep_alive(false);
  Answer answer = failure(400, "Bad request");
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    answer = failure(431, "The header is too large");
  } else if (error == http::error::body_limit) {
    answer = failure(413, "The body is too large");
  }
  set_deadline(service_.limits.answer_time_max);
  co_await send_answer(unread, std::move(answer));
}

/// Lets the client read the last answer: closing with its bytes unread would take it back.
asio::awaitable<void> Connection::linger() {
  set_deadline(service_.limits.linger_time_max);
  auto [error] = co_await socket_.async_end_sending(as_result());
  std::array<char, 512> ignored{};
  while (!error) {
    std::tie(error, std::ignore) =
        co_await socket_.async_read_some(asio::buffer(ignored), as_result());
  }
}

void Connection::set_deadline(std::chrono::nanoseconds after) {
  deadline_.expires_after(after);
  deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    // An expiry that was overtaken by a later deadline is none.
    if (!error && self && self->deadline_.expiry() <= std::chrono::steady_clock::now()) {
      self->close();
    }
  });
}

void Connection::clear_deadline() {
  deadline_.expires_at(std::chrono::steady_clock::time_point::max());
}

}  // namespace tapedeck::replayer
