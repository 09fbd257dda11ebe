#include "recorder/session.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "core/base/units.hpp"

namespace tapedeck::recorder {
namespace {

constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

/// Often enough for the commit bound to hold where no frame comes.
constexpr std::int64_t tick_ns = limits::commit_ns_max / 4;

std::int64_t later(std::int64_t from_ns, std::int64_t by_ns) {
  return by_ns > never_ns - from_ns ? never_ns : from_ns + by_ns;
}

}  // namespace

Session::Session(SessionPorts ports, const SessionOptions& options)
    : ports_(std::move(ports)),
      options_(options),
      policy_(options.attempts_max, options.seed),
      over_due_ns_(never_ns) {}

Result<Summary> Session::run() {
  open_source();
  // A node that does not answer must not make a short recording a long one.
  state_due_ns_ = std::min(state_due_ns_,
                           later(ports_.clock.now_ns(), options_.duration_ns.value_or(never_ns)));
  while (!ending_) {
    if (ports_.stop_requested()) {
      end(Ending::stopped, "");
      break;
    }
    const SourceEvent event = wait();
    auto done = std::visit([this](const auto& what) { return handle(what); }, event);
    if (done) {
      done = tick();
    }
    if (!done) {
      ports_.source.close();
      return fail(done.error());
    }
  }
  return finish();
}

void Session::open_source() {
  state_ = State::opening;
  state_due_ns_ = later(ports_.clock.now_ns(), limits::open_ns_max);
  ports_.source.open(recording_ ? recording_->last_event_id() : "");
}

void Session::open_source_later(std::int64_t retry_after_ns) {
  state_ = State::waiting;
  if (const auto retry_ms = recording_->retry_ms()) {
    policy_.set_retry_ms(*retry_ms);
  }
  const auto wait_ns = policy_.next_wait_ns(retry_after_ns);
  if (!wait_ns) {
    const bool only_one = options_.attempts_max == 0;
    end(only_one ? Ending::source_over : Ending::gave_up,
        only_one || last_refusal_.empty() ? ended_detail_ : last_refusal_);
    return;
  }
  state_due_ns_ = later(ports_.clock.now_ns(), *wait_ns);
}

SourceEvent Session::wait() {
  const std::int64_t until_ns = next_due_ns();
  if (state_ != State::waiting) {
    return ports_.source.next(until_ns);
  }
  ports_.clock.wait_until(until_ns);
  return Nothing{};
}

std::int64_t Session::next_due_ns() const {
  std::int64_t due_ns = std::min(over_due_ns_, recording_ ? next_tick_ns_ : never_ns);
  if (state_ != State::open) {
    due_ns = std::min(due_ns, state_due_ns_);
  } else if (options_.stall_ns) {
    due_ns = std::min(due_ns, later(last_read_ns_, *options_.stall_ns));
  }
  return due_ns;
}

Result<void> Session::handle(const Nothing& /*nothing*/) {
  const std::int64_t now_ns = ports_.clock.now_ns();
  if (state_ == State::waiting && now_ns >= state_due_ns_) {
    open_source();
  } else if (state_ == State::opening && now_ns >= state_due_ns_) {
    ports_.source.close();
    return handle(Refused{.reason = "it did not answer in time"});
  } else if (state_ == State::open && options_.stall_ns &&
             now_ns >= later(last_read_ns_, *options_.stall_ns)) {
    ports_.source.close();
    return handle(Ended{port::ConnectionEnd::broken,
                        "no byte came for " + format_duration(*options_.stall_ns)});
  }
  return {};
}

Result<void> Session::handle(const Opened& opened) {
  if (recording_) {
    if (auto noted = recording_->note_gap(gap_reason()); !noted) {
      return noted;
    }
  } else {
    const auto sink = ports_.open_sink();
    if (!sink) {
      return fail(sink.error());
    }
    recording_.emplace(**sink, ports_.clock, ports_.wall_now_ns, options_.frames_max);
    // Making a tape may take its time, which is none of the recording's.
    opened_first_ns_ = ports_.clock.now_ns();
    over_due_ns_ = later(opened_first_ns_, options_.duration_ns.value_or(never_ns));
  }
  state_ = State::open;
  opened_ns_ = last_read_ns_ = ports_.clock.now_ns();
  last_refusal_.clear();
  return recording_->connect(opened);
}

Result<void> Session::handle(const Refused& refused) {
  if (!recording_) {
    return fail_io("cannot record from " + ports_.source.name() + ": " + refused.reason);
  }
  last_refusal_ = refused.reason;
  if (refused.worth_retrying) {
    open_source_later(refused.retry_after_ns);
  } else {
    end(Ending::refused, refused.reason);
  }
  return {};
}

Result<void> Session::handle(const Arrived& arrived) {
  last_read_ns_ = ports_.clock.now_ns();
  auto taken = recording_->take(arrived.bytes);
  if (taken && recording_->full()) {
    end(Ending::frames_in, "");
  }
  return taken;
}

Result<void> Session::handle(const Ended& ended) {
  if (auto done = recording_->disconnect(ended.end, ended.detail); !done) {
    return done;
  }
  last_end_ = ended.end;
  ended_detail_ = ended.detail;
  const bool steady = ports_.clock.now_ns() - opened_ns_ >= limits::steady_connection_ns;
  if (recording_->connection_frames() > 0 || steady) {
    policy_.good_connection();
  }
  state_ = State::waiting;
  if (recording_->full()) {
    end(Ending::frames_in, "");
  } else {
    open_source_later(0);
  }
  return {};
}

Result<void> Session::tick() {
  const std::int64_t now_ns = ports_.clock.now_ns();
  if (!ending_ && now_ns >= over_due_ns_) {
    end(Ending::time_up, "");
  }
  if (!recording_ || now_ns < next_tick_ns_) {
    return {};
  }
  next_tick_ns_ = now_ns + tick_ns;
  if (ports_.on_progress) {
    ports_.on_progress({state_, now_ns - opened_first_ns_, recording_->totals()});
  }
  return recording_->commit_if_due();
}

void Session::end(Ending ending, std::string detail) {
  ending_ = ending;
  ending_detail_ = std::move(detail);
}

Result<Summary> Session::finish() {
  ports_.source.close();
  Summary summary;
  summary.ending = *ending_;
  summary.last_end = last_end_;
  summary.detail = ending_detail_;
  if (!recording_) {
    return summary;
  }
  summary.elapsed_ns = ports_.clock.now_ns() - opened_first_ns_;
  Result<void> done;
  if (state_ == State::open) {
    done = recording_->disconnect(port::ConnectionEnd::stopped, "the recording ended");
  } else if (*ending_ != Ending::source_over && *ending_ != Ending::frames_in) {
    done = recording_->note_gap(gap_reason());
  }
  if (done) {
    done = recording_->finish();
  }
  if (!done) {
    return fail(done.error());
  }
  summary.totals = recording_->totals();
  return summary;
}

std::string Session::gap_reason() const {
  return last_refusal_.empty() ? ended_detail_ : ended_detail_ + "; then " + last_refusal_;
}

}  // namespace tapedeck::recorder
