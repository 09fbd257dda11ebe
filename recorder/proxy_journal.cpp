#include "recorder/proxy_journal.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "core/base/limits.hpp"
#include "core/base/percent.hpp"
#include "core/base/units.hpp"
#include "core/base/utf8.hpp"
#include "recorder/ascii.hpp"
#include "recorder/join_protocol.hpp"
#include "recorder/proxy_rewrite.hpp"
#include "recorder/response.hpp"
#include "recorder/scrub.hpp"

namespace tapedeck::recorder {
namespace {

/// Attempts to join one conference that are kept for the tape of the one that succeeds: a PIN, an
/// identity provider and an extension may be asked for, and be wrong.
constexpr std::size_t attempts_max = 16;
/// Conferences that such attempts are kept of.
constexpr std::size_t attempted_max = 64;
/// Without a stream and a request for so long a participant is gone: no token lives longer unused.
constexpr std::int64_t silent_ns_max = 600 * ns_per_s;

/// The value of a query parameter as written; "" where it is missing.
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return std::string(pair.substr(name.size() + 1));
    }
  }
  return "";
}

/// What people and their messages can be told of a name that a client made up.
std::string shown(const std::string& alias) {
  return "'" + printable(alias) + "'";
}

}  // namespace

struct ProxyJournal::View {
  View(ProxyJoin join, ProxyTape onto, const ProxyJournalPorts& ports, Redactor& redactor,
       std::int64_t head_start_ns)
      : who(std::move(join)),
        tape(std::move(onto)),
        scrubbing(*tape.sink, redactor),
        recording(ports.scrub ? scrubbing : *tape.sink, ports.clock, ports.wall_now_ns,
                  std::nullopt, head_start_ns),
        last_ns(ports.clock.now_ns()),
        earliest_ns(last_ns - head_start_ns) {}

  ProxyJoin who;
  ProxyTape tape;
  ScrubbingSink scrubbing;
  Recording recording;
  const ProxyExchange* stream = nullptr;  ///< the one that is recorded now
  std::string ended;                      ///< why the last one ended; "" before the first
  std::int64_t last_ns;                   ///< something came then
  std::int64_t earliest_ns;               ///< when the tape's time began
  bool left = false;                      ///< the token was given back
  bool over = false;                      ///< nothing goes onto the tape any more
};

ProxyJournal::~ProxyJournal() = default;

std::unique_ptr<ProxyExchange> ProxyJournal::begin(const RequestLine& line,
                                                   const MessageHead& head) {
  if (!is_client_api(line.target) || line.method == "OPTIONS") {
    return nullptr;
  }
  std::unique_ptr<ProxyExchange> exchange(new ProxyExchange(*this));
  constexpr std::string_view before = "/conferences/";
  const std::string_view target = line.target;
  const std::size_t path_end = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, path_end);
  if (const std::size_t at = path.find(before); at != std::string_view::npos) {
    const std::string_view rest = path.substr(at + before.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    exchange->conference_ = percent_decoded_leniently(rest.substr(0, slash));
    exchange->endpoint_ = rest.substr(std::min(slash + 1, rest.size()));
  }
  exchange->token_ = head.value("token");
  if (exchange->token_.empty() && path_end < target.size()) {
    const std::string written = parameter(target.substr(path_end + 1), "token");
    const std::string decoded = percent_decoded_leniently(written);
    exchange->token_ = tokens_.contains(decoded) ? decoded : written;
  }
  exchange->last_event_id_ = head.value("Last-Event-ID");
  exchange->exchange_.request_ns = ports_.clock.now_ns();
  exchange->exchange_.method = line.method;
  exchange->exchange_.target = redactor_.target(line.target);
  exchange->exchange_.request_headers = headers_text(head.fields);
  return exchange;
}

std::string ProxyJournal::headers_text(const std::vector<Header>& fields) {
  std::string text;
  for (const Header& field : fields) {
    if (lower(field.name).starts_with("proxy-")) {
      continue;
    }
    const std::string line = field.name + ": " + redactor_.header(field.name, field.value);
    append_utf8_lossy(text, (text.empty() ? "" : "\n") + line);
  }
  return text;
}

