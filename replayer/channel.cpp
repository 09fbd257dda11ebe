#include "replayer/channel.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "replayer/fault_plan.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::replayer {

Result<void> Channel::start(std::unique_ptr<port::FrameSource> source, const Timeline& timeline) {
  const auto play = deck_.start(std::move(source), timeline, *this);
  if (!play) {
    return fail(play.error());
  }
  play_ = *play;
  over_ = false;
  loss_.reset();
  from_ns_ = last_ns_ = timeline.from_ns();
  return {};
}

Result<void> Channel::seek(
    const Position& position,
    const std::function<Result<std::unique_ptr<port::FrameSource>>(const Position&)>& open,
    const Timeline& timeline) {
  if (auto finished = deck_.finish_block(play_); !finished) {
    return finished;
  }
  Position to = position;
  to.needs_state = true;
  to.known_seq = last_seq_;
  const auto loss = std::exchange(loss_, {});  // opening may find another one
  auto source = open(to);
  auto sought = source ? over_ ? start(*std::move(source), timeline)
                               : deck_.seek(play_, *std::move(source), timeline)
                       : Result<void>(fail(source.error()));
  if (!sought) {
    loss_ = loss;
    return sought;
  }
  broke_off_ = false;
  from_ns_ = last_ns_ = position.at_ns;
  last_seq_ = position.seq;
  if (rules_.keeps_place) {
    handed_.push_back({handed_bytes_, position.seq, position.at_ns});
  }
  return {};
}

void Channel::pause(std::int64_t now_ns) {
  session_.paused = true;
  deck_.pause(play_, now_ns);
}

void Channel::resume(std::int64_t now_ns) {
  session_.paused = false;
  deck_.resume(play_, now_ns);
}

void Channel::set_rate(const Rate& rate, std::int64_t now_ns) {
  session_.rate = rate;
  deck_.set_rate(play_, rate, now_ns);
}

Result<void> Channel::step(std::int64_t now_ns, std::uint64_t frames) {
  session_.paused = true;
  return deck_.step(play_, now_ns, frames);
}

Session Channel::session(std::int64_t now_ns) const {
  Session now = session_;
  const Timeline* timeline = deck_.timeline(play_);
  now.clients = listeners_.size() + arriving_.size();
  now.over = over_;
  now.at_ns = timeline == nullptr ? last_ns_ : timeline->position_ns(now_ns);
  now.seq = last_seq_;
  return now;
}

void Channel::add(Listener listener) {
  listener.stream->on_progress([this] { resume_if_drained(); });
  const bool waits = in_block_ && !over_;
  if (!waits) {
    welcome(listener);
  }
  if (over_) {
    end_listener(listener);
  }
  (waits ? arriving_ : listeners_).push_back(std::move(listener));
}

void Channel::welcome(const Listener& listener) const {
  if (rules_.welcome) {
    rules_.welcome(listener, last_seq_);
  }
}

void Channel::remove(EventStream& stream) {
  stream.on_progress([] {});
  const auto is_it = [&](const Listener& listener) { return listener.stream.get() == &stream; };
  std::erase_if(listeners_, is_it);
  std::erase_if(arriving_, is_it);
  resume_if_drained();
}

void Channel::for_each(const std::function<void(Listener&)>& action) {
  std::ranges::for_each(listeners_, action);
  std::ranges::for_each(arriving_, action);
}

port::Frame Channel::rewritten(port::Frame frame) {
  if (rules_.rewrite && frame.complete && !in_block_ && !frame.raw.empty()) {
    if (auto other = rules_.rewrite(frame)) {
      rewritten_ = *std::move(other);
      frame.raw = rewritten_;
    }
  }
  return frame;
}

