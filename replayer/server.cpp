#include "replayer/server.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/resource.h>

#include "core/base/check.hpp"
#include "core/base/join_defaults.hpp"
#include "replayer/broadcast.hpp"
#include "replayer/connection.hpp"
#include "replayer/facade.hpp"
#include "replayer/limits.hpp"
#include "replayer/pump_clock.hpp"

namespace tapedeck::replayer {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Errors of what is awaited come as values.
constexpr auto as_result() {
  return asio::as_tuple(asio::use_awaitable);
}

/// The shortest life of a token is a second.
constexpr std::int64_t token_check_interval_ns = 500'000'000;

/// Descriptors that the process needs for other things than connections.
constexpr rlim_t descriptors_kept = 64;

/// Raises the number of descriptors to what is allowed; gives the number of connections for it.
std::size_t connections_possible(std::size_t connections_max) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
    return connections_max;
  }
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  ::getrlimit(RLIMIT_NOFILE, &files);
  const rlim_t possible = files.rlim_cur - std::min(files.rlim_cur, descriptors_kept);
  return static_cast<std::size_t>(std::min<rlim_t>(possible, connections_max));
}

Failure cannot_listen(const Address& address, const boost::system::error_code& error) {
  const std::string what = "cannot listen on " + to_string(address) + ": ";
  if (error == asio::error::address_in_use) {
    return fail_io(what + "the port is in use; port 0 picks a free one");
  }
  return fail_io(what + error.message());
}

Result<tcp::endpoint> resolve(asio::io_context& context, const Address& address,
                              bool allow_remote) {
  boost::system::error_code error;
  tcp::resolver resolver(context);
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    return cannot_listen(address, error);
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  if (!endpoint.address().is_loopback() && !allow_remote) {
    return fail_usage("'" + to_string(address) +
                      "' would let other machines in; add --allow-remote if they may");
  }
  return endpoint;
}

Result<tcp::acceptor> listen_on(asio::io_context& context, const Address& address,
                                bool allow_remote) {
  const auto endpoint = resolve(context, address, allow_remote);
  if (!endpoint) {
    return fail(endpoint.error());
  }
  tcp::acceptor acceptor(context);
  boost::system::error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) {
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error) {
    acceptor.bind(*endpoint, error);
  }
  if (!error) {
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    return cannot_listen(address, error);
  }
  return acceptor;
}

}  // namespace

