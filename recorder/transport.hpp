// One connection to an origin: TCP, through a proxy where one is set, and TLS for https.
//
// Once it is closed or gone none of its callbacks is called. One read and one write at a time. Not
// thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

#include "core/base/result.hpp"
#include "recorder/proxy_settings.hpp"
#include "recorder/tls.hpp"
#include "recorder/url.hpp"

namespace tapedeck::recorder {

class EventLoop;

class AddressBook;

/// How this machine reaches others. Copies share their memory of addresses.
struct Network {
  Network(std::shared_ptr<TlsContext> context, ProxySettings settings);

  /// "HOST=ADDRESS,ADDRESS": what the host's name stands for, whatever DNS says.
  Result<void> enter(std::string_view text);

  std::shared_ptr<TlsContext> tls;
  ProxySettings proxies;
  std::shared_ptr<AddressBook> addresses;
};

class Transport {
 public:
  /// `failure` is a clause on why there is no connection, "" on success.
  using Connected = std::function<void(const std::string& failure)>;
  using Written = std::function<void(const boost::system::error_code& error)>;
  /// `bytes`: at least one of them, or none where there is an error; they live during the call.
  using Received =
      std::function<void(const boost::system::error_code& error, std::string_view bytes)>;

  /// `loop` must outlive the transport.
  Transport(EventLoop& loop, const Network& network);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport() { close(); }

  /// Connects to the origin of `url`. No callback is called within the call that takes it.
  void connect(const Url& url, Connected done);
  void write(std::string bytes, Written done);
  void receive(Received done);

  /// The peer has answered, and `well` means that it serves: it is asked first the next time. Who
  /// does not answer at all is asked last.
  void answered(bool well);

  /// Drops the connection at once.
  void close();

  /// What an error of `receive` or `write` means; a clause.
  [[nodiscard]] std::string explain(const boost::system::error_code& error) const;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< handlers under way keep it
};

/// The proxy that a request for `url` is to be written for: it asks for the whole URL. A proxy of
/// an https URL is a tunnel and none of the request's business.
[[nodiscard]] std::optional<Url> plain_proxy(const Network& network, const Url& url);

}  // namespace tapedeck::recorder
