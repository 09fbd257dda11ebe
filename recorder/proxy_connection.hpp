// One client of the proxy and its connection to the node, which live and end together.
//
// Requests go through one after the other, as HTTP/1.1 without pipelining: what a client sends
// beyond the end of a request waits until the response is through. Heads are read and rewritten,
// bodies pass as they come; no direction holds more than one read and one head. After a 101 all
// bytes pass both ways. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "recorder/proxy_journal.hpp"
#include "recorder/transport.hpp"

namespace tapedeck::recorder {

class EventLoop;

/// What the connections of a proxy share; all of it must outlive them.
struct ProxyConnectionPorts {
  EventLoop& loop;
  const Network& network;
  const Url& node;
  const std::string& address;  ///< HOST:PORT of the proxy
  ProxyJournal& journal;
  /// What became of an attempt to reach the node; a clause, "" on success.
  std::function<void(const std::string& failure)> on_reached;
};

class ProxyConnection {
 public:
  /// Serves `client`. `done` is called when it is over, and never within this call or `close`.
  ProxyConnection(const ProxyConnectionPorts& ports, boost::asio::ip::tcp::socket client,
                  std::function<void()> done);
  ProxyConnection(const ProxyConnection&) = delete;
  ProxyConnection& operator=(const ProxyConnection&) = delete;
  ~ProxyConnection() { close("tapedeck ended"); }

  /// Drops it at once; `why` is a clause for the tape.
  void close(const std::string& why);

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< handlers under way keep it
};

}  // namespace tapedeck::recorder
