#include "recorder/http_source.hpp"

#include <optional>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/utf8.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/response.hpp"

namespace tapedeck::recorder {

HttpSource::HttpSource(EventLoop& loop, Redactor& redactor, HttpOptions options)
    : loop_(loop), redactor_(redactor), options_(std::move(options)), url_(options_.url) {
  name_ = redactor_.url(to_string(url_));
  for (const Header& header : options_.headers) {
    redactor_.remember_header(header.name, header.value);
  }
}

void HttpSource::open(const std::string& last_event_id) {
  attempt_ = Attempt{.last_event_id = last_event_id,
                     .sent_event_id = "",
                     .url = url_,
                     .permanent_url = url_,
                     .credentials = same_origin(url_, options_.url)};
  opened_ = false;
  ask();
}

void HttpSource::ask() {
  const Url& url = attempt_.url;
  const auto proxy = plain_proxy(options_.network, url);
  Request request = make_request(url, options_.headers, attempt_.last_event_id,
                                 attempt_.credentials, proxy ? &*proxy : nullptr);
  attempt_.sent_event_id = std::move(request.last_event_id);
  exchange_ = std::make_unique<HttpExchange>(loop_, options_.network);
  exchange_->start(url, std::move(request.text));
}

SourceEvent HttpSource::next(std::int64_t until_ns) {
  if (!exchange_ || (held_ && opened_)) {
    loop_.wait_until(until_ns);
    return Nothing{};
  }
  for (;;) {
    SourceEvent event = poll();
    if (!std::holds_alternative<Nothing>(event)) {
      return event;
    }
    if (!loop_.run_one_until(until_ns)) {
      return Nothing{};
    }
  }
}

SourceEvent HttpSource::poll() {
  if (!exchange_->failure().empty()) {
    return refused(exchange_->failure(), true);
  }
  if (!exchange_->has_head()) {
    return Nothing{};
  }
  if (!opened_) {
    return judge_head();
  }
  const HttpExchange::Body body = exchange_->take_body();
  if (const auto* bytes = std::get_if<std::string_view>(&body)) {
    return Arrived{*bytes};
  }
  if (const auto* end = std::get_if<HttpExchange::End>(&body)) {
    return Ended{end->whole ? port::ConnectionEnd::finished : port::ConnectionEnd::broken,
                 end->detail};
  }
  return Nothing{};
}

SourceEvent HttpSource::judge_head() {
  const ResponseHead answer = exchange_->head();
  const Judgement judgement = judge(answer);
  switch (judgement.kind) {
    case Judgement::Kind::stream:
      return opened();
    case Judgement::Kind::redirect:
      return redirect(answer);
    case Judgement::Kind::later:
      return refused(judgement.reason, true,
                     parse_retry_after(answer.retry_after, options_.wall_now_ns()));
    case Judgement::Kind::never:
      return refused(judgement.reason, false);
  }
  return Nothing{};
}

SourceEvent HttpSource::redirect(const ResponseHead& answer) {
  if (attempt_.redirects == limits::redirects_max) {
    return refused(
        "it redirects more than " + std::to_string(limits::redirects_max) + " times in a row",
        false);
  }
  auto target = resolve_url(attempt_.url, answer.location);
  if (!target) {
    return refused("it redirects to where nobody can follow: " + target.error().message, false);
  }
  if (target->userinfo.empty() && same_origin(*target, attempt_.url)) {
    target->userinfo = attempt_.url.userinfo;
  }
  ++attempt_.redirects;
  attempt_.url = *std::move(target);
  attempt_.credentials = attempt_.credentials && same_origin(attempt_.url, options_.url);
  attempt_.permanent = attempt_.permanent && (answer.status == 301 || answer.status == 308);
  if (attempt_.permanent) {
    attempt_.permanent_url = attempt_.url;
  }
  ask();
  return Nothing{};
}

Opened HttpSource::opened() {
  opened_ = true;
  url_ = attempt_.permanent_url;
  std::string headers;
  for (const Header& field : exchange_->fields()) {
    const std::string line = field.name + ": " + redactor_.header(field.name, field.value);
    append_utf8_lossy(headers, (headers.empty() ? "" : "\n") + line);
  }
  return {.source = redactor_.target(to_string(attempt_.url)),
          .http_status = exchange_->head().status,
          .headers = headers,
          .last_event_id = attempt_.sent_event_id};
}

Refused HttpSource::refused(std::string reason, bool worth_retrying, std::int64_t retry_after_ns) {
  if (attempt_.redirects > 0) {
    reason = "after a redirect to " + redactor_.url(to_string(attempt_.url)) + ", " + reason;
  }
  close();
  return {redactor_.text(reason), worth_retrying, retry_after_ns};
}

}  // namespace tapedeck::recorder
