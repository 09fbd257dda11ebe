#include "recorder/address_book.hpp"

#include <algorithm>

#include "recorder/ascii.hpp"

namespace tapedeck::recorder {

Result<void> AddressBook::enter(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  std::vector<boost::asio::ip::address> addresses;
  for (std::size_t at = equals; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at + 1), text.size());
    boost::system::error_code error;
    addresses.push_back(
        boost::asio::ip::make_address(std::string(text.substr(at + 1, end - at - 1)), error));
    if (error) {
      return fail_usage("'" + std::string(text) + "' does not read HOST=ADDRESS[,ADDRESS]");
    }
    at = end;
  }
  if (equals == 0 || addresses.empty()) {
    return fail_usage("'" + std::string(text) + "' does not read HOST=ADDRESS[,ADDRESS]");
  }
  entered_[lower(text.substr(0, equals))] = std::move(addresses);
  return {};
}

AddressBook::Endpoints AddressBook::entered(const std::string& host, std::uint16_t port) const {
  Endpoints endpoints;
  if (const auto found = entered_.find(host); found != entered_.end()) {
    for (const auto& address : found->second) {
      endpoints.emplace_back(address, port);
    }
    return endpoints;
  }
  boost::system::error_code is_name;
  if (const auto address = boost::asio::ip::make_address(host, is_name); !is_name) {
    endpoints.emplace_back(address, port);
  }
  return endpoints;
}

AddressBook::Endpoints AddressBook::ordered(const std::string& host, Endpoints endpoints) const {
  const auto found = histories_.find(host);
  if (found == histories_.end()) {
    return endpoints;
  }
  const auto rank = [&history = found->second](const Endpoint& endpoint) {
    const bool failed = std::ranges::find(history.failed, endpoint) != history.failed.end();
    return endpoint == history.last ? 0 : failed ? 2 : 1;
  };
  std::ranges::stable_sort(endpoints, {}, rank);
  return endpoints;
}

void AddressBook::served(const std::string& host, const Endpoint& endpoint) {
  History& history = histories_[host];
  history.last = endpoint;
  std::erase(history.failed, endpoint);
}

void AddressBook::failed(const std::string& host, const Endpoint& endpoint) {
  History& history = histories_[host];
  if (history.last == endpoint) {
    history.last.reset();
  }
  std::erase(history.failed, endpoint);
  history.failed.push_back(endpoint);
}

}  // namespace tapedeck::recorder
