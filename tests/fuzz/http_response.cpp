// Bytes of a node to the HTTP source of the recorder, over real sockets: the stream opens and ends,
// or is refused; and a body that is whole is what the proxy would have taken it for.
//
// The source asks through a proxy, which is the target itself: wherever a redirect leads, nobody
// else is asked. Over https the bytes are first what the proxy says to CONNECT, then TLS.
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder/event_loop.hpp"
#include "recorder/http_source.hpp"
#include "recorder/proxy_message.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace tapedeck::fuzz {
namespace {

using namespace recorder;

/// Says the same to everybody who connects.
class Node {
 public:
  Node() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    check(::bind(listener_, any, size) == 0 && ::listen(listener_, 64) == 0 &&
              ::getsockname(listener_, any, &size) == 0,
          "no port can be listened on");
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// To those who wait; what a client says is left unread until the end.
  void answer(std::string_view bytes) {
    for (;;) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) {
        return;
      }
      check(::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) == std::ssize(bytes),
            "an input fits into the socket");
      ::shutdown(client, SHUT_WR);
      clients_.push_back(client);
    }
  }
  void forget_clients() {
    for (const int client : clients_) {
      ::close(client);
    }
    clients_.clear();
  }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::vector<int> clients_;
};

struct Heard {
  std::string body;
  bool whole = false;
};

Network reached_through(const Node& node) {
  const std::string proxy = "http://127.0.0.1:" + std::to_string(node.port());
  const auto settings = ProxySettings::from_environment(
      [&](const std::string& name) { return name.starts_with("http") ? proxy : std::string(); });
  const auto tls = TlsContext::make({.verify = false});
  check(settings && tls, "a proxy for all");
  return {*tls, *settings};
}

/// The body, or nothing where no stream opened.
std::optional<Heard> hear(std::string_view bytes) {
  static Node node;
  static const Network network = reached_through(node);
  EventLoop loop;
  Redactor redactor;
  HttpSource source(loop, redactor,
                    {*parse_url("http://node.example/events"), {}, [] { return 0; }, network});
  source.open("");
  std::optional<Heard> heard;
  const std::int64_t until_ns = loop.now_ns() + 20'000'000'000;
  for (;;) {
    node.answer(bytes);
    const SourceEvent event = source.next(loop.now_ns());  // what is due; the node is this thread
    check(loop.now_ns() < until_ns, "a stream ends with its connection");
    if (std::holds_alternative<Opened>(event)) {
      heard.emplace();
    } else if (const auto* arrived = std::get_if<Arrived>(&event)) {
      check(heard.has_value() && !arrived->bytes.empty(), "bytes come on an open stream");
      heard->body += arrived->bytes;
    } else if (const auto* ended = std::get_if<Ended>(&event)) {
      check(heard.has_value(), "a stream that ends was open");
      heard->whole = ended->end == port::ConnectionEnd::finished;
      break;
    } else if (const auto* refused = std::get_if<Refused>(&event)) {
      check(!refused->reason.empty(), "a refusal says why");
      break;
    }
  }
  node.forget_clients();
  return heard;
}

/// What stands between would take for the body of the answer; nothing: it would refuse it.
std::optional<Heard> proxied(std::string_view bytes) {
  for (;;) {
    HeadReader reader;
    const auto head = reader.take(bytes);
    if (!head || !*head) {
      return std::nullopt;
    }
    const auto status = parse_status_line((*head)->start_line);
    if (!status) {
      return std::nullopt;
    }
    if (*status < 200 && *status != 101) {
      continue;
    }
    auto body = BodyReader::of_response(**head, *status, "GET");
    Heard heard;
    if (!body || !body->take(bytes, heard.body)) {
      return std::nullopt;
    }
    heard.whole = body->ends_here();
    return heard;
  }
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, std::min<std::size_t>(size, 65'536));
  const std::string_view bytes = input.rest();
  for (const char* here : {"127", "localhost", "[", "2130706433", "0x7f", "017"}) {
    if (bytes.find(here) != std::string_view::npos) {
      return 0;  // no proxy is asked for this machine
    }
  }
  const auto heard = fuzz::hear(bytes);
  const auto between = fuzz::proxied(bytes);
  if (heard && between && heard->whole && between->whole) {
    check(heard->body == between->body, "a recorder and a proxy take the same body from an answer");
  }
  return 0;
}