namespace {

/// Somebody else's descriptor, which is only watched.
struct Unwatched {
  asio::posix::stream_descriptor& fd;
  ~Unwatched() {
    if (fd.is_open()) {
      fd.release();
    }
  }
};

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, Programme programme)
      : options_(std::move(options)),
        programme_(std::move(programme)),
        acceptor_(clock_.context()),
        accept_pause_(clock_.context()),
        broadcast_(deck_, clock_, options_, programme_),
        facade_(hooks(), options_.admission, token_rules()),
        steering_(broadcast_),
        control_(steering_, {.listen_host = options_.address.host,
                             .tls = options_.identity.has_value(),
                             .allow_remote = options_.allow_remote}),
        feed_([this] { return control_.status_block(); }),
        service_{facade_, broadcast_, options_.limits, options_.steered ? &control_ : nullptr,
                 options_.steered ? &feed_ : nullptr},
        connections_max_(connections_possible(options_.limits.connections_max)) {}

  Result<void> listen() {
    if (options_.identity) {
      auto tls = make_tls_context(*options_.identity);
      if (!tls) {
        return fail(tls.error());
      }
      tls_ = *std::move(tls);
    }
    auto acceptor = listen_on(clock_.context(), options_.address, options_.allow_remote);
    if (!acceptor) {
      return fail(acceptor.error());
    }
    acceptor_ = std::move(*acceptor);
    const tcp::endpoint bound = acceptor_.local_endpoint();
    url_ = (tls_ ? "https://" : "http://") +
           to_string(Address{bound.address().to_string(), bound.port()});
    return {};
  }

  Result<void> run(StopRequest& stop) {
    asio::posix::stream_descriptor stop_fd(clock_.context());
    asio::posix::stream_descriptor pause_fd(clock_.context());
    boost::system::error_code error;
    stop_fd.assign(stop.fd(), error);
    if (!error && options_.pause != nullptr) {
      pause_fd.assign(options_.pause->fd(), error);
    }
    if (error) {
      return fail_io("cannot watch for signals: " + error.message());
    }
    if (options_.pause != nullptr) {
      wait_for_pause(pause_fd);
    }
    if (options_.precise) {
      clock_.be_precise();
    }
    steering_.on_change([this] {
      feed_.renew();
      show();
    });
    asio::posix::stream_descriptor console_fd(clock_.context());
    const Unwatched unwatched{console_fd};
    if (options_.console.fd) {
      watch_console(console_fd);
    }
    stop_fd.async_wait(asio::posix::stream_descriptor::wait_read,
                       [](const boost::system::error_code&) {});
    if (auto started = broadcast_.start(); !started) {
      return started;
    }
    accept_next();
    asio::co_spawn(clock_.context(), watch_for_stalled_streams(), asio::detached);
    asio::co_spawn(clock_.context(), watch_for_expired_tokens(), asio::detached);
    if (options_.steered) {
      asio::co_spawn(clock_.context(), renew_feed(), asio::detached);
    }
    if (options_.console.show) {
      asio::co_spawn(clock_.context(), show_status(console_fd), asio::detached);
    }
    asio::steady_timer end_timer(clock_.context());  // only wakes the loop, which then looks
    const std::int64_t end_ns = options_.for_ns ? clock_.now_ns() + *options_.for_ns
                                                : std::numeric_limits<std::int64_t>::max();
    if (options_.for_ns) {
      end_timer.expires_after(std::chrono::nanoseconds(*options_.for_ns));
      end_timer.async_wait([](const boost::system::error_code&) {});
    }
    auto played = deck_.run(
        clock_, [&] { return stop.requested() || broadcast_.done() || clock_.now_ns() >= end_ns; });
    end();
    stop_fd.release();
    if (options_.pause != nullptr) {
      pause_fd.release();
    }
    return played;
  }

  [[nodiscard]] const std::string& url() const { return url_; }

  [[nodiscard]] ServerReport report() const {
    return {.played = deck_.report(),
            .failure = broadcast_.failure(),
            .streams = broadcast_.streams_opened(),
            .streams_dropped = broadcast_.streams_dropped(),
            .joins = facade_.joins(),
            .connections = accepted_,
            .connections_refused = refused_};
  }

 private:
  TokenRules token_rules() {
    TokenRules rules = options_.tokens;
    if (options_.faults != nullptr && options_.faults->forgets()) {
      rules.remembered_ns = [faults = options_.faults](std::uint64_t join) {
        return faults->remembered_ns(join);
      };
    }
    return rules;
  }

  FacadeHooks hooks() {
    return {.refuse =
                [faults = options_.faults](std::string_view call) {
                  return faults != nullptr ? faults->refuse(call) : std::nullopt;
                },
            .participant_uuid = options_.participant_uuid,
            .redeem = [this](std::string_view alias,
                             std::string_view token) { return broadcast_.redeem(alias, token); },
            .join =
                [this](JoinInfo& who) {
                  broadcast_.identify(who);
                  return programme_.join ? programme_.join(broadcast_.join_info(who))
                                         : Result<Entrance>(Entrance::conference);
                },
            .find =
                [this](std::string_view alias) {
                  const auto found = broadcast_.programme_of(alias);
                  return found ? Result<void>() : fail(found.error());
                },
            .call = [this](Call call, Answer& answer) { broadcast_.call(std::move(call), answer); },
            .leave =
                [this](const Member& member, std::string_view why) {
                  broadcast_.end_member(member.id, why);
                  const auto programme = broadcast_.programme_of(member.who.alias);
                  if (programme && (*programme)->leave) {
                    (*programme)->leave(broadcast_.join_info(member.who));
                  }
                }};
  }

  void wait_for_pause(asio::posix::stream_descriptor& fd) {
    fd.async_wait(asio::posix::stream_descriptor::wait_read,
                  [this, &fd](const boost::system::error_code& error) {
                    if (error) {
                      return;
                    }
                    if (options_.pause->take()) {
                      (void)steering_.toggle_pause(all_sessions);  // of all it can be done
                    }
                    wait_for_pause(fd);
                  });
  }

  /// Hears the terminal while there is something to hear.
  void watch_console(asio::posix::stream_descriptor& fd) {
    const int readable = options_.console.fd();
    if (readable < 0 || console_waits_) {
      return;
    }
    boost::system::error_code error;
    if (!fd.is_open()) {
      fd.assign(readable, error);
    }
    console_waits_ = true;
    fd.async_wait(asio::posix::stream_descriptor::wait_read,
                  [this, &fd](const boost::system::error_code& failed) {
                    console_waits_ = false;
                    if (failed) {
                      return;
                    }
                    if (options_.console.fd() >= 0) {
                      options_.console.heed(steering_);
                      watch_console(fd);
                    }
                  });
  }

  asio::awaitable<void> show_status(asio::posix::stream_descriptor& fd) {
    asio::steady_timer timer(clock_.context());
    for (;;) {
      show();
      timer.expires_after(limits::status_line_interval);
      co_await timer.async_wait(as_result());
      if (options_.console.fd) {
        watch_console(fd);
      }
    }
  }

  void show() {
    if (options_.console.show) {
      options_.console.show(steering_);
    }
  }

  asio::awaitable<void> renew_feed() {
    asio::steady_timer timer(clock_.context());
    for (;;) {
      timer.expires_after(limits::status_feed_interval);
      co_await timer.async_wait(as_result());
      feed_.renew();
    }
  }

  void accept_next() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (!acceptor_.is_open()) {
        return;
      }
      if (error) {
        wait_to_accept();
        return;
      }
      ++accepted_;
      if (connections_.size() < connections_max_) {
        start(std::move(socket));
      } else {
        ++refused_;
      }
      accept_next();
    });
  }

  /// There is no descriptor left, say: others must close first.
  void wait_to_accept() {
    accept_pause_.expires_after(limits::accept_pause);
    accept_pause_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled && acceptor_.is_open()) {
        accept_next();
      }
    });
  }

  void start(tcp::socket socket) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    const auto connection =
        std::make_shared<Connection>(ClientSocket(std::move(socket), tls_.get()), service_);
    connections_.insert(connection.get());
    asio::co_spawn(clock_.context(), connection->serve(),
                   [this, connection](const std::exception_ptr& /*out of memory*/) {
                     connection->close();
                     connections_.erase(connection.get());
                   });
  }

  asio::awaitable<void> watch_for_stalled_streams() {
    asio::steady_timer timer(clock_.context());
    for (;;) {
      timer.expires_after(limits::stall_check_interval);
      co_await timer.async_wait(as_result());
      broadcast_.drop_stalled();
    }
  }

  asio::awaitable<void> watch_for_expired_tokens() {
    asio::steady_timer timer(clock_.context());
    while (facade_.forgets()) {
      // A token that comes in the meantime is good for longer than the wait.
      const std::int64_t look_ns = clock_.now_ns() + token_check_interval_ns;
      const std::int64_t due_ns = std::min(look_ns, facade_.next_expiry_ns().value_or(look_ns));
      timer.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due_ns)));
      co_await timer.async_wait(as_result());
      facade_.release_expired(clock_.now_ns());
    }
  }

  /// Ends every stream and connection: what is on its way first, then all.
  void end() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    broadcast_.end_all();
    feed_.end_all();
    for (Connection* connection : std::set(connections_)) {
      connection->stop();
    }
    wait_for_connections(options_.limits.stop_time_max);
    for (Connection* connection : std::set(connections_)) {
      connection->close();
    }
    wait_for_connections(options_.limits.stop_time_max);
  }

  void wait_for_connections(std::chrono::nanoseconds patience) {
    const std::int64_t until_ns = clock_.now_ns() + patience.count();
    while (!connections_.empty() && clock_.now_ns() < until_ns) {
      clock_.wait_until(until_ns);
    }
  }

  const ServerOptions options_;
  const Programme programme_;
  PumpClock clock_;  // its handlers refer to what follows, and do not run once that is gone
  std::shared_ptr<asio::ssl::context> tls_;
  tcp::acceptor acceptor_;
  asio::steady_timer accept_pause_;
  Deck deck_;
  Broadcast broadcast_;
  Facade facade_;
  Steering steering_;
  ControlApi control_;
  ControlFeed feed_;
  bool console_waits_ = false;
  Service service_;
  std::set<Connection*> connections_;
  std::size_t connections_max_;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::string url_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::listen(ServerOptions options, Programme programme) {
  check(options.sharing != Sharing::live ||
            (!options.timeline.rate.is_unlimited() && options.timeline.from_ns == 0),
        "a live source without a time of its own");
  check(!programme.losses || programme.reopen, "losses without a way to go on");
  if (!options.participant_uuid) {
    options.participant_uuid = [](std::uint64_t, std::string_view) {
      return std::string(default_participant_uuid);
    };
  }
  auto impl = std::make_unique<Impl>(std::move(options), std::move(programme));
  if (auto listening = impl->listen(); !listening) {
    return fail(listening.error());
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

const std::string& Server::url() const {
  return impl_->url();
}

Result<void> Server::run(StopRequest& stop) {
  return impl_->run(stop);
}

ServerReport Server::report() const {
  return impl_->report();
}

}  // namespace tapedeck::replayer
