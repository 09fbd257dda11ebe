#include "replayer/address.hpp"

#include <charconv>

namespace tapedeck::replayer {

Result<Address> parse_address(std::string_view text) {
  const auto refuse = [&] {
    return fail_usage("'" + std::string(text) +
                      "' is not an address to listen on; write HOST:PORT, e.g. 127.0.0.1:8080 or "
                      "[::1]:0");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return refuse();
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty() || host.find_first_of("[]/ ") != std::string_view::npos ||
      (!bracketed && host.find(':') != std::string_view::npos)) {
    return refuse();
  }
  Address address{.host = std::string(host), .port = 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc{} || end != port.data() + port.size()) {
    return refuse();
  }
  return address;
}

std::string to_string(const Address& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace tapedeck::replayer
