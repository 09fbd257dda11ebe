#include "recorder/http_exchange.hpp"

#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

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

struct HttpExchange::State {
  State(EventLoop& loop, const Network& network) : transport(loop, network) {}

  using Step = void (State::*)(const error_code& error);

  void connected(const std::string& reason);
  void begin_head();
  void read_head(const error_code& error);
  void parse_head();
  void judge_head();
  void read_body(const error_code& error);
  void parse_body();
  void end_of_input(const error_code& error);
  /// Reads some bytes into the buffer and goes on with `next`.
  void receive(Step next);

  Transport transport;
  std::string request;
  std::string unsent;  ///< why the request could not be sent
  std::string failure;
  boost::beast::flat_buffer buffer{limits::http_head_bytes_max + limits::read_bytes_max};
  std::optional<http::response_parser<GatheredBody>> parser;
  std::size_t head_bytes = 0;
  int interim_responses = 0;

  bool has_head = false;
  bool reading = false;
  std::string arrived;
  bool fresh = false;  ///< `arrived` was not taken yet
  std::optional<End> end;
};

void HttpExchange::State::connected(const std::string& reason) {
  if (!reason.empty()) {
    failure = reason;
    return;
  }
  transport.write(std::move(request), [this](const error_code& error) {
    // Who refuses us may have said why before it stopped listening.
    if (error) {
      unsent = "the connection broke while the request was sent: " + transport.explain(error);
    }
    begin_head();
  });
}

void HttpExchange::State::begin_head() {
  parser.emplace();
  parser->header_limit(limits::http_head_bytes_max);
  parser->body_limit(boost::none);
  head_bytes = 0;
  parse_head();
}

void HttpExchange::State::read_head(const error_code& error) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    failure = unsent.empty() ? "it closed the connection before it had answered" : unsent;
  } else if (error && error.category() == boost::system::system_category() && !unsent.empty()) {
    failure = unsent;
  } else if (error) {
    failure = "the connection broke before it had answered: " + transport.explain(error);
  } else {
    parse_head();
  }
}

void HttpExchange::State::parse_head() {
  error_code error;
  while (!error && buffer.size() > 0 && !parser->is_header_done()) {
    const std::size_t used = parser->put(buffer.data(), error);
    buffer.consume(used);
    head_bytes += used;
  }
  const bool done = parser->is_header_done();
  // Beast's own limit is not one over all fields together.
  if (error == http::error::header_limit ||
      head_bytes + (done ? 0 : buffer.size()) > limits::http_head_bytes_max) {
    failure =
        "the header of its answer is larger than " + format_bytes(limits::http_head_bytes_max);
  } else if (error && error != http::error::need_more) {
    failure = "its answer is not HTTP/1: " + error.message();
  } else if (done) {
    judge_head();
  } else {
    receive(&State::read_head);
  }
}

void HttpExchange::State::judge_head() {
  const unsigned status = parser->get().result_int();
  const bool interim = status / 100 == 1 && status != 101;
  if (!interim) {
    transport.answered(status < 500);
    has_head = true;
    parser->eager(true);
    parse_body();
  } else if (++interim_responses > limits::interim_responses_max) {
    failure = "it sends interim responses without end";
  } else {
    begin_head();
  }
}

void HttpExchange::State::receive(Step next) {
  transport.receive([this, next](const error_code& error, std::string_view bytes) {
    const asio::mutable_buffer space = buffer.prepare(bytes.size());
    buffer.commit(asio::buffer_copy(space, asio::buffer(bytes)));
    (this->*next)(error);
  });
}

void HttpExchange::State::read_body(const error_code& error) {
  reading = false;
  if (error) {
    end_of_input(error);
  } else {
    parse_body();
  }
}

void HttpExchange::State::parse_body() {
  error_code error;
  while (!error && buffer.size() > 0 && !parser->is_done()) {
    buffer.consume(parser->put(buffer.data(), error));
  }
  std::string& body = parser->get().body();
  arrived.swap(body);
  body.clear();
  fresh = !arrived.empty();
  if (parser->is_done()) {
    end = End{true, "the body is complete"};
  } else if (error && error != http::error::need_more) {
    end = End{false, "the body is not framed as HTTP/1 says: " + error.message()};
  } else if (buffer.size() > limits::http_head_bytes_max) {
    end = End{false, "a chunk header or a trailer is larger than " +
                         format_bytes(limits::http_head_bytes_max)};
  }
}

void HttpExchange::State::end_of_input(const error_code& error) {
  // A TLS connection that ends without saying so may have been cut by somebody else.
  if (error == asio::ssl::error::stream_truncated) {
    end = End{false, "the connection ended without the end that TLS asks for"};
    return;
  }
  if (error != asio::error::eof) {
    end = End{false, "the connection broke: " + transport.explain(error)};
    return;
  }
  error_code partial;
  parser->put_eof(partial);
  end = partial ? End{false, "the server closed the connection in the middle of the body"}
                : End{true, "the server closed the connection"};
}

HttpExchange::HttpExchange(EventLoop& loop, const Network& network)
    : state_(std::make_unique<State>(loop, network)) {}

HttpExchange::~HttpExchange() = default;

void HttpExchange::start(const Url& url, std::string request) {
  state_->request = std::move(request);
  state_->transport.connect(
      url, [state = state_.get()](const std::string& failure) { state->connected(failure); });
}

const std::string& HttpExchange::failure() const {
  return state_->failure;
}

bool HttpExchange::has_head() const {
  return state_->has_head;
}

ResponseHead HttpExchange::head() const {
  const auto& fields = state_->parser->get();
  return {.status = fields.result_int(),
          .content_type = joined(fields, http::field::content_type),
          .content_encoding = joined(fields, http::field::content_encoding),
          .transfer_encoding = joined(fields, http::field::transfer_encoding),
          .location = std::string(fields[http::field::location]),
          .retry_after = std::string(fields[http::field::retry_after])};
}

std::vector<Header> HttpExchange::fields() const {
  std::vector<Header> all;
  for (const auto& field : state_->parser->get()) {
    all.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  return all;
}

HttpExchange::Body HttpExchange::take_body() {
  State& state = *state_;
  if (std::exchange(state.fresh, false)) {
    return std::string_view(state.arrived);
  }
  if (state.end) {
    return *state.end;
  }
  if (!state.reading) {
    state.reading = true;
    state.receive(&State::read_body);
  }
  return std::monostate{};
}

}  // namespace tapedeck::recorder
