#include "recorder/http_source.hpp"

#include <optional>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <netinet/tcp.h>

#include "core/base/check.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/base/utf8.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/response.hpp"

namespace tapedeck::recorder {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

/// A Beast body that gathers what the parser finds, whatever length the header promises.
struct GatheredBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>& /*header*/, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>& /*length*/, error_code& error) { error = {}; }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& error) {
      error = {};
      const std::size_t before = body_.size();
      for (auto part = asio::buffer_sequence_begin(buffers);
           part != asio::buffer_sequence_end(buffers); ++part) {
        const asio::const_buffer bytes = *part;
        body_.append(static_cast<const char*>(bytes.data()), bytes.size());
      }
      return body_.size() - before;
    }

    void finish(error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

/// Finds a peer that is gone within a minute and a half; left to itself TCP takes two hours.
void watch_peer(asio::ip::tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  for (const auto& [option, value] :
       {std::pair{TCP_KEEPIDLE, 30}, std::pair{TCP_KEEPINTVL, 10}, std::pair{TCP_KEEPCNT, 6}}) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  }
}

template <class Fields>
std::string joined(const Fields& fields, http::field name) {
  std::string all;
  const auto [begin, end] = fields.equal_range(name);
  for (auto field = begin; field != end; ++field) {
    all += (all.empty() ? "" : ", ") + std::string(field->value());
  }
  return all;
}

}  // namespace

/// One attempt with its redirects and, if it succeeds, the connection that it opened. Handlers keep
/// it alive; abandoned, it lets them run out and tells nothing any more.
class HttpSource::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context& io, const HttpOptions& options, Url url, std::string last_event_id)
      : options_(options),
        url_(std::move(url)),
        permanent_url_(url_),
        credentials_(same_origin(url_, options.url)),
        last_event_id_(std::move(last_event_id)),
        resolver_(io),
        socket_(io) {}

  /// Begins the way to the stream, or to the reason why there is none.
  void start() { resolve(); }

  void abandon() {
    abandoned_ = true;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

  [[nodiscard]] bool opened() const { return opened_; }
  [[nodiscard]] const std::optional<Refused>& refused() const { return refused_; }
  [[nodiscard]] const Url& url() const { return url_; }
  [[nodiscard]] bool redirected() const { return redirects_ > 0; }
  [[nodiscard]] const Url& permanent_url() const { return permanent_url_; }
  [[nodiscard]] const std::string& sent_event_id() const { return request_.last_event_id; }
  [[nodiscard]] const auto& fields() const { return parser_->get().base(); }

  /// What the body has brought, or Nothing: then the next read is under way.
  [[nodiscard]] SourceEvent take();

 private:
  using Step = void (Exchange::*)(const error_code&);

  void resolve();
  void connect(const error_code& error, const asio::ip::tcp::resolver::results_type& endpoints);
  void send_request(const error_code& error);
  void begin_head(const error_code& error);
  void read_head(const error_code& error);
  void parse_head();
  void judge_head();
  void redirect(const ResponseHead& answer);
  void read_body(const error_code& error);
  void parse_body();
  void end_of_input(const error_code& error);

  [[nodiscard]] ResponseHead head() const;
  /// Reads some bytes into the buffer and goes on with `next`.
  void read_some(Step next);
  void refuse(std::string reason, bool worth_retrying, std::int64_t retry_after_ns = 0) {
    refused_ = Refused{std::move(reason), worth_retrying, retry_after_ns};
  }

  const HttpOptions options_;
  Url url_;
  Url permanent_url_;  ///< as far as all redirects were permanent
  bool credentials_;   ///< no other origin came into play
  bool permanent_ = true;
  int redirects_ = 0;
  const std::string last_event_id_;
  Request request_;

  asio::ip::tcp::resolver resolver_;
  asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_{limits::http_head_bytes_max + limits::read_bytes_max};
  std::optional<http::response_parser<GatheredBody>> parser_;
  std::size_t head_bytes_ = 0;
  int interim_responses_ = 0;

  bool abandoned_ = false;
  bool opened_ = false;
  bool reading_ = false;
  std::optional<Refused> refused_;
  std::string arrived_;
  bool fresh_ = false;  ///< `arrived_` was not taken yet
  std::optional<Ended> ended_;
};

void HttpSource::Exchange::resolve() {
  resolver_.async_resolve(url_.host, std::to_string(url_.port),
                          asio::ip::resolver_base::numeric_service,
                          [self = shared_from_this()](const error_code& error, const auto& found) {
                            if (!self->abandoned_) {
                              self->connect(error, found);
                            }
                          });
}

