// One connection of the server: requests in, answers out, until it turns into an event stream.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "replayer/broadcast.hpp"
#include "replayer/client_socket.hpp"
#include "replayer/control_api.hpp"
#include "replayer/control_feed.hpp"
#include "replayer/facade.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::replayer {

/// What all connections of a server have in common.
struct Service {
  Facade& facade;
  Broadcast& broadcast;
  const ServerLimits& limits;
  ControlApi* control = nullptr;  ///< null: nobody steers by HTTP
  ControlFeed* feed = nullptr;    ///< likewise
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  /// `service` must outlive the connection.
  Connection(ClientSocket socket, Service& service);

  /// Serves until the connection is closed, by whichever side.
  boost::asio::awaitable<void> serve();

  /// Takes no further request; the answer that is on its way is still sent.
  void stop();

  /// Closes at once, an event stream too.
  void close();

 private:
  using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

  /// False: there is nobody to talk to.
  boost::asio::awaitable<bool> shake_hands();
  /// False: no further request is to come.
  boost::asio::awaitable<bool> serve_request();
  boost::asio::awaitable<bool> wait_for_request();
  boost::asio::awaitable<bool> answer(HttpRequest request);
  boost::asio::awaitable<bool> send_answer(const HttpRequest& request, Answer answer);
  boost::asio::awaitable<bool> send_stream(const HttpRequest& request, StreamGrant grant);
  boost::asio::awaitable<bool> send_feed(const HttpRequest& request);
  void note_answer(const HttpRequest& request, int status) const;
  boost::asio::awaitable<void> refuse(boost::system::error_code error);
  boost::asio::awaitable<void> linger();

  /// The connection is closed then.
  void set_deadline(std::chrono::nanoseconds after);
  void clear_deadline();

  ClientSocket socket_;
  Service& service_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer delay_;
  boost::beast::flat_buffer buffer_;
  std::shared_ptr<EventStream> stream_;
  bool first_ = true;
  bool idle_ = false;
  bool stopping_ = false;
};

}  // namespace tapedeck::replayer
