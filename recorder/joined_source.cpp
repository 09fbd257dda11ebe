#include "recorder/joined_source.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/base/limits.hpp"
#include "recorder/event_loop.hpp"
#include "recorder/response.hpp"

namespace tapedeck::recorder {
namespace {

/// A reason is a sentence, and one of the known ones is longer than other things.
constexpr std::size_t reason_bytes_max = 200;

constexpr const char* goodbye = "User initiated disconnect";

RestAnswer answer_of(const RestCall& call) {
  return {.status = call.status(),
          .content_type = call.content_type(),
          .body = call.body(),
          .location = call.location()};
}

bool is_nothing(const SourceEvent& event) {
  return std::holds_alternative<Nothing>(event);
}

}  // namespace

JoinedSource::JoinedSource(EventLoop& loop, Redactor& redactor, JoinOptions options)
    : loop_(loop), redactor_(redactor), options_(std::move(options)) {
  const JoinWishes& wishes = options_.wishes;
  redactor_.placeholder("pin", wishes.pin, Memory::for_ever);
  for (const Header& header : options_.headers) {
    redactor_.remember_header(header.name, header.value);
  }
  name_ = "conference '" + printable(wishes.alias) + "' at ";
  for (const Url& node : options_.nodes) {
    name_ += (&node == &options_.nodes.front() ? "" : " or ") + redactor_.url(to_string(node));
  }
}

void JoinedSource::open(const std::string& /*last_event_id*/) {
  close();
  nodes_asked_ = 1;
  ask_node();
}

/// Joins, if need be, and asks for the stream.
void JoinedSource::ask_node() {
  opening_ = true;
  answer_due_ns_ =
      loop_.now_ns() + limits::open_ns_max / static_cast<std::int64_t>(options_.nodes.size());
  if (joined_ && joined_->schedule.alive()) {
    open_stream();
    return;
  }
  joined_.reset();
  refreshing_.reset();
  // The token of a transfer stands for whatever its conference asks for.
  request_token(one_time_token_.empty() ? options_.wishes.pin : "");
}

void JoinedSource::close() {
  opening_ = false;
  stream_.reset();
  joining_.reset();
}

std::unique_ptr<RestCall> JoinedSource::post(const std::string& endpoint,
                                             std::vector<Header> headers, const std::string& body) {
  headers.insert(headers.end(), options_.headers.begin(), options_.headers.end());
  const Url url = conference_url(node(), options_.wishes.alias, endpoint);
  return std::make_unique<RestCall>(loop_, options_.network, redactor_, url, headers, body);
}

void JoinedSource::request_token(const std::string& pin) {
  std::vector<Header> headers;
  if (!pin.empty()) {
    headers.push_back({"pin", pin});
  }
  joining_ = post("request_token", headers, request_token_body(options_.wishes, one_time_token_));
}

void JoinedSource::open_stream() {
  HttpOptions stream{.url = conference_url(node(), options_.wishes.alias,
                                           "events?token=" + joined_->membership.token),
                     .headers = options_.headers,
                     .wall_now_ns = options_.wall_now_ns,
                     .network = options_.network};
  stream_.emplace(loop_, redactor_, std::move(stream));
  stream_->open("");
}

void JoinedSource::refresh() {
  joined_->schedule.begun(loop_.now_ns());
  refreshing_ = post("refresh_token", {{"token", joined_->membership.token}}, "");
}

/// Gives the token back and forgets the membership.
void JoinedSource::release(const std::string& reason) {
  releasing_.push_back(
      post("release_token", {{"token", joined_->membership.token}}, release_token_body(reason)));
  joined_.reset();
  refreshing_.reset();
}

void JoinedSource::hear(const sse::Message& message) {
  if (dismissal_ || transfer_) {
    return;
  }
  if (message.event == "disconnect") {
    dismissal_ = redactor_.text(printable(parse_disconnect(message.data), reason_bytes_max));
  } else if (message.event == "refresh_token" && joined_) {
    joined_->schedule.asked(loop_.now_ns());
  } else if (message.event == "refer") {
    auto transfer = parse_refer(message.data);
    if (!transfer) {
      return;
    }
    redactor_.placeholder("token", transfer->token);
    if (options_.follow) {
      transfer_ = std::move(transfer);
    } else {
      unfollowed_ = transfer->alias;
    }
  }
}

bool JoinedSource::leave() {
  leaving_ = true;
  stream_.reset();
  if (joined_) {
    release(dismissal_.value_or(goodbye));
  }
  return joining_ || !releasing_.empty();
}

SourceEvent JoinedSource::next(std::int64_t until_ns) {
  for (;;) {
    SourceEvent event = poll();
    if (!is_nothing(event)) {
      return event;
    }
    std::int64_t due_ns = joined_ ? joined_->schedule.due_ns() : until_ns;
    if (opening_) {
      due_ns = std::min(due_ns, answer_due_ns_);
    }
    if (!loop_.run_one_until(std::min(due_ns, until_ns)) &&
        (due_ns >= until_ns || loop_.stop_requested())) {
      return Nothing{};
    }
  }
}

SourceEvent JoinedSource::poll() {
  if (joined_ && joined_->schedule.due_ns() <= loop_.now_ns()) {
    refresh();
  }
  poll_refresh();
  poll_releases();
  SourceEvent event = obey();
  if (is_nothing(event) && joining_ && joining_->done()) {
    event = poll_join();
  }
  if (is_nothing(event) && opening_ && answer_due_ns_ <= loop_.now_ns()) {
    joining_.reset();
    event = failed({.reason = "it did not answer in time"});
  }
  if (!exchanges_.empty() && is_nothing(event)) {
    event = Exchanged{std::move(exchanges_.front())};
    exchanges_.pop_front();
  }
  if (is_nothing(event) && stream_ && !held_) {
    event = poll_stream();
  }
  if (is_nothing(event) && leaving_ && !joining_ && releasing_.empty()) {
    event = Left{};
  }
  return event;
}

/// What the node has told us to do in the stream.
SourceEvent JoinedSource::obey() {
  if (!stream_) {
    return Nothing{};
  }
  if (dismissal_) {
    close();
    return Ended{port::ConnectionEnd::stopped, "the node disconnected us: '" + *dismissal_ + "'",
                 Ended::Then::never};
  }
  if (!transfer_) {
    return Nothing{};
  }
  close();
  release("Transfer");
  options_.wishes.alias = transfer_->alias;
  one_time_token_ = transfer_->token;
  transfer_.reset();
  return Ended{port::ConnectionEnd::stopped,
               "the node transferred us to '" + printable(options_.wishes.alias) + "'",
               Ended::Then::reopen_at_once};
}

SourceEvent JoinedSource::poll_join() {
  const auto call = std::move(joining_);
  const std::int64_t now_ns = loop_.now_ns();
  if (!call->failure().empty()) {
    exchanges_.push_back(call->exchange());
    return failed({.reason = redactor_.text(call->failure())});
  }
  const JoinWishes& wishes = options_.wishes;
  auto judged = judge_join(answer_of(*call), wishes);
  if (auto* membership = std::get_if<Membership>(&judged)) {
    redactor_.placeholder("token", membership->token);
    exchanges_.push_back(call->exchange());
    one_time_token_.clear();
    waiting_ = membership->waiting;
    if (participant_uuid_.empty()) {
      participant_uuid_ = membership->participant_uuid;
    }
    const bool only_guest = wishes.role == WantedRole::host && !membership->host;
    const RefreshSchedule schedule(now_ns, membership->life_ns);
    joined_.emplace(Joined{std::move(*membership), schedule});
    if (leaving_) {
      release(goodbye);
    } else if (only_guest) {
      return refused("it lets us in as a guest only; give the host's PIN", false);
    } else {
      open_stream();
    }
    return Nothing{};
  }
  exchanges_.push_back(call->exchange());
  const JoinRefusal& refusal = std::get<JoinRefusal>(judged);
  if (refusal.guest_without_pin && !leaving_) {
    request_token("none");
    return Nothing{};
  }
  const std::int64_t retry_after_ns =
      parse_retry_after(call->retry_after(), options_.wall_now_ns());
  return refusal.worth_retrying
             ? failed({.reason = redactor_.text(refusal.reason), .retry_after_ns = retry_after_ns})
             : refused(refusal.reason, false, retry_after_ns);
}

SourceEvent JoinedSource::poll_stream() {
  SourceEvent event = stream_->next(loop_.now_ns());
  if (std::holds_alternative<Opened>(event)) {
    opening_ = false;
  }
  if (auto* no = std::get_if<Refused>(&event); no != nullptr && no->worth_retrying) {
    return failed(std::move(*no));
  }
  if (auto* no = std::get_if<Refused>(&event)) {
    // The token may be the reason; the next attempt joins anew, and what is said then counts.
    opening_ = false;
    stream_.reset();
    if (joined_) {
      joined_->schedule.refused();
    }
    no->worth_retrying = true;
  }
  if (auto* ended = std::get_if<Ended>(&event); ended != nullptr && unfollowed_) {
    ended->detail = "the node transferred us to '" + printable(*unfollowed_) +
                    "', and --no-follow says to stay; then " + ended->detail;
    ended->then = Ended::Then::never;
  }
  return event;
}

void JoinedSource::poll_refresh() {
  if (!refreshing_ || !refreshing_->done()) {
    return;
  }
  const auto call = std::move(refreshing_);
  const std::int64_t now_ns = loop_.now_ns();
  auto judged = judge_refresh(answer_of(*call));
  if (auto* token = std::get_if<std::string>(&judged);
      token != nullptr && call->failure().empty()) {
    redactor_.placeholder("token", *token);
    joined_->membership.token = std::move(*token);
    joined_->schedule.succeeded(now_ns);
  } else if (call->failure().empty() && std::get<RefreshRefusal>(judged).token_gone) {
    joined_->schedule.refused();
  } else {
    joined_->schedule.failed(now_ns);
  }
  exchanges_.push_back(call->exchange());
}

void JoinedSource::poll_releases() {
  std::erase_if(releasing_, [this](const std::unique_ptr<RestCall>& call) {
    if (!call->done()) {
      return false;
    }
    exchanges_.push_back(call->exchange());
    return true;
  });
}

SourceEvent JoinedSource::failed(Refused refusal) {
  opening_ = false;
  if (options_.nodes.size() == 1 || leaving_) {
    return refusal;
  }
  stream_.reset();
  leave_node();
  if (nodes_asked_ == options_.nodes.size()) {
    return refusal;
  }
  ++nodes_asked_;
  ask_node();
  return Nothing{};
}

/// A membership is one of the node that gave it.
void JoinedSource::leave_node() {
  if (options_.nodes.size() == 1) {
    return;
  }
  if (joined_) {
    release("Failover");
  }
  node_ = (node_ + 1) % options_.nodes.size();
}

SourceEvent JoinedSource::refused(const std::string& reason, bool worth_retrying,
                                  std::int64_t retry_after_ns) {
  opening_ = false;
  return Refused{redactor_.text(reason), worth_retrying, retry_after_ns};
}

}  // namespace tapedeck::recorder