Result<void> Channel::accept(const port::Frame& handed) {
  const port::Frame frame = rewritten(handed);
  last_ns_ = std::max(frame.recv_ns, from_ns_);
  if (is_cut(frame)) {
    break_off();
    return {};
  }
  if (frame.raw.empty()) {  // left out; or the connection is lost here, and its torn block over
    last_seq_ = frame.seq;
    in_block_ = false;
    return {};
  }
  if (rules_.sends_each_time && frame.recv_ns != gathered_ns_) {
    if (auto flushed = flush(); !flushed) {
      return flushed;
    }
  }
  gathered_ns_ = frame.recv_ns;
  broke_off_ = false;
  gathered_ += frame.raw;
  if (rules_.sent) {
    gathered_frames_.emplace_back(frame.raw.size(), frame.complete);
  }
  in_block_ = !frame.complete;
  if (frame.complete) {
    last_seq_ = frame.seq;
  }
  if (rules_.keeps_place) {
    handed_bytes_ += frame.raw.size();
    if (frame.complete) {
      handed_.push_back({handed_bytes_, frame.seq, last_ns_});
    }
  }
  if (rules_.frames_apart) {
    send_gathered();
  }
  return {};
}

std::uint64_t Channel::place_seq() {
  const std::uint64_t sent = listeners_.empty() ? 0 : listeners_.front().stream->sent_bytes();
  while (!handed_.empty() && handed_.front().end_bytes <= sent) {
    place_seq_ = handed_.front().seq;
    handed_.pop_front();
  }
  return place_seq_;
}

void Channel::tell(std::string block, std::function<bool(const Listener&)> hears) {
  told_.push_back({std::make_shared<const std::string>(std::move(block)), std::move(hears)});
  if (!in_block_) {
    send_gathered();
    send_told();
  }
}

void Channel::send_told() {
  for (const Told& told : std::exchange(told_, {})) {
    for (const Listener& listener : listeners_) {
      if (!told.hears(listener) || !listener.stream->send(told.block)) {
        continue;
      }
      handed_bytes_ += rules_.keeps_place ? told.block->size() : 0;
      if (rules_.sent) {
        rules_.sent(listener, {.complete = true, .raw = *told.block});
      }
    }
  }
}

Result<void> Channel::flush() {
  send_gathered();
  if (!in_block_) {
    send_told();
  }
  if (rules_.keeps_place) {
    (void)place_seq();
  }
  if (!in_block_) {
    std::ranges::for_each(arriving_, [this](const Listener& listener) { welcome(listener); });
    std::ranges::move(arriving_, std::back_inserter(listeners_));
    arriving_.clear();
  }
  return {};
}

void Channel::send_gathered() {
  if (!gathered_.empty()) {
    const auto piece = std::make_shared<const std::string>(std::exchange(gathered_, {}));
    for (const Listener& listener : listeners_) {
      if (listener.stream->send(piece) && rules_.sent) {
        tell_sent(listener, *piece);
      }
      const std::size_t unsent = listener.stream->unsent_bytes();
      if (rules_.behind_bytes_max) {
        if (unsent > *rules_.behind_bytes_max) {
          rules_.drop(*listener.stream);
        }
      } else if (unsent > limits::stream_high_bytes && !held_) {
        held_ = true;
        deck_.hold(play_);
      }
    }
  }
  gathered_frames_.clear();
}

void Channel::break_off() {
  send_gathered();
  in_block_ = false;
  broke_off_ = true;
  for_each([](Listener& listener) { listener.stream->break_off(); });
}

Result<void> Channel::finish() {
  over_ = true;
  for_each([this](Listener& listener) { end_listener(listener); });
  if (is_lost()) {
    rules_.lost(*this, Loss(*loss_));
  }
  return {};
}

void Channel::tell_sent(const Listener& listener, std::string_view bytes) const {
  for (const auto& [count, complete] : gathered_frames_) {
    rules_.sent(listener, {.complete = complete, .raw = bytes.substr(0, count)});
    bytes.remove_prefix(count);
  }
}

void Channel::end_listener(const Listener& listener) const {
  if (loss_ && loss_->broken) {
    listener.stream->break_off();
  } else if (loss_ || rules_.end_with_source) {
    listener.stream->finish();
  }
}

Result<void> Channel::source_failed(const Error& error) {
  over_ = true;
  for_each([](Listener& listener) { listener.stream->abort(); });
  rules_.source_failed(error);
  return {};
}

void Channel::resume_if_drained() {
  const auto is_drained = [](const Listener& listener) {
    return listener.stream->unsent_bytes() <= limits::stream_low_bytes;
  };
  if (held_ && std::ranges::all_of(listeners_, is_drained)) {
    held_ = false;
    deck_.release(play_);
  }
}

}  // namespace tapedeck::replayer
