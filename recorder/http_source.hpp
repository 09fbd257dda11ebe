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

#include "recorder/http_exchange.hpp"
#include "recorder/redact.hpp"
#include "recorder/request.hpp"
#include "recorder/source.hpp"
#include "recorder/transport.hpp"
#include "recorder/url.hpp"

namespace tapedeck::recorder {

class EventLoop;

struct HttpOptions {
  Url url;
  std::vector<Header> headers;                ///< only for the origin of `url`
  std::function<std::int64_t()> wall_now_ns;  ///< Unix time, for a Retry-After with a date
  Network network;
};

class HttpSource final : public Source {
 public:
  /// `loop` and `redactor` must outlive the source.
  HttpSource(EventLoop& loop, Redactor& redactor, HttpOptions options);

  [[nodiscard]] const std::string& name() const override { return name_; }
  void open(const std::string& last_event_id) override;
  [[nodiscard]] SourceEvent next(std::int64_t until_ns) override;
  void hold(bool held) override { held_ = held; }
  void close() override { exchange_.reset(); }

 private:
  /// The chain of requests of one attempt to open.
  struct Attempt {
    std::string last_event_id;
    std::string sent_event_id;  ///< with the last request
    Url url;
    Url permanent_url;        ///< as far as all redirects were permanent
    bool permanent = true;    ///< all were
    bool credentials = true;  ///< no other origin came into play
    int redirects = 0;
  };

  void ask();
  /// What the exchange has come to; Nothing: it goes on.
  [[nodiscard]] SourceEvent poll();
  [[nodiscard]] SourceEvent judge_head();
  /// Asks at the new place, or says why not.
  [[nodiscard]] SourceEvent redirect(const ResponseHead& answer);
  [[nodiscard]] Opened opened();
  [[nodiscard]] Refused refused(std::string reason, bool worth_retrying,
                                std::int64_t retry_after_ns = 0);

  EventLoop& loop_;
  Redactor& redactor_;
  HttpOptions options_;
  std::string name_;
  Url url_;  ///< where the next attempt goes: permanent redirects move it
  Attempt attempt_;
  std::unique_ptr<HttpExchange> exchange_;  ///< the request under way or the connection there is
  bool opened_ = false;                     ///< `next` has given its Opened
  bool held_ = false;
};

}  // namespace tapedeck::recorder
