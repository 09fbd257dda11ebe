#include "recorder/proxy_server.hpp"

#include <chrono>
#include <map>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/listener.hpp"
#include "recorder/proxy_connection.hpp"

namespace tapedeck::recorder {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Clients served at a time: each costs two descriptors, and a process usually has 1,024.
constexpr std::size_t connections_max = 400;
/// From one look at what is due on the tapes to the next.
constexpr std::int64_t tick_ns = 50 * ns_per_ms;
/// Until the next attempt to accept where the system had nothing left to accept with.
constexpr std::chrono::milliseconds accept_again{200};

}  // namespace

struct ProxyServer::State {
  State(EventLoop& event_loop, const ProxyOptions& wishes, ProxyJournalPorts ports)
      : loop(event_loop),
        options(wishes),
        log(ports.log),
        journal(std::move(ports), wishes.node.scheme + "://" + host_header(wishes.node)),
        acceptor(loop.context()),
        pause(loop.context()) {}

  Result<void> listen();
  void accept();
  void accepted(const error_code& error, tcp::socket socket);
  void note_reached(const std::string& failure);

  EventLoop& loop;
  const ProxyOptions options;
  std::function<void(const std::string&)> log;
  ProxyJournal journal;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::string address;
  std::string url;
  std::string failure;  ///< why the node could not be reached the last time; "" when it could
  std::uint64_t count = 0;
  bool accepting = false;
  std::map<std::uint64_t, std::unique_ptr<ProxyConnection>> connections;  ///< by their number
};

Result<void> ProxyServer::State::listen() {
  auto bound = listen_at(acceptor, options.host, options.port, options.allow_remote);
  if (!bound) {
    return fail(bound.error());
  }
  address = *std::move(bound);
  url = "http://" + address;
  accept();
  return {};
}

void ProxyServer::State::accept() {
  if (connections.size() >= connections_max || std::exchange(accepting, true)) {
    return;  // who waits is served when another has gone
  }
  acceptor.async_accept(
      [this](const error_code& error, tcp::socket socket) { accepted(error, std::move(socket)); });
}

void ProxyServer::State::accepted(const error_code& error, tcp::socket socket) {
  accepting = false;
  if (error == asio::error::operation_aborted) {
    return;
  }
  if (error) {
    pause.expires_after(accept_again);
    pause.async_wait([this](const error_code& cancelled) {
      if (!cancelled) {
        accept();
      }
    });
    return;
  }
  const std::uint64_t number = ++count;
  const ProxyConnectionPorts ports{
      .loop = loop,
      .network = options.network,
      .node = options.node,
      .address = address,
      .journal = journal,
      .on_reached = [this](const std::string& why) { note_reached(why); }};
  connections.emplace(number,
                      std::make_unique<ProxyConnection>(ports, std::move(socket), [this, number] {
                        connections.erase(number);
                        accept();
                      }));
  accept();
}

/// Says it once, however often a client tries.
void ProxyServer::State::note_reached(const std::string& why) {
  if (why != failure) {
    log(why.empty() ? "the node can be reached again" : "clients are answered with 502: " + why);
    failure = why;
  }
}

ProxyServer::ProxyServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProxyServer::~ProxyServer() = default;

Result<std::unique_ptr<ProxyServer>> ProxyServer::listen(EventLoop& loop,
                                                         const ProxyOptions& options,
                                                         ProxyJournalPorts ports) {
  auto state = std::make_unique<State>(loop, options, std::move(ports));
  if (auto listening = state->listen(); !listening) {
    return fail(listening.error());
  }
  return std::unique_ptr<ProxyServer>(new ProxyServer(std::move(state)));
}

void ProxyServer::run() {
  while (!state_->loop.stop_requested()) {
    serve(state_->loop.now_ns() + tick_ns);
  }
  finish();
}

void ProxyServer::serve(std::int64_t until_ns) {
  state_->loop.wait_until(until_ns);
  state_->journal.tick();
}

void ProxyServer::finish() {
  State& state = *state_;
  error_code ignored;
  state.acceptor.close(ignored);
  state.pause.cancel();
  for (const auto& [number, connection] : state.connections) {
    connection->close("tapedeck was stopped");
  }
  state.journal.finish();
}

const std::string& ProxyServer::url() const {
  return state_->url;
}

std::uint64_t ProxyServer::connections() const {
  return state_->count;
}

std::size_t ProxyServer::open_connections() const {
  return state_->connections.size();
}

const std::string& ProxyServer::unreachable() const {
  return state_->failure;
}

const ProxyTotals& ProxyServer::totals() const {
  return state_->journal.totals();
}

}  // namespace tapedeck::recorder
