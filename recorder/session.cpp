#include "recorder/session.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"

namespace tapedeck::recorder {
namespace {

constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

std::int64_t later(std::int64_t from_ns, std::int64_t by_ns) {
  return by_ns > never_ns - from_ns ? never_ns : from_ns + by_ns;
}

}  // namespace

Session::Session(SessionPorts ports, const SessionOptions& options)
    : ports_(std::move(ports)),
      options_(options),
      policy_(options.reconnects),
      over_due_ns_(never_ns) {}

Result<Summary> Session::run() {
  start();
  while (!over()) {
    if (ports_.stop_requested()) {
      stop();
    } else {
      step(never_ns);
    }
  }
  return result_;
}

void Session::start() {
  open_source();
  // A node that does not answer must not make a short recording a long one.
  state_due_ns_ = std::min(state_due_ns_,
                           later(ports_.clock.now_ns(), options_.duration_ns.value_or(never_ns)));
}

bool Session::step(std::int64_t until_ns) {
  const bool held = state_ == State::open && ports_.is_full && ports_.is_full();
  ports_.source.hold(held);
  if (held) {
    last_read_ns_ = ports_.clock.now_ns();  // it is not the stream that stalls
  }
  const SourceEvent event = ports_.source.next(std::min(until_ns, next_due_ns()));
  auto done = std::visit([this](const auto& what) { return handle(what); }, event);
  if (done) {
    done = tick();
  }
  if (!done) {
    end_with(done.error());
  }
  return !std::holds_alternative<Nothing>(event);
}

void Session::stop() {
  if (state_ == State::leaving) {
    finish();
  } else if (const auto done = end(Ending::stopped, ""); !done) {
    end_with(done.error());
  }
}

void Session::open_source() {
  state_ = State::opening;
  state_due_ns_ = later(ports_.clock.now_ns(), limits::open_ns_max);
  ports_.source.open(recording_ ? recording_->last_event_id() : "");
}

Result<void> Session::open_source_later(std::int64_t retry_after_ns) {
  state_ = State::waiting;
  if (const auto retry_ms = recording_->retry_ms()) {
    policy_.set_retry_ms(*retry_ms);
  }
  const auto wait_ns = policy_.next_wait_ns(retry_after_ns);
  if (!wait_ns) {
    const bool only_one = options_.reconnects.attempts_max == 0;
    return end(only_one ? Ending::source_over : Ending::gave_up,
               only_one || last_refusal_.empty() ? ended_detail_ : last_refusal_);
  }
  state_due_ns_ = later(ports_.clock.now_ns(), *wait_ns);
  return {};
}

std::int64_t Session::next_due_ns() const {
  std::int64_t due_ns = recording_ ? next_tick_ns_ : never_ns;
  if (state_ != State::leaving) {
    due_ns = std::min(due_ns, over_due_ns_);
  }
  if (state_ != State::open) {
    due_ns = std::min(due_ns, state_due_ns_);
  } else if (options_.stall_ns) {
    due_ns = std::min(due_ns, later(last_read_ns_, *options_.stall_ns));
  }
  return due_ns;
}

Result<void> Session::handle(const Nothing& /*nothing*/) {
  const std::int64_t now_ns = ports_.clock.now_ns();
  if (state_ == State::leaving && now_ns >= state_due_ns_) {
    finish();
  } else if (state_ == State::waiting && now_ns >= state_due_ns_) {
    open_source();
  } else if (state_ == State::opening && now_ns >= state_due_ns_) {
    return handle(Refused{.reason = "it did not answer in time"});
  } else if (state_ == State::open && options_.stall_ns &&
             now_ns >= later(last_read_ns_, *options_.stall_ns)) {
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
  } else if (auto begun = begin_recording(); !begun) {
    return begun;
  }
  state_ = State::open;
  opened_ns_ = last_read_ns_ = ports_.clock.now_ns();
  last_refusal_.clear();
  return recording_->connect(opened);
}

/// The tape's time began with the first request of which it is to know.
Result<void> Session::begin_recording() {
  const std::int64_t before_ns = ports_.clock.now_ns();
  const std::int64_t head_start_ns =
      early_exchanges_.empty() ? 0 : before_ns - early_exchanges_.front().request_ns;
  const auto sink = ports_.open_sink();
  if (!sink) {
    return fail(sink.error());
  }
  recording_.emplace(**sink, ports_.clock, ports_.wall_now_ns, options_.frames_max, head_start_ns);
  recording_->on_message([this](const sse::Message& message) { ports_.source.hear(message); });
  // Making a tape may take its time, which is none of the recording's.
  opened_first_ns_ = ports_.clock.now_ns();
  over_due_ns_ = later(opened_first_ns_, options_.duration_ns.value_or(never_ns));
  for (port::Exchange& exchange : early_exchanges_) {
    exchange.request_ns += opened_first_ns_ - before_ns;
    exchange.response_ns += opened_first_ns_ - before_ns;
    if (auto noted = recording_->note(std::move(exchange)); !noted) {
      return noted;
    }
  }
  early_exchanges_.clear();
  return {};
}

Result<void> Session::handle(const Refused& refused) {
  ports_.source.close();
  if (!recording_) {
    return fail_io("cannot record from " + ports_.source.name() + ": " + refused.reason);
  }
  last_refusal_ = refused.reason;
  return refused.worth_retrying ? open_source_later(refused.retry_after_ns)
                                : end(Ending::refused, refused.reason);
}

Result<void> Session::handle(const Arrived& arrived) {
  last_read_ns_ = ports_.clock.now_ns();
  auto taken = recording_->take(arrived.bytes);
  return taken && recording_->full() ? end(Ending::frames_in, "") : taken;
}

Result<void> Session::handle(const Ended& ended) {
  ports_.source.close();
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
    return end(Ending::frames_in, "");
  }
  switch (ended.then) {
    case Ended::Then::reopen:
      return open_source_later(0);
    case Ended::Then::reopen_at_once:
      state_due_ns_ = ports_.clock.now_ns();
      return {};
    case Ended::Then::never:
      return end(Ending::dismissed, ended.detail);
  }
  return {};
}

