// Which addresses a host has, and which of them to ask first.
//
// A name may stand for several nodes, and a token is good at the one that gave it: the address that
// served last goes first, one that failed since goes last. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "core/base/result.hpp"

namespace tapedeck::recorder {

class AddressBook {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  using Endpoints = std::vector<Endpoint>;

  /// "HOST=ADDRESS,ADDRESS": what the host's name stands for, whatever DNS says.
  Result<void> enter(std::string_view text);

  /// The addresses entered for `host` with `port`, or what it is itself where it is an address;
  /// none where DNS is to be asked.
  [[nodiscard]] Endpoints entered(const std::string& host, std::uint16_t port) const;

  /// `endpoints` of `host` in the order in which to try them.
  [[nodiscard]] Endpoints ordered(const std::string& host, Endpoints endpoints) const;

  void served(const std::string& host, const Endpoint& endpoint);
  void failed(const std::string& host, const Endpoint& endpoint);

 private:
  struct History {
    std::optional<Endpoint> last;  ///< that served
    Endpoints failed;              ///< since it last served
  };

  std::map<std::string, std::vector<boost::asio::ip::address>> entered_;
  std::map<std::string, History> histories_;
};

}  // namespace tapedeck::recorder