std::shared_ptr<ProxyJournal::View> ProxyJournal::open_view(ProxyJoin join,
                                                            std::int64_t head_start_ns) {
  auto tape = ports_.open_tape(join);
  if (!tape) {
    ++totals_.unfinished;
    ports_.log("cannot record " + shown(join.alias) +
               ", which is passed on nevertheless: " + tape.error().message);
    return nullptr;
  }
  if (tape->sink == nullptr) {
    return nullptr;
  }
  ++totals_.tapes;
  views_.push_back(
      std::make_shared<View>(std::move(join), *std::move(tape), ports_, redactor_, head_start_ns));
  return views_.back();
}

/// A failure of a tape ends its recording, and nothing else.
void ProxyJournal::survive(View& view, const Result<void>& done) {
  if (done || view.over) {
    return;
  }
  view.over = true;
  ++totals_.unfinished;
  ports_.log("the recording of " + shown(view.who.alias) +
             " ends here, while it is passed on: " + done.error().message);
}

/// The tape wants no more: it is closed as it should be, and what passes goes on.
void ProxyJournal::stop_where_asked(View& view) {
  const std::string why = view.over || !view.tape.why_stop ? "" : view.tape.why_stop();
  if (why.empty()) {
    return;
  }
  Result<void> done;
  if (view.stream != nullptr) {
    done = view.recording.disconnect(port::ConnectionEnd::stopped, "the recording ended");
  }
  if (done) {
    done = view.recording.finish();
  }
  survive(view, done ? fail_io(why) : done);
}

void ProxyJournal::note(View& view, port::Exchange exchange) {
  // It may have been under way when the tape began.
  exchange.request_ns = std::max(exchange.request_ns, view.earliest_ns);
  view.last_ns = ports_.clock.now_ns();
  if (!view.over) {
    survive(view, view.recording.note(std::move(exchange)));
    ++totals_.exchanges;
  }
}

/// A request has had its answer, or will have none (status 0).
void ProxyJournal::journal(ProxyExchange& exchange) {
  port::Exchange& entry = exchange.exchange_;
  entry.response_ns = ports_.clock.now_ns();
  if (exchange.cut_) {
    ports_.log("a body of " + entry.method + ' ' + printable(redactor_.url(entry.target)) +
               " is larger than " + format_bytes(limits::rest_body_bytes_max) +
               "; the tape has it without its bodies");
    exchange.request_body_.clear();
  } else {
    entry.request_body = redactor_.json(exchange.request_body_);
    const std::string type = lower(exchange.content_type_);
    if (!exchange.packed_ && (type.starts_with("text/") || type.starts_with("application/json"))) {
      entry.response_body = redactor_.json(exchange.response_body_);
    }
  }
  const RestAnswer answer{.status = entry.status,
                          .content_type = exchange.content_type_,
                          .body = exchange.response_body_};
  if (exchange.endpoint_ == "request_token") {
    const auto judged = judge_join(answer, {});
    if (const auto* membership = std::get_if<Membership>(&judged)) {
      joined(exchange, *membership);
    } else if (auto& attempts = attempts_[exchange.conference_]; attempts.size() < attempts_max) {
      attempts.push_back(entry);
    }
    if (attempts_.size() > attempted_max) {
      attempts_.erase(attempts_.begin());
    }
    return;
  }
  const auto known = tokens_.find(exchange.token_);
  if (known == tokens_.end()) {
    return;
  }
  const std::shared_ptr<View> view = known->second;
  if (exchange.endpoint_ == "refresh_token") {
    const auto judged = judge_refresh(answer);
    if (const auto* token = std::get_if<std::string>(&judged)) {
      tokens_[*token] = view;
    }
  }
  if (view != nullptr) {
    note(*view, entry);
    view->left = view->left || (exchange.endpoint_ == "release_token" && entry.status == 200);
  }
}

void ProxyJournal::joined(const ProxyExchange& exchange, const Membership& membership) {
  std::vector<port::Exchange> attempts;
  if (auto node = attempts_.extract(exchange.conference_)) {
    attempts = std::move(node.mapped());
  }
  std::erase_if(attempts, [&](const port::Exchange& attempt) {
    return exchange.exchange_.request_ns - attempt.request_ns > silent_ns_max;
  });
  attempts.push_back(exchange.exchange_);
  const std::int64_t before_ns = ports_.clock.now_ns();
  const auto view = open_view({exchange.conference_, membership.participant_uuid},
                              before_ns - attempts.front().request_ns);
  tokens_[membership.token] = view;
  if (view == nullptr) {
    return;
  }
  // Making a tape may take its time, which is none of the recording's.
  const std::int64_t opening_ns = ports_.clock.now_ns() - before_ns;
  for (port::Exchange& entry : attempts) {
    entry.request_ns += opening_ns;
    entry.response_ns += opening_ns;
    note(*view, entry);
  }
}

