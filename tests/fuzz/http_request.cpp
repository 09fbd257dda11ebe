// Bytes of a client to a connection of the server, over a pair of sockets: what comes back is
// nothing or HTTP responses, and the connection ends when the client has said all. Who steers by
// HTTP steers a timeline that all share, and others begin one of their own.
#include <cerrno>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/join_defaults.hpp"
#include "replayer/broadcast.hpp"
#include "replayer/connection.hpp"
#include "replayer/facade.hpp"
#include "replayer/pump_clock.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/support/seconds_reel.hpp"

namespace tapedeck::fuzz {
namespace {

using namespace replayer;
using boost::asio::ip::tcp;

/// A server without its listening socket, for one connection.
class OneConnection {
 public:
  explicit OneConnection(Sharing sharing) : options_(server_options(sharing)) {
    check(broadcast_.start().has_value(), "a play begins");
    int ends[2] = {-1, -1};
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0,
          "no sockets");
    client_ = ends[0];
    tcp::socket socket(clock_.context());
    socket.assign(tcp::v4(), ends[1]);
    connection_ = std::make_shared<Connection>(ClientSocket(std::move(socket), nullptr), service_);
  }
  OneConnection(const OneConnection&) = delete;
  OneConnection& operator=(const OneConnection&) = delete;
  ~OneConnection() { ::close(client_); }

  /// What the client gets for `bytes`.
  std::string ask(std::string_view bytes) {
    check(::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == std::ssize(bytes),
          "an input fits into the socket");
    ::shutdown(client_, SHUT_WR);
    boost::asio::co_spawn(clock_.context(), connection_->serve(),
                          [this](const std::exception_ptr& error) {
                            check(!error, "a connection throws nothing");
                            done_ = true;
                          });
    std::string answer;
    const auto played = deck_.run(clock_, [&] {
      read(answer);
      return done_;
    });
    check(played.has_value(), "nothing that is played fails");
    read(answer);
    return answer;
  }

 private:
  void read(std::string& answer) const {
    char bytes[4096];
    for (;;) {
      const auto count = ::recv(client_, bytes, sizeof bytes, 0);
      if (count <= 0) {
        return;
      }
      answer.append(bytes, static_cast<std::size_t>(count));
    }
  }

  static ServerOptions server_options(Sharing sharing) {
    ServerOptions options;
    options.sharing = sharing;
    options.at_once = sharing == Sharing::shared;
    options.limits.refused_refresh_delay = std::chrono::milliseconds(0);
    return options;
  }
  FacadeHooks hooks() {
    return {
        .participant_uuid = [](std::uint64_t,
                               std::string_view) { return std::string(default_participant_uuid); },
        .join = [](const JoinInfo&) { return Result<Entrance>(Entrance::conference); },
        .leave = [this](const Member& member,
                        std::string_view why) { broadcast_.end_member(member.id, why); }};
  }

  const ServerOptions options_;
  test::SecondsReel reel_;
  const Programme programme_{
      .open_stream =
          [](const JoinInfo&) {
            return Result<std::unique_ptr<port::FrameSource>>(
                test::memory_source({{.raw = "event: stage\ndata: []\n\n"}}));
          },
      .reel = &reel_};
  PumpClock clock_;
  Deck deck_;
  Broadcast broadcast_{deck_, clock_, options_, programme_};
  Facade facade_{hooks()};
  Steering steering_{broadcast_};
  ControlApi control_{steering_, {.listen_host = "a"}};
  ControlFeed feed_{[this] { return control_.status_block(); }};
  Service service_{facade_, broadcast_, options_.limits, &control_, &feed_};
  std::shared_ptr<Connection> connection_;
  int client_ = -1;
  bool done_ = false;
};

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, std::min<std::size_t>(size, 65'536));
  const std::string_view bytes = input.rest();
  const bool steers = bytes.find("/tapedeck/v1/") != std::string_view::npos;
  fuzz::OneConnection connection(steers ? replayer::Sharing::shared : replayer::Sharing::separate);
  const std::string answer = connection.ask(bytes);
  check(answer.empty() || answer.starts_with("HTTP/1."), "an answer is HTTP");
  for (std::size_t at = answer.find('\n'); at != std::string::npos;
       at = answer.find('\n', at + 1)) {
    const bool in_head = at < answer.find("\r\n\r\n") + 4;
    check(!in_head || answer[at - 1] == '\r', "each line of a head ends in CR LF");
  }
  return 0;
}