void HttpSource::Exchange::connect(const error_code& error,
                                   const asio::ip::tcp::resolver::results_type& endpoints) {
  if (error) {
    refuse("its host '" + url_.host + "' cannot be resolved: " + error.message(), true);
    return;
  }
  asio::async_connect(
      socket_, endpoints,
      [self = shared_from_this()](const error_code& failed, const asio::ip::tcp::endpoint&) {
        if (!self->abandoned_) {
          self->send_request(failed);
        }
      });
}

void HttpSource::Exchange::send_request(const error_code& error) {
  if (error) {
    refuse("cannot connect to " + url_.host + " port " + std::to_string(url_.port) + ": " +
               error.message(),
           true);
    return;
  }
  watch_peer(socket_);
  request_ = make_request(url_, options_.headers, last_event_id_, credentials_);
  asio::async_write(socket_, asio::buffer(request_.text),
                    [self = shared_from_this()](const error_code& failed, std::size_t /*count*/) {
                      if (!self->abandoned_) {
                        self->begin_head(failed);
                      }
                    });
}

void HttpSource::Exchange::begin_head(const error_code& error) {
  if (error) {
    refuse("the connection broke while the request was sent: " + error.message(), true);
    return;
  }
  parser_.emplace();
  parser_->header_limit(limits::http_head_bytes_max);
  parser_->body_limit(boost::none);
  head_bytes_ = 0;
  parse_head();
}

void HttpSource::Exchange::read_head(const error_code& error) {
  if (error == asio::error::eof) {
    refuse("it closed the connection before it had answered", true);
  } else if (error) {
    refuse("the connection broke before it had answered: " + error.message(), true);
  } else {
    parse_head();
  }
}

void HttpSource::Exchange::parse_head() {
  error_code error;
  while (!error && buffer_.size() > 0 && !parser_->is_header_done()) {
    const std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    head_bytes_ += used;
  }
  const bool done = parser_->is_header_done();
  // Beast's own limit is not one over all fields together.
  if (error == http::error::header_limit ||
      head_bytes_ + (done ? 0 : buffer_.size()) > limits::http_head_bytes_max) {
    refuse("the header of its answer is larger than " + format_bytes(limits::http_head_bytes_max),
           true);
  } else if (error && error != http::error::need_more) {
    refuse("its answer is not HTTP/1: " + error.message(), true);
  } else if (done) {
    judge_head();
  } else {
    read_some(&Exchange::read_head);
  }
}

void HttpSource::Exchange::judge_head() {
  const ResponseHead answer = head();
  if (answer.status / 100 == 1 && answer.status != 101) {
    if (++interim_responses_ > limits::interim_responses_max) {
      refuse("it sends interim responses without end", true);
    } else {
      begin_head({});
    }
    return;
  }
  const Judgement judgement = judge(answer);
  switch (judgement.kind) {
    case Judgement::Kind::stream:
      opened_ = true;
      parser_->eager(true);
      parse_body();
      break;
    case Judgement::Kind::redirect:
      redirect(answer);
      break;
    case Judgement::Kind::later:
      refuse(judgement.reason, true, parse_retry_after(answer.retry_after, options_.wall_now_ns()));
      break;
    case Judgement::Kind::never:
      refuse(judgement.reason, false);
      break;
  }
}

void HttpSource::Exchange::redirect(const ResponseHead& answer) {
  if (redirects_ == limits::redirects_max) {
    refuse("it redirects more than " + std::to_string(limits::redirects_max) + " times in a row",
           false);
    return;
  }
  auto target = resolve_url(url_, answer.location);
  if (!target) {
    refuse("it redirects to where nobody can follow: " + target.error().message, false);
    return;
  }
  if (target->secure()) {
    refuse("it redirects to https, which is not supported yet", false);
    return;
  }
  if (target->userinfo.empty() && same_origin(*target, url_)) {
    target->userinfo = url_.userinfo;
  }
  ++redirects_;
  url_ = *std::move(target);
  credentials_ = credentials_ && same_origin(url_, options_.url);
  permanent_ = permanent_ && (answer.status == 301 || answer.status == 308);
  if (permanent_) {
    permanent_url_ = url_;
  }
  error_code ignored;
  socket_.close(ignored);
  buffer_.clear();
  interim_responses_ = 0;
  resolve();
}

void HttpSource::Exchange::read_some(Step next) {
  socket_.async_read_some(
      buffer_.prepare(limits::read_bytes_max),
      [self = shared_from_this(), next](const error_code& error, std::size_t count) {
        if (!self->abandoned_) {
          self->buffer_.commit(count);
          ((*self).*next)(error);
        }
      });
}

