// The HOST:PORT to listen on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::replayer {

struct Address {
  std::string host = "127.0.0.1";  ///< a name or an IP address, IPv6 without its brackets
  std::uint16_t port = 8080;       ///< 0: the system picks one
};

/// Reads `127.0.0.1:8080`, `localhost:0`, `[::1]:8080`.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

/// As `parse_address` reads it.
[[nodiscard]] std::string to_string(const Address& address);

}  // namespace tapedeck::replayer
