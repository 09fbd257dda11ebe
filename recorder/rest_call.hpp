// One POST to the REST interface of a node, and what the tape is to know of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/port/recording_sink.hpp"
#include "recorder/http_exchange.hpp"
#include "recorder/redact.hpp"
#include "recorder/request.hpp"

namespace tapedeck::recorder {

class EventLoop;

class RestCall {
 public:
  /// Sends at once. `loop` and `redactor` must outlive the call; `body` is JSON, or "" for none.
  RestCall(EventLoop& loop, const Network& network, Redactor& redactor, const Url& url,
           const std::vector<Header>& headers, const std::string& body);

  /// Whether it is over; to be asked whenever the loop has run.
  [[nodiscard]] bool done();

  // When it is over:
  /// Why there is no answer, a clause; "" where there is one.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] std::int64_t status() const { return exchange_.status; }
  [[nodiscard]] const std::string& content_type() const { return content_type_; }
  [[nodiscard]] const std::string& body() const { return body_; }
  /// Where a redirect leads, without secrets; "" if it is none.
  [[nodiscard]] const std::string& location() const { return location_; }
  [[nodiscard]] const std::string& retry_after() const { return retry_after_; }
  /// Without secrets, with the times of the loop.
  [[nodiscard]] port::Exchange exchange() const;

 private:
  void take_head();
  void fail_with(const std::string& reason);

  EventLoop& loop_;
  Redactor& redactor_;
  HttpExchange http_;
  port::Exchange exchange_;
  std::string request_body_;
  std::string content_type_;
  std::string location_;
  std::string retry_after_;
  std::string failure_;
  std::string body_;
  bool has_head_ = false;
  bool done_ = false;
};

}  // namespace tapedeck::recorder
