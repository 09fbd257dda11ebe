// An event stream over HTTP: requests, redirects, and the body as it arrives.
//
// One connection per request, never one used again. The body comes without its chunk framing, one
// Arrived for each read of the socket that brought some of it. Names, reasons and headers that it
// hands out went through the redactor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "recorder/redact.hpp"
#include "recorder/request.hpp"
#include "recorder/source.hpp"
#include "recorder/url.hpp"

namespace tapedeck::recorder {

class EventLoop;

struct HttpOptions {
  Url url;
  std::vector<Header> headers;                ///< only for the origin of `url`
  std::function<std::int64_t()> wall_now_ns;  ///< Unix time, for a Retry-After with a date
};

class HttpSource final : public Source {
 public:
  /// `loop` and `redactor` must outlive the source.
  HttpSource(EventLoop& loop, Redactor& redactor, HttpOptions options);
  ~HttpSource() override;

  [[nodiscard]] const std::string& name() const override { return name_; }
  void open(const std::string& last_event_id) override;
  [[nodiscard]] SourceEvent next(std::int64_t until_ns) override;
  void close() override;

 private:
  class Exchange;

  [[nodiscard]] Opened opened_by(const Exchange& exchange);
  [[nodiscard]] Refused refused_by(const Exchange& exchange);

  EventLoop& loop_;
  Redactor& redactor_;
  HttpOptions options_;
  std::string name_;
  Url url_;  ///< where the next attempt goes: permanent redirects move it
  std::shared_ptr<Exchange> exchange_;  ///< the attempt or connection there is
  bool opened_told_ = false;            ///< `next` has given its Opened
};

}  // namespace tapedeck::recorder