Result<void> Session::handle(const Exchanged& exchanged) {
  if (recording_) {
    return recording_->note(exchanged.exchange);
  }
  early_exchanges_.push_back(exchanged.exchange);
  return {};
}

Result<void> Session::handle(const Left& /*left*/) {
  finish();
  return {};
}

Result<void> Session::tick() {
  const std::int64_t now_ns = ports_.clock.now_ns();
  const bool live = state_ != State::leaving && state_ != State::over;
  if (live && now_ns >= over_due_ns_) {
    return end(Ending::time_up, "");
  }
  if (std::string why;
      live && recording_ && ports_.why_stop && !(why = ports_.why_stop()).empty()) {
    return end(Ending::stopped, std::move(why));
  }
  if (state_ == State::over || !recording_ || now_ns < next_tick_ns_) {
    return {};
  }
  next_tick_ns_ = now_ns + options_.tick_ns;
  if (ports_.on_progress) {
    ports_.on_progress({state_, now_ns - opened_first_ns_, recording_->totals()});
  }
  return recording_->commit_if_due();
}

Result<void> Session::end(Ending ending, std::string detail) {
  if (recording_) {
    if (auto closed = close_recording(ending); !closed) {
      return closed;
    }
  }
  result_ = Summary{
      .ending = ending,
      .elapsed_ns = recording_ ? ports_.clock.now_ns() - opened_first_ns_ : 0,
      .totals = recording_ ? recording_->totals() : Totals{},
      .last_end = last_end_,
      .detail = std::move(detail),
  };
  leave();
  return {};
}

Result<void> Session::close_recording(Ending ending) {
  if (state_ == State::open) {
    return recording_->disconnect(port::ConnectionEnd::stopped, "the recording ended");
  }
  const bool missed =
      ending != Ending::source_over && ending != Ending::frames_in && ending != Ending::dismissed;
  return missed ? recording_->note_gap(gap_reason()) : Result<void>();
}

/// Nothing reaches the sink any more.
void Session::end_with(Error error) {
  recording_.reset();
  early_exchanges_.clear();
  result_ = fail(std::move(error));
  if (state_ != State::leaving && state_ != State::over) {
    leave();
  }
}

void Session::leave() {
  state_ = State::leaving;
  state_due_ns_ = later(ports_.clock.now_ns(), limits::leave_ns_max);
  if (!ports_.source.leave()) {
    finish();
  }
}

void Session::finish() {
  state_ = State::over;
  ports_.source.close();
  if (recording_ && result_) {
    if (auto finished = recording_->finish(); !finished) {
      result_ = fail(finished.error());
    }
  }
}

std::string Session::gap_reason() const {
  return last_refusal_.empty() ? ended_detail_ : ended_detail_ + "; then " + last_refusal_;
}

void run_side_by_side(const std::vector<Session*>& sessions, EventLoop& loop) {
  for (Session* session : sessions) {
    session->start();
  }
  for (;;) {
    const bool stop = loop.take_stop();
    bool all_over = true;
    bool moved = false;
    std::int64_t due_ns = never_ns;
    for (Session* session : sessions) {
      if (stop && !session->over()) {
        session->stop();
      }
      moved = (!session->over() && session->step(loop.now_ns())) || moved;
      all_over = all_over && session->over();
      due_ns = session->over() ? due_ns : std::min(due_ns, session->next_due_ns());
    }
    if (all_over) {
      return;
    }
    if (!moved) {
      loop.run_one_until(due_ns);
    }
  }
}

}  // namespace tapedeck::recorder
