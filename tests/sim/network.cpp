#include "tests/sim/network.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/units.hpp"

namespace tapedeck::test {
namespace {

/// Bytes that no node sends, each of them a whole block or the beginning of one.
constexpr std::array<std::string_view, 9> noise{
    std::string_view("data: no event\n\n"),
    std::string_view("event: stage\ndata: [{\"participant_uuid\":\n\n"),
    std::string_view("event: participant_create\ndata: null\n\n"),
    std::string_view("data: \xff\xfe\xc3\x28 not UTF-8\n\n"),
    std::string_view("id: with\0nul\ndata: 1\n\n", 22),
    std::string_view("retry: 150\n\n"),
    std::string_view("\n\n\r\n\r\r\n"),
    std::string_view("data: a CR alone after a CR LF\r\n\rdata: 2\r\n\r"),
    std::string_view("event: \r\rdata\n:\n")};

std::string with_line_ends(std::string_view bytes, std::string_view line_end) {
  std::string out;
  for (const char c : bytes) {
    if (c == '\n') {
      out += line_end;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

SimulatedNetwork::SimulatedNetwork(const Plan& plan, port::Clock& clock)
    : network_(plan.network),
      mutant_(plan.mutant),
      clock_(clock),
      random_(plan.seed ^ 0x6e6574776f726b),  // a sequence of its own
      node_(plan.conference) {}

void SimulatedNetwork::open(const std::string& last_event_id) {
  check(state_ == State::closed, "a connection is opened beside another");
  state_ = State::opening;
  const bool is_deaf = !log_.empty() && random_.percent(network_.deaf_percent);
  due_ns_ = is_deaf ? never_ns : clock_.now_ns() + random_.between(0, 50 * ns_per_ms);
  attempts_.push_back({.at_ns = clock_.now_ns(), .last_event_id = last_event_id});
}

recorder::SourceEvent SimulatedNetwork::next(std::int64_t until_ns) {
  const std::int64_t due_ns = state_ == State::closed ? never_ns : due_ns_;
  check(std::min(due_ns, until_ns) != never_ns, "nothing will ever come");
  clock_.wait_until(std::min(due_ns, until_ns));
  if (until_ns < due_ns) {
    return recorder::Nothing{};
  }
  switch (state_) {
    case State::opening:
      return answer();
    case State::open:
      return deliver();
    case State::closed:
    case State::ending:
      break;
  }
  return end();
}

recorder::SourceEvent SimulatedNetwork::answer() {
  AttemptLog& attempt = attempts_.back();
  attempt.answered_ns = clock_.now_ns();
  const bool is_refused = !log_.empty() && random_.percent(network_.refused_percent);
  auto stream = node_.open_stream(node_.observer_uuid(), clock_.now_ns());
  if (!stream || is_refused) {
    state_ = State::closed;
    attempt.answer =
        is_refused ? AttemptLog::Answer::refused : AttemptLog::Answer::refused_for_ever;
    attempt.retry_after_ns = is_refused ? random_.between(0, network_.retry_after_ns_max) : 0;
    return recorder::Refused{.reason = is_refused ? "it answered 503" : stream.error().message,
                             .worth_retrying = is_refused,
                             .retry_after_ns = attempt.retry_after_ns};
  }
  attempt.answer = AttemptLog::Answer::opened;
  stream_ = std::move(*stream);
  sent_ = network_.byte_order_mark ? "\xef\xbb\xbf" : "";
  sent_ns_ = clock_.now_ns();
  peeked_.reset();
  log_.emplace_back();
  log_.back().last_event_id = attempt.last_event_id;
  log_.back().opened_ns = clock_.now_ns();
  state_ = State::open;
  plan_read();
  return recorder::Opened{.source = source_url,
                          .http_status = 200,
                          .headers = response_headers,
                          .last_event_id = attempt.last_event_id};
}

/// Adds the node's next block to what is on its way; false when the conference is over.
bool SimulatedNetwork::fetch() {
  if (!peeked_) {
    peeked_ = stream_->next().value();
  }
  if (!peeked_) {
    return false;
  }
  sent_ += with_line_ends(peeked_->raw, network_.line_end);
  sent_ns_ = std::max(sent_ns_, peeked_->recv_ns);
  peeked_.reset();
  if (random_.percent(network_.noise_percent)) {
    sent_ += random_.pick(noise);
  }
  return true;
}

/// Decides how much comes with the next read, and when.
void SimulatedNetwork::plan_read() {
  if (sent_.empty() && !fetch()) {
    state_ = State::ending;
    ending_ = port::ConnectionEnd::finished;
    due_ns_ = std::max(clock_.now_ns(), sent_ns_) + random_.between(0, network_.delay_ns_max);
    return;
  }
  due_ns_ = std::max(clock_.now_ns(), sent_ns_) + random_.between(0, network_.delay_ns_max);
  read_bytes_ = static_cast<std::size_t>(
      random_.between(1, static_cast<std::int64_t>(network_.chunk_bytes_max)));
  // What the node sends meanwhile comes with the same read.
  while (sent_.size() < read_bytes_) {
    if (!peeked_) {
      peeked_ = stream_->next().value();
    }
    if (!peeked_ || peeked_->recv_ns > due_ns_ || !fetch()) {
      break;
    }
  }
  read_bytes_ = std::min(read_bytes_, sent_.size());
}

recorder::SourceEvent SimulatedNetwork::deliver() {
  delivered_ = sent_.substr(0, read_bytes_);
  sent_.erase(0, read_bytes_);
  ConnectionLog& log = log_.back();
  log.body += delivered_;
  log.reads.push_back({log.body.size(), clock_.now_ns()});
  const bool is_stillborn = log.reads.size() == 1 && random_.percent(network_.stillborn_percent);
  if (is_stillborn || random_.below(1000) < network_.drop_per_mille) {
    state_ = State::ending;
    ending_ = random_.percent(50) ? port::ConnectionEnd::broken : port::ConnectionEnd::finished;
    due_ns_ = clock_.now_ns() + random_.between(0, ns_per_s);
  } else if (random_.below(1000) < network_.stall_per_mille) {
    state_ = State::ending;
    due_ns_ = never_ns;
  } else {
    plan_read();
  }
  mutate();
  return recorder::Arrived{delivered_};
}

/// Loses on the way to the recorder what the planted bug loses.
void SimulatedNetwork::mutate() {
  const std::size_t block_end = delivered_.find("\n\n");
  if (mutant_ == Mutant::lost_on_reconnect && log_.size() > 1 && log_.back().reads.size() == 1 &&
      block_end != std::string::npos && block_end + 2 < delivered_.size()) {
    delivered_.erase(0, block_end + 2);
  }
  if (mutant_ == Mutant::torn_tail_off_by_one && state_ == State::ending && delivered_.size() > 1) {
    delivered_.pop_back();
  }
}

recorder::SourceEvent SimulatedNetwork::end() {
  log_.back().end = ending_;
  log_.back().closed_ns = clock_.now_ns();
  stream_.reset();
  state_ = State::closed;
  return recorder::Ended{ending_, "as the simulation has it"};
}

void SimulatedNetwork::close() {
  if (state_ == State::open || state_ == State::ending) {
    log_.back().closed_ns = clock_.now_ns();
  } else if (state_ == State::opening) {
    attempts_.back().answered_ns = clock_.now_ns();
  }
  stream_.reset();
  state_ = State::closed;
}

}  // namespace tapedeck::test
