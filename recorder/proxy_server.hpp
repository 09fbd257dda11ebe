// The recording proxy: a port that clients take for the node, and the tapes of what passes.
//
// One thread, the caller's: run() serves until a stop is requested.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "recorder/proxy_journal.hpp"
#include "recorder/transport.hpp"

namespace tapedeck::recorder {

class EventLoop;

struct ProxyOptions {
  Url node;                        ///< its origin counts
  Network network{nullptr, {}};    ///< without TLS, no https
  std::string host = "127.0.0.1";  ///< to listen on, IPv6 without its brackets
  std::uint16_t port = 8080;       ///< 0: the system picks one
  bool allow_remote = false;       ///< `host` may be one that other machines reach
};

class ProxyServer {
 public:
  /// Binds the address. From here on connections are accepted by the system, and served by run().
  /// `loop` and what is behind `ports` must outlive the server.
  [[nodiscard]] static Result<std::unique_ptr<ProxyServer>> listen(EventLoop& loop,
                                                                   const ProxyOptions& options,
                                                                   ProxyJournalPorts ports);
  ProxyServer(const ProxyServer&) = delete;
  ProxyServer& operator=(const ProxyServer&) = delete;
  ~ProxyServer();

  /// `http://127.0.0.1:8080`, with the port that was picked.
  [[nodiscard]] const std::string& url() const;

  /// Serves until the loop is asked to stop, then finishes.
  void run();

  // The same in steps:

  /// Serves until this time of the loop, or until that is asked to stop.
  void serve(std::int64_t until_ns);
  /// Drops all connections and closes the tapes; nothing may follow.
  void finish();

  /// Clients' connections so far.
  [[nodiscard]] std::uint64_t connections() const;
  /// Of these, those that are open.
  [[nodiscard]] std::size_t open_connections() const;
  /// Why the node could not be reached when that was tried last, a clause; "" when it could.
  [[nodiscard]] const std::string& unreachable() const;
  [[nodiscard]] const ProxyTotals& totals() const;

 private:
  struct State;
  explicit ProxyServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tapedeck::recorder
