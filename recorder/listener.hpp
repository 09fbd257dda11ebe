// Listening for those on this machine, and for others only where they are let in.
#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "core/base/result.hpp"

namespace tapedeck::recorder {

/// `127.0.0.1:8080`, `[::1]:8080`.
[[nodiscard]] std::string address_text(const std::string& host, std::uint16_t port);

/// Opens `acceptor` at this address; port 0: the system picks one. Only one of the loopback, unless
/// `allow_remote`. Gives the address that was bound, as `address_text`.
[[nodiscard]] Result<std::string> listen_at(boost::asio::ip::tcp::acceptor& acceptor,
                                            const std::string& host, std::uint16_t port,
                                            bool allow_remote);

}  // namespace tapedeck::recorder
