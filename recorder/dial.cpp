#include "recorder/dial.hpp"

#include <algorithm>
#include <utility>

#include "core/base/limits.hpp"

namespace tapedeck::recorder {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

Dial::Endpoints interleaved(const Dial::Endpoints& endpoints) {
  Dial::Endpoints first;
  Dial::Endpoints other;
  for (const tcp::endpoint& endpoint : endpoints) {
    (endpoint.protocol() == endpoints.front().protocol() ? first : other).push_back(endpoint);
  }
  Dial::Endpoints mixed;
  for (std::size_t i = 0; i < std::max(first.size(), other.size()); ++i) {
    for (const Dial::Endpoints* family : {&first, &other}) {
      if (i < family->size()) {
        mixed.push_back((*family)[i]);
      }
    }
  }
  return mixed;
}

void Dial::start(const std::string& host, std::uint16_t port, const AddressBook& book, Done done) {
  const std::string name = host + " port " + std::to_string(port);
  if (Endpoints entered = book.entered(host, port); !entered.empty()) {
    start(name, book.ordered(host, std::move(entered)), std::move(done));
    return;
  }
  done_ = std::move(done);
  resolver_.async_resolve(
      host, std::to_string(port), asio::ip::resolver_base::numeric_service,
      [self = shared_from_this(), host, name, &book](const error_code& error, const auto& found) {
        if (!self->done_) {
          return;
        }
        if (error) {
          self->finish("its host '" + host + "' cannot be resolved: " + error.message());
          return;
        }
        Endpoints endpoints;
        for (const auto& entry : found) {
          endpoints.push_back(entry.endpoint());
        }
        self->start(name, book.ordered(host, interleaved(endpoints)), std::move(self->done_));
      });
}

void Dial::start(const std::string& name, Endpoints endpoints, Done done) {
  name_ = name;
  endpoints_ = std::move(endpoints);
  done_ = std::move(done);
  sockets_.reserve(endpoints_.size());
  try_next();
}

void Dial::try_next() {
  const std::size_t index = sockets_.size();
  if (!done_ || index == endpoints_.size()) {
    return;
  }
  sockets_.emplace_back(io_).async_connect(
      endpoints_[index],
      [self = shared_from_this(), index](const error_code& error) { self->tried(index, error); });
  timer_.expires_after(std::chrono::nanoseconds(limits::dial_stagger_ns));
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) {
      self->try_next();
    }
  });
}

void Dial::tried(std::size_t index, const error_code& error) {
  if (!done_) {
    return;
  }
  if (!error) {
    winner_ = index;
    finish("");
  } else if (++failed_ == endpoints_.size()) {
    const std::string others =
        failed_ > 1 ? " (" + std::to_string(failed_) + " addresses tried)" : "";
    finish("cannot connect to " + name_ + ": " + error.message() + others);
  } else {
    try_next();
  }
}

void Dial::finish(const std::string& failure) {
  const Done done = std::exchange(done_, nullptr);
  timer_.cancel();
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    error_code ignored;
    if (!failure.empty() || i != winner_) {
      sockets_[i].close(ignored);
    }
  }
  done(failure);
}

void Dial::cancel() {
  done_ = nullptr;
  resolver_.cancel();
  timer_.cancel();
  for (tcp::socket& socket : sockets_) {
    error_code ignored;
    socket.close(ignored);
  }
}

}  // namespace tapedeck::recorder
