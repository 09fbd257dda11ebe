#include "cli/recorded_calls.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "core/base/percent.hpp"
#include "core/base/utf8.hpp"
#include "core/event/value.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::string_view api = "/api/client/v2/conferences/";

/// Without what opens doors.
std::string without_token(std::string_view query) {
  std::string kept;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (!part.starts_with("token=")) {
      kept += (kept.empty() ? "" : "&") + std::string(part);
    }
  }
  return kept;
}

/// Nothing: it is no call of a conference.
std::optional<RecordedCall> call_of(const port::Exchange& exchange) {
  const std::string_view target = exchange.target;
  const std::size_t start = target.find(api);
  if (start == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, question).substr(start + api.size());
  path.remove_prefix(std::min(path.find('/'), path.size()));
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  if (path.size() < 2) {
    return std::nullopt;
  }
  return RecordedCall{.at_ns = exchange.request_ns,
                      .method = exchange.method,
                      .path = percent_decoded_leniently(path.substr(1)),
                      .query = without_token(target.substr(std::min(question + 1, target.size()))),
                      .body = exchange.request_body,
                      .status = exchange.status,
                      .answer = exchange.method == "GET" ? exchange.response_body : ""};
}

}  // namespace

std::string joined_path(const std::vector<std::string_view>& path) {
  std::string text;
  for (const std::string_view segment : path) {
    text += text.empty() ? "" : "/";
    text += segment;
  }
  return text;
}

Result<RecordedCalls> RecordedCalls::read(const schema::TapeReader& tape) {
  const auto exchanges = tape.exchanges();
  if (!exchanges) {
    return fail(exchanges.error());
  }
  RecordedCalls calls;
  for (const port::Exchange& exchange : *exchanges) {
    if (auto call = call_of(exchange)) {
      if (call->path == "request_token") {
        calls.learn_of_join(exchange);
      }
      call->body = calls.normalized(call->body);
      calls.calls_.push_back(*std::move(call));
    }
  }
  std::ranges::stable_sort(calls.calls_, {}, &RecordedCall::at_ns);
  std::ranges::stable_sort(calls.joins_, {}, &RecordedJoin::at_ns);
  return calls;
}

std::string RecordedCalls::normalized(std::string_view body) {
  std::string text(body);
  if (is_valid_utf8(body)) {
    if (const event::Decoded json = decoder_.decode(body); json.ok()) {
      text.clear();
      event::append_json(text, json.value);
    }
  }
  // A command without a body may be sent with an empty one.
  return text == "{}" ? "" : text;
}

void RecordedCalls::learn_of_join(const port::Exchange& exchange) {
  const event::Decoded body = decoder_.decode(exchange.response_body);
  const event::Value result = body.value["result"];
  const bool is_guest = result["role"].is_text("GUEST");
  if (exchange.status == 200 && result["participant_uuid"].is_string()) {
    joins_.push_back({.at_ns = exchange.response_ns,
                      .participant_uuid = std::string(result["participant_uuid"].as_string()),
                      .role = is_guest ? replayer::Role::guest : replayer::Role::host});
  }
  if (exchange.status == 403 && result["pin"].is_text("required")) {
    asked_pin_ = {.guests_need_one = result["guest_pin"].is_text("required")};
  } else if (exchange.status == 200 && asked_pin_ && asked_pin_->guests_need_one) {
    asked_pin_->role = is_guest ? replayer::Role::guest : replayer::Role::host;
  }
}

std::optional<RecordedCalls::Match> RecordedCalls::nearest(std::string_view method,
                                                           std::string_view path,
                                                           std::string_view body,
                                                           std::int64_t at_ns,
                                                           const std::vector<bool>& taken) {
  const std::string wanted = normalized(body);
  std::optional<Match> best;
  const auto distance = [&](std::size_t index) { return std::abs(calls_[index].at_ns - at_ns); };
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const RecordedCall& call = calls_[i];
    if (taken[i] || call.method != method || call.path != path) {
      continue;
    }
    const Match match{.index = i, .same_body = call.body == wanted};
    const bool is_better =
        !best || (match.same_body && !best->same_body) ||
        (match.same_body == best->same_body && distance(i) < distance(best->index));
    best = is_better ? match : *best;
  }
  return best;
}

const RecordedJoin* RecordedCalls::joined_at(std::int64_t at_ns) const {
  const auto after = std::ranges::upper_bound(joins_, at_ns, {}, &RecordedJoin::at_ns);
  return after == joins_.begin() ? nullptr : &*std::prev(after);
}

const RecordedCall* RecordedCalls::answered(std::string_view path, std::string_view query,
                                            std::int64_t at_ns) const {
  const RecordedCall* found = nullptr;
  for (const RecordedCall& call : calls_) {
    if (call.method != "GET" || call.path != path || call.status != 200 ||
        !call.answer.starts_with('{')) {
      continue;
    }
    const bool asks_better = found != nullptr && call.query == query && found->query != query;
    const bool asks_as_well = found != nullptr && (call.query == query) == (found->query == query);
    if (found == nullptr || asks_better || (asks_as_well && call.at_ns <= at_ns)) {
      found = &call;
    }
  }
  return found;
}

}  // namespace tapedeck::cli
