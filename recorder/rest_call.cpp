#include "recorder/rest_call.hpp"

#include <utility>
#include <variant>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/base/utf8.hpp"
#include "recorder/ascii.hpp"
#include "recorder/event_loop.hpp"

namespace tapedeck::recorder {
namespace {

/// A header as it stands on the tape; what is between us and a proxy is nobody's business.
void append_header(std::string& out, const Header& header, Redactor& redactor) {
  if (!lower(header.name).starts_with("proxy-")) {
    const std::string line = header.name + ": " + redactor.header(header.name, header.value);
    append_utf8_lossy(out, (out.empty() ? "" : "\n") + line);
  }
}

}  // namespace

RestCall::RestCall(EventLoop& loop, const Network& network, Redactor& redactor, const Url& url,
                   const std::vector<Header>& headers, const std::string& body)
    : loop_(loop), redactor_(redactor), http_(loop, network), request_body_(body) {
  const auto proxy = plain_proxy(network, url);
  const PostRequest request = make_post(url, headers, body, proxy ? &*proxy : nullptr);
  exchange_.request_ns = loop.now_ns();
  exchange_.method = "POST";
  exchange_.target = redactor.target(url.target);
  for (const Header& header : request.headers) {
    append_header(exchange_.request_headers, header, redactor);
  }
  http_.start(url, request.text);
}

bool RestCall::done() {
  while (!done_) {
    if (!http_.failure().empty()) {
      fail_with(http_.failure());
    } else if (loop_.now_ns() >= exchange_.request_ns + limits::open_ns_max) {
      fail_with("it did not answer in time");
    } else if (!http_.has_head()) {
      break;
    } else {
      take_head();
      const HttpExchange::Body part = http_.take_body();
      if (const auto* bytes = std::get_if<std::string_view>(&part)) {
        body_ += *bytes;
        if (body_.size() > limits::rest_body_bytes_max) {
          fail_with("its answer is larger than " + format_bytes(limits::rest_body_bytes_max));
        }
      } else if (const auto* end = std::get_if<HttpExchange::End>(&part)) {
        if (!end->whole) {
          fail_with(end->detail);
        }
        done_ = true;
      } else {
        break;
      }
    }
  }
  if (done_ && exchange_.response_ns == 0) {
    exchange_.response_ns = loop_.now_ns();
  }
  return done_;
}

void RestCall::take_head() {
  if (std::exchange(has_head_, true)) {
    return;
  }
  const ResponseHead head = http_.head();
  exchange_.status = head.status;
  content_type_ = head.content_type;
  retry_after_ = head.retry_after;
  location_ = redactor_.url(head.location);
  for (const Header& field : http_.fields()) {
    append_header(exchange_.response_headers, field, redactor_);
  }
}

void RestCall::fail_with(const std::string& reason) {
  failure_ = redactor_.text(reason);
  done_ = true;
}

port::Exchange RestCall::exchange() const {
  port::Exchange exchange = exchange_;
  exchange.request_body = redactor_.json(request_body_);
  exchange.response_body = redactor_.json(body_);
  return exchange;
}

}  // namespace tapedeck::recorder
