// Connects to the first of a host's addresses that answers.
//
// As RFC 8305 ("happy eyeballs") has it: the address families take turns, the next address is tried
// when one fails or does not answer within limits::dial_stagger_ns, and the first connection wins.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "recorder/address_book.hpp"

namespace tapedeck::recorder {

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  using Endpoints = AddressBook::Endpoints;
  /// `failure` is a clause, "" on success.
  using Done = std::function<void(const std::string& failure)>;

  explicit Dial(boost::asio::io_context& io) : io_(io), resolver_(io), timer_(io) {}

  /// Looks `host` up, in `book` and then in DNS, and connects. `done` is called once, unless
  /// `cancel` was. `book` must outlive the dial.
  void start(const std::string& host, std::uint16_t port, const AddressBook& book, Done done);

  /// Connects to one of `endpoints`, which `name` stands for in messages.
  void start(const std::string& name, Endpoints endpoints, Done done);

  void cancel();

  // After success:
  /// Where it leads.
  [[nodiscard]] const boost::asio::ip::tcp::endpoint& endpoint() const {
    return endpoints_[winner_];
  }
  /// The connection.
  [[nodiscard]] boost::asio::ip::tcp::socket take() { return std::move(sockets_[winner_]); }

 private:
  void try_next();
  void tried(std::size_t index, const boost::system::error_code& error);
  void finish(const std::string& failure);

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer timer_;
  std::string name_;
  Endpoints endpoints_;
  Done done_;                                          ///< empty when it was called
  std::vector<boost::asio::ip::tcp::socket> sockets_;  ///< of the endpoints tried so far
  std::size_t failed_ = 0;
  std::size_t winner_ = 0;
};

/// `endpoints` with the families taking turns, the family of the first one first.
[[nodiscard]] Dial::Endpoints interleaved(const Dial::Endpoints& endpoints);

}  // namespace tapedeck::recorder
