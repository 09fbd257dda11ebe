#include "recorder/listener.hpp"

namespace tapedeck::recorder {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string address_text(const std::string& host, std::uint16_t port) {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<std::string> listen_at(tcp::acceptor& acceptor, const std::string& host, std::uint16_t port,
                              bool allow_remote) {
  const std::string wanted = address_text(host, port);
  const auto cannot = [&](const error_code& error) {
    return fail_io("cannot listen on " + wanted + ": " +
                   (error == asio::error::address_in_use
                        ? "the port is in use; port 0 picks a free one"
                        : error.message()));
  };
  error_code error;
  tcp::resolver resolver(acceptor.get_executor());
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    return cannot(error ? error : asio::error::host_not_found);
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  if (!endpoint.address().is_loopback() && !allow_remote) {
    return fail_usage("'" + wanted +
                      "' would let other machines in; add --allow-remote if they may");
  }
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error) {
    acceptor.bind(endpoint, error);
  }
  if (!error) {
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    return cannot(error);
  }
  const tcp::endpoint bound = acceptor.local_endpoint(error);
  return address_text(bound.address().to_string(), bound.port());
}

}  // namespace tapedeck::recorder
