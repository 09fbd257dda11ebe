#include "recorder/proxy_connection.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/proxy_message.hpp"
#include "recorder/proxy_rewrite.hpp"

namespace tapedeck::recorder {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// How long a client is heard out after the last word to it: closing at once would reset the
/// connection under bytes that it has not read yet.
constexpr std::int64_t linger_ns = ns_per_s;

/// What the proxy itself has to say.
std::string own_answer(const char* status, const std::string& sentence) {
  const std::string body = "tapedeck: " + sentence + "\n";
  return std::string("HTTP/1.1 ") + status +
         "\r\nContent-Type: text/plain\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

struct ProxyConnection::State : std::enable_shared_from_this<State> {
  State(const ProxyConnectionPorts& shared, tcp::socket socket, std::function<void()> when_over)
      : ports(shared),
        client(std::move(socket)),
        node(shared.loop, shared.network),
        deadline(shared.loop.context()),
        over(std::move(when_over)) {
    error_code ignored;
    client.set_option(tcp::no_delay(true), ignored);
    client.set_option(asio::socket_base::keep_alive(true), ignored);
  }

  enum class Phase {
    head,        ///< of a request is awaited
    connecting,  ///< to the node, for the first request
    body,        ///< of the request passes
    answer,      ///< the request has passed
    tunnel,      ///< all passes
    lingering,   ///< all is said
  };

  // From the client to the node.
  void pump();
  void take_head();
  void begin_request(MessageHead head);
  void connect();
  void connected(const std::string& failure);
  void send_request();
  void pass_body();
  void read_client();
  void write_node(std::string bytes);

  // From the node to the client.
  void read_node();
  void answered(std::string_view bytes);
  /// Fails where what came cannot be passed on.
  Result<void> pass_answer(std::string_view bytes, std::string& out, std::string& content);
  Result<void> judge_answer_head(MessageHead head, std::string& out);
  void tell_journal(const std::string& content);
  void node_ended(const error_code& error);
  void write_client(std::string bytes);
  void next_request();

  void refuse(const char* status, const std::string& sentence);
  void end_exchange(port::ConnectionEnd end, const std::string& detail);
  void set_deadline(std::int64_t wait_ns, std::function<void()> passed);
  void linger();
  void close(const std::string& why);

  const ProxyConnectionPorts ports;
  tcp::socket client;
  Transport node;
  asio::steady_timer deadline;
  std::function<void()> over;
  Phase phase = Phase::head;
  bool closed = false;
  bool node_connected = false;
  bool reading_client = false;
  bool writing_client = false;
  bool writing_node = false;

  std::array<char, limits::read_bytes_max> read_buffer{};
  std::string from_client;  ///< and not passed on yet
  std::string to_client;    ///< on its way

  HeadReader request_reader;
  std::optional<ProxiedRequest> request;
  std::optional<BodyReader> request_body;
  std::unique_ptr<ProxyExchange> exchange;  ///< null where the tape is to know nothing

  HeadReader answer_reader;
  std::optional<MessageHead> answer_head;  ///< until the journal has it
  unsigned answer_status = 0;
  int interim_answers = 0;
  std::optional<BodyReader> answer_body;  ///< from the head of the response on
};

void ProxyConnection::State::pump() {
  if (closed || writing_node) {
    return;
  }
  switch (phase) {
    case Phase::head:
      take_head();
      return;
    case Phase::body:
      pass_body();
      return;
    case Phase::tunnel:
      if (!from_client.empty()) {
        write_node(std::exchange(from_client, {}));
        return;
      }
      break;
    case Phase::connecting:
    case Phase::answer:
      break;
    case Phase::lingering:
      from_client.clear();
      break;
  }
  if (from_client.empty()) {
    read_client();  // to learn when it goes away, at least
  }
}

void ProxyConnection::State::take_head() {
  std::string_view bytes = from_client;
  auto head = request_reader.take(bytes);
  from_client.erase(0, from_client.size() - bytes.size());
  if (!head) {
    refuse("400 Bad Request", "cannot read the request: " + head.error().message);
  } else if (*head) {
    begin_request(**std::move(head));
  } else {
    read_client();
  }
}

void ProxyConnection::State::begin_request(MessageHead head) {
  auto body = BodyReader::of_request(head);
  if (!body) {
    refuse("400 Bad Request", "cannot pass on the request: " + body.error().message);
    return;
  }
  auto rewritten = rewrite_request(std::move(head), ports.address, ports.node, ports.network);
  if (!rewritten) {
    refuse("400 Bad Request", "cannot pass on the request: " + rewritten.error().message);
    return;
  }
  request = *std::move(rewritten);
  request_body = *body;
  exchange = ports.journal.begin(request->line, request->head);
  if (node_connected) {
    send_request();
  } else {
    connect();
  }
}

void ProxyConnection::State::connect() {
  phase = Phase::connecting;
  set_deadline(limits::open_ns_max, [this] {
    if (phase == Phase::connecting) {
      connected("it did not answer in time");
    }
  });
  node.connect(ports.node, [self = shared_from_this()](const std::string& failure) {
    self->connected(failure);
  });
  pump();
}

void ProxyConnection::State::connected(const std::string& failure) {
  deadline.cancel();
  const std::string why = ports.journal.redacted(failure);
  ports.on_reached(why);
  if (!why.empty()) {
    end_exchange(port::ConnectionEnd::broken, why);
    refuse("502 Bad Gateway", "cannot pass on the request: " + why);
    return;
  }
  node_connected = true;
  send_request();
  read_node();
}

void ProxyConnection::State::send_request() {
  phase = request_body->done() ? Phase::answer : Phase::body;
  write_node(std::move(request->to_node));
}

void ProxyConnection::State::pass_body() {
  if (from_client.empty()) {
    read_client();
    return;
  }
  std::string_view rest = from_client;
  std::string content;
  if (const auto taken = request_body->take(rest, content); !taken) {
    close("the client sent a request that cannot be read: " + taken.error().message);
    return;
  }
  if (exchange) {
    exchange->request_body(content);
  }
  phase = request_body->done() ? Phase::answer : Phase::body;
  std::string raw = from_client.substr(0, from_client.size() - rest.size());
  from_client.erase(0, raw.size());
  write_node(std::move(raw));
}

void ProxyConnection::State::read_client() {
  if (std::exchange(reading_client, true)) {
    return;
  }
  client.async_read_some(asio::buffer(read_buffer),
                         [self = shared_from_this()](const error_code& error, std::size_t count) {
                           self->reading_client = false;
                           if (self->closed) {
                             return;
                           }
                           if (error) {
                             self->close("the client closed the connection");
                             return;
                           }
                           self->from_client.append(self->read_buffer.data(), count);
                           self->pump();
                         });
}

void ProxyConnection::State::write_node(std::string bytes) {
  writing_node = true;
  node.write(std::move(bytes), [self = shared_from_this()](const error_code& /*error*/) {
    // Where the node takes no more it may still have said why: the read tells how this ends.
    self->writing_node = false;
    self->next_request();
    self->pump();
  });
  if (from_client.empty() && !reading_client) {
    read_client();
  }
}

void ProxyConnection::State::read_node() {
  node.receive([self = shared_from_this()](const error_code& error, std::string_view bytes) {
    if (error) {
      self->node_ended(error);
    } else {
      self->answered(bytes);
    }
  });
}

void ProxyConnection::State::answered(std::string_view bytes) {
  std::string out;
  std::string content;
  const Result<void> passed = pass_answer(bytes, out, content);
  if (!passed) {
    const std::string why = "the node's answer cannot be passed on: " + passed.error().message;
    end_exchange(port::ConnectionEnd::broken, why);
    if (answer_body) {
      close(why);
    } else {
      refuse("502 Bad Gateway", why);
    }
    return;
  }
  // The client first: nothing that we do for ourselves may delay it.
  if (out.empty()) {
    read_node();
  } else {
    write_client(std::move(out));
  }
  tell_journal(content);
}

Result<void> ProxyConnection::State::pass_answer(std::string_view bytes, std::string& out,
                                                 std::string& content) {
  while (!bytes.empty()) {
    if (phase == Phase::tunnel) {
      out += bytes;
      return {};
    }
    if (!request || (answer_body && answer_body->done())) {
      return fail_io("it said more than it was asked");
    }
    if (answer_body) {
      const std::string_view before = bytes;
      if (auto taken = answer_body->take(bytes, content); !taken) {
        return taken;
      }
      out += before.substr(0, before.size() - bytes.size());
      continue;
    }
    auto head = answer_reader.take(bytes);
    if (!head) {
      return fail(head.error());
    }
    if (!*head) {
      return {};
    }
    if (auto judged = judge_answer_head(**std::move(head), out); !judged) {
      return judged;
    }
  }
  return {};
}

Result<void> ProxyConnection::State::judge_answer_head(MessageHead head, std::string& out) {
  const auto status = parse_status_line(head.start_line);
  if (!status) {
    return fail(status.error());
  }
  answer_status = *status;
  MessageHead passed_on = head;
  rewrite_response(passed_on, ports.node, request->own_origin);
  if (*status == 101) {
    phase = Phase::tunnel;
    answer_head = std::move(head);
  } else if (*status < 200) {
    if (++interim_answers > limits::interim_responses_max) {
      return fail_io("it puts off the answer for ever");
    }
  } else {
    auto body = BodyReader::of_response(head, *status, request->line.method);
    if (!body) {
      return fail(body.error());
    }
    answer_body = *body;
    answer_head = std::move(head);
  }
  out += passed_on.text();
  return {};
}

void ProxyConnection::State::tell_journal(const std::string& content) {
  const std::optional<MessageHead> head = std::exchange(answer_head, std::nullopt);
  if (!exchange) {
    return;
  }
  if (head) {
    exchange->response(answer_status, *head);
  }
  if (!content.empty()) {
    exchange->response_body(content);
  }
  if (phase == Phase::tunnel || (answer_body && answer_body->done())) {
    end_exchange(port::ConnectionEnd::finished, "the response is over");
  }
}

void ProxyConnection::State::node_ended(const error_code& error) {
  if (answer_body && error == asio::error::eof && answer_body->ends_here()) {
    end_exchange(port::ConnectionEnd::finished, "the response is over");
    linger();
    return;
  }
  if (!request || phase == Phase::tunnel) {
    linger();
    return;
  }
  end_exchange(port::ConnectionEnd::broken, ports.journal.redacted(node.explain(error)));
  close("the node ended the connection");
}

void ProxyConnection::State::write_client(std::string bytes) {
  to_client = std::move(bytes);
  writing_client = true;
  asio::async_write(client, asio::buffer(to_client),
                    [self = shared_from_this()](const error_code& error, std::size_t /*count*/) {
                      self->writing_client = false;
                      if (self->closed) {
                        return;
                      }
                      if (error) {
                        self->close("the client closed the connection");
                      } else if (self->phase == Phase::lingering) {
                        self->linger();
                      } else {
                        self->next_request();
                        self->read_node();
                        self->pump();
                      }
                    });
}

/// Goes on to the next request when this one and its response are through.
void ProxyConnection::State::next_request() {
  const bool through = phase == Phase::answer && answer_body && answer_body->done();
  if (through && !writing_client && !writing_node) {
    request.reset();
    answer_body.reset();
    interim_answers = 0;
    phase = Phase::head;
  }
}

void ProxyConnection::State::refuse(const char* status, const std::string& sentence) {
  phase = Phase::lingering;
  node.close();
  write_client(own_answer(status, sentence));
  pump();
}

void ProxyConnection::State::end_exchange(port::ConnectionEnd end, const std::string& detail) {
  if (const auto ended = std::move(exchange)) {
    ended->end(end, detail);
  }
}

void ProxyConnection::State::set_deadline(std::int64_t wait_ns, std::function<void()> passed) {
  deadline.expires_after(std::chrono::nanoseconds(wait_ns));
  deadline.async_wait(
      [self = shared_from_this(), passed = std::move(passed)](const error_code& cancelled) {
        if (!cancelled && !self->closed) {
          passed();
        }
      });
}

/// Nothing more is said to the client; it closes, or is closed.
void ProxyConnection::State::linger() {
  phase = Phase::lingering;
  node.close();
  error_code ignored;
  client.shutdown(tcp::socket::shutdown_send, ignored);
  set_deadline(linger_ns, [this] { close("it is over"); });
  pump();
}

void ProxyConnection::State::close(const std::string& why) {
  if (std::exchange(closed, true)) {
    return;
  }
  end_exchange(port::ConnectionEnd::stopped, why);
  deadline.cancel();
  node.close();
  error_code ignored;
  client.close(ignored);
  asio::post(ports.loop.context(), std::move(over));
}

ProxyConnection::ProxyConnection(const ProxyConnectionPorts& ports, tcp::socket client,
                                 std::function<void()> done)
    : state_(std::make_shared<State>(ports, std::move(client), std::move(done))) {
  state_->pump();
}

void ProxyConnection::close(const std::string& why) {
  state_->close(why);
}

}  // namespace tapedeck::recorder
