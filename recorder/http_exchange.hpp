// One HTTP/1 request and its response, on a connection of its own.
//
// The head first, then the body without its chunk framing as it arrives. It only moves when the
// event loop runs; ask it afterwards how far it is. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "recorder/request.hpp"
#include "recorder/response.hpp"
#include "recorder/transport.hpp"

namespace tapedeck::recorder {

class EventLoop;

class HttpExchange {
 public:
  /// `loop` must outlive the exchange.
  HttpExchange(EventLoop& loop, const Network& network);
  ~HttpExchange();

  /// Connects to the origin of `url` and sends `request`.
  void start(const Url& url, std::string request);

  /// Why no response came, a clause; "" as long as there is hope.
  [[nodiscard]] const std::string& failure() const;

  [[nodiscard]] bool has_head() const;
  /// When there is one.
  [[nodiscard]] ResponseHead head() const;
  /// All fields of the head as they came.
  [[nodiscard]] std::vector<Header> fields() const;

  /// The body is over.
  struct End {
    bool whole = true;   ///< it is as long as HTTP says it should be
    std::string detail;  ///< a clause
  };
  /// Nothing yet: more is being read.
  using Body = std::variant<std::monostate, std::string_view, End>;

  /// What of the body has arrived and was not taken yet, at least a byte (until the next call), or
  /// how it ended. To be called when the head is there.
  [[nodiscard]] Body take_body();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tapedeck::recorder