ResponseHead HttpSource::Exchange::head() const {
  return {.status = parser_->get().result_int(),
          .content_type = joined(fields(), http::field::content_type),
          .content_encoding = joined(fields(), http::field::content_encoding),
          .transfer_encoding = joined(fields(), http::field::transfer_encoding),
          .location = std::string(fields()[http::field::location]),
          .retry_after = std::string(fields()[http::field::retry_after])};
}

SourceEvent HttpSource::Exchange::take() {
  if (fresh_) {
    fresh_ = false;
    return Arrived{arrived_};
  }
  if (ended_) {
    return *ended_;
  }
  if (!reading_) {
    reading_ = true;
    read_some(&Exchange::read_body);
  }
  return Nothing{};
}

void HttpSource::Exchange::read_body(const error_code& error) {
  reading_ = false;
  if (error) {
    end_of_input(error);
  } else {
    parse_body();
  }
}

void HttpSource::Exchange::parse_body() {
  error_code error;
  while (!error && buffer_.size() > 0 && !parser_->is_done()) {
    buffer_.consume(parser_->put(buffer_.data(), error));
  }
  std::string& body = parser_->get().body();
  arrived_.swap(body);
  body.clear();
  fresh_ = !arrived_.empty();
  if (parser_->is_done()) {
    ended_ = Ended{port::ConnectionEnd::finished, "the body is complete"};
  } else if (error && error != http::error::need_more) {
    ended_ = Ended{port::ConnectionEnd::broken,
                   "the body is not framed as HTTP/1 says: " + error.message()};
  } else if (buffer_.size() > limits::http_head_bytes_max) {
    ended_ = Ended{port::ConnectionEnd::broken, "a chunk header or a trailer is larger than " +
                                                    format_bytes(limits::http_head_bytes_max)};
  }
}

void HttpSource::Exchange::end_of_input(const error_code& error) {
  if (error != asio::error::eof) {
    ended_ = Ended{port::ConnectionEnd::broken, "the connection broke: " + error.message()};
    return;
  }
  error_code partial;
  parser_->put_eof(partial);
  ended_ = partial ? Ended{port::ConnectionEnd::broken,
                           "the server closed the connection in the middle of the body"}
                   : Ended{port::ConnectionEnd::finished, "the server closed the connection"};
}

HttpSource::HttpSource(EventLoop& loop, Redactor& redactor, HttpOptions options)
    : loop_(loop), redactor_(redactor), options_(std::move(options)), url_(options_.url) {
  name_ = redactor_.url(to_string(url_));
  for (const Header& header : options_.headers) {
    redactor_.header(header.name, header.value);
  }
}

HttpSource::~HttpSource() {
  close();
}

void HttpSource::open(const std::string& last_event_id) {
  close();
  opened_told_ = false;
  exchange_ = std::make_shared<Exchange>(loop_.context(), options_, url_, last_event_id);
  exchange_->start();
}

SourceEvent HttpSource::next(std::int64_t until_ns) {
  check(exchange_ != nullptr, "next() of a source that is not open");
  for (;;) {
    if (exchange_->refused()) {
      Refused refused = refused_by(*exchange_);
      close();
      return refused;
    }
    if (exchange_->opened()) {
      if (!opened_told_) {
        opened_told_ = true;
        url_ = exchange_->permanent_url();
        return opened_by(*exchange_);
      }
      SourceEvent event = exchange_->take();
      if (!std::holds_alternative<Nothing>(event)) {
        return event;
      }
    }
    if (!loop_.run_one_until(until_ns)) {
      return Nothing{};
    }
  }
}

Opened HttpSource::opened_by(const Exchange& exchange) {
  std::string headers;
  for (const auto& field : exchange.fields()) {
    const std::string name(field.name_string());
    const std::string line = name + ": " + redactor_.header(name, std::string(field.value()));
    append_utf8_lossy(headers, (headers.empty() ? "" : "\n") + line);
  }
  return {.source = redactor_.url(to_string(exchange.url())),
          .http_status = exchange.fields().result_int(),
          .headers = headers,
          .last_event_id = exchange.sent_event_id()};
}

Refused HttpSource::refused_by(const Exchange& exchange) {
  Refused refused = *exchange.refused();
  if (exchange.redirected()) {
    refused.reason =
        "after a redirect to " + redactor_.url(to_string(exchange.url())) + ", " + refused.reason;
  }
  refused.reason = redactor_.text(refused.reason);
  return refused;
}

void HttpSource::close() {
  if (exchange_) {
    exchange_->abandon();
    exchange_.reset();
  }
}

}  // namespace tapedeck::recorder