void ProxyJournal::close(View& view) {
  if (!std::exchange(view.over, true)) {
    if (auto finished = view.recording.finish(); !finished) {
      view.over = false;
      survive(view, finished);
    }
  }
  const Totals& totals = view.recording.totals();
  totals_.recorded.frames += totals.frames;
  totals_.recorded.bytes += totals.bytes;
  totals_.recorded.connections += totals.connections;
  totals_.recorded.gaps += totals.gaps;
}

void ProxyJournal::tick() {
  const std::int64_t now_ns = ports_.clock.now_ns();
  for (const auto& view : views_) {
    if (!view->over) {
      survive(*view, view->recording.commit_if_due());
    }
    stop_where_asked(*view);
  }
  std::erase_if(views_, [&](const std::shared_ptr<View>& view) {
    const bool gone = view->left || now_ns - view->last_ns > silent_ns_max;
    if (view->stream != nullptr || !gone) {
      return false;
    }
    close(*view);
    std::erase_if(tokens_, [&](const auto& entry) { return entry.second == view; });
    return true;
  });
}

void ProxyJournal::finish() {
  for (const auto& view : views_) {
    close(*view);
  }
  views_.clear();
  tokens_.clear();
}

void ProxyExchange::append(std::string& body, std::string_view bytes, bool& cut) {
  if (body.size() + bytes.size() > limits::rest_body_bytes_max) {
    cut = true;
  }
  if (!cut) {
    body += bytes;
  }
}

void ProxyExchange::request_body(std::string_view bytes) {
  append(request_body_, bytes, cut_);
}

void ProxyExchange::response(unsigned status, const MessageHead& head) {
  exchange_.status = status;
  content_type_ = head.value("Content-Type");
  const std::string coding = lower(head.value("Content-Encoding"));
  packed_ = !coding.empty() && coding != "identity";
  if (status == 200 && is_event_stream(content_type_) && endpoint_ == "events" &&
      exchange_.method == "GET") {
    open_stream(head);
  } else {
    exchange_.response_headers = journal_.headers_text(head.fields);
  }
}

void ProxyExchange::open_stream(const MessageHead& head) {
  if (!journal_.tokens_.contains(token_)) {
    // Joined before we came: who that was is not known, but what is said can be recorded.
    journal_.tokens_[token_] = journal_.open_view({conference_, ""}, 0);
  }
  auto view = journal_.tokens_[token_];
  if (view == nullptr || view->over) {
    return;
  }
  if (packed_) {
    ++journal_.totals_.unfinished;
    journal_.ports_.log("the stream of " + shown(conference_) +
                        " is compressed though nobody asked for that; it is passed on unrecorded");
    return;
  }
  Result<void> done;
  if (view->stream != nullptr) {
    done = view->recording.disconnect(port::ConnectionEnd::stopped,
                                      "the client opened the stream once more");
  } else if (!view->ended.empty()) {
    done = view->recording.note_gap(view->ended);
  }
  if (done) {
    done = view->recording.connect({.source = journal_.node_ + exchange_.target,
                                    .http_status = exchange_.status,
                                    .headers = journal_.headers_text(head.fields),
                                    .last_event_id = last_event_id_});
  }
  view->stream = this;
  view->last_ns = journal_.ports_.clock.now_ns();
  stream_ = std::move(view);
  journal_.survive(*stream_, done);
}

void ProxyExchange::response_body(std::string_view bytes) {
  if (stream_ == nullptr) {
    append(response_body_, bytes, cut_);
  } else if (stream_->stream == this && !stream_->over) {
    journal_.survive(*stream_, stream_->recording.take(bytes));
  }
}

void ProxyExchange::end(port::ConnectionEnd end, const std::string& detail) {
  if (stream_ == nullptr) {
    journal_.journal(*this);
    return;
  }
  if (stream_->stream != this) {
    return;
  }
  stream_->stream = nullptr;
  stream_->last_ns = journal_.ports_.clock.now_ns();
  stream_->ended = detail;
  if (!stream_->over) {
    journal_.survive(*stream_, stream_->recording.disconnect(end, detail));
  }
}

}  // namespace tapedeck::recorder
