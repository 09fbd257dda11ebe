#include "replayer/broadcast.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/base/json_text.hpp"
#include "core/base/units.hpp"
#include "replayer/fault_plan.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::replayer {

Result<void> Channel::start(std::unique_ptr<port::FrameSource> source, const Timeline& timeline) {
  const auto play = deck_.start(std::move(source), timeline, *this);
  if (!play) {
    return fail(play.error());
  }
  play_ = *play;
  return {};
}

void Channel::add(Listener listener) {
  listener.stream->on_progress([this] { resume_if_drained(); });
  if (over_) {
    end_listener(listener);
  }
  (in_block_ ? arriving_ : listeners_).push_back(std::move(listener));
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

Result<void> Channel::accept(const port::Frame& frame) {
  if (is_cut(frame)) {
    break_off();
    return {};
  }
  broke_off_ = false;
  gathered_ += frame.raw;
  if (rules_.sent) {
    gathered_frames_.emplace_back(frame.raw.size(), frame.complete);
  }
  in_block_ = !frame.complete;
  if (rules_.frames_apart) {
    send_gathered();
  }
  return {};
}

Result<void> Channel::flush() {
  send_gathered();
  if (!in_block_) {
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
  return {};
}

void Channel::tell_sent(const Listener& listener, std::string_view bytes) const {
  for (const auto& [count, complete] : gathered_frames_) {
    rules_.sent(listener, {.complete = complete, .raw = bytes.substr(0, count)});
    bytes.remove_prefix(count);
  }
}

void Channel::end_listener(const Listener& listener) const {
  if (rules_.end_with_source) {
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
    deck_.resume(play_);
  }
}

Broadcast::Broadcast(Deck& deck, port::Clock& clock, const ServerOptions& options,
                     const Programme& programme)
    : deck_(deck),
      clock_(clock),
      options_(options),
      programme_(programme),
      started_ns_(clock.now_ns()) {}

JoinInfo Broadcast::join_info(JoinInfo who) const {
  who.now_ns = timeline_now_ns();
  return who;
}

std::int64_t Broadcast::timeline_now_ns() const {
  return options_.sharing == Sharing::live
             ? options_.timeline.rate.unscale(clock_.now_ns() - started_ns_)
             : 0;
}

void Broadcast::note(std::uint64_t stream, decltype(JournalEntry::what) what) const {
  if (options_.journal) {
    options_.journal({.now_ns = timeline_now_ns(), .stream = stream, .what = what});
  }
}

void Broadcast::note_answer(std::string_view method, std::string_view target, int status) const {
  note(0, RequestAnswered{
              .method = method, .path = target.substr(0, target.find('?')), .status = status});
}

Result<Broadcast::Channels::iterator> Broadcast::channel_for(const StreamGrant& grant) {
  if (is_shared() && !channels_.empty()) {
    return channels_.begin();
  }
  const JoinInfo who = join_info(grant.who);
  auto opened = programme_.open_stream(who);
  if (!opened) {
    return fail(opened.error());
  }
  std::unique_ptr<port::FrameSource> source = *std::move(opened);
  const bool live = options_.sharing == Sharing::live;
  Channel::Rules rules{
      .behind_bytes_max = {},
      .end_with_source = options_.once || live,
      .frames_apart = writes_apart(),
      .drop =
          [this](EventStream& stream) {
            drop(stream, format_bytes(options_.limits.stream_bytes_max) + " behind the others");
          },
      .source_failed = [this](const Error& error) { note_failure(error); },
      .sent = {}};
  if (options_.journal) {
    rules.sent = [this](const Channel::Listener& listener, const FrameSent& frame) {
      note(listener.number, frame);
    };
  }
  // At a given rate a shared moment waits for nobody; without one it waits for who listens.
  if (is_shared() && !options_.timeline.rate.is_unlimited()) {
    rules.behind_bytes_max = options_.limits.stream_bytes_max;
  }
  channels_.emplace_back(deck_, std::move(rules));
  const auto channel = std::prev(channels_.end());
  if (options_.faults != nullptr) {
    source = options_.faults->apply(std::move(source), opened_ + 1, who.now_ns,
                                    is_shared() ? AfterCut::go_on : AfterCut::end);
  }
  const Timeline timeline(options_.timeline, live ? started_ns_ : clock_.now_ns());
  if (auto started = channel->start(std::move(source), timeline); !started) {
    channels_.erase(channel);
    note_failure(started.error());
    return fail(started.error());
  }
  return channel;
}

Result<void> Broadcast::attach(const StreamGrant& grant,
                               const std::function<std::shared_ptr<EventStream>()>& open_stream) {
  const auto channel = channel_for(grant);
  if (!channel) {
    return fail(channel.error());
  }
  auto stream = open_stream();
  const std::uint64_t number = ++opened_;
  place_of_.emplace(stream.get(), Place{*channel, number});
  note(number, StreamOpened{.who = grant.who});
  (*channel)->add({std::move(stream), grant.member_id, number});
  return {};
}

void Broadcast::detach(EventStream& stream) {
  const auto found = place_of_.find(&stream);
  if (found == place_of_.end()) {
    return;
  }
  const auto [channel, number] = found->second;
  place_of_.erase(found);
  note(number, StreamClosed{.by_server = stream.ended_here(), .broken = stream.broken_here()});
  channel->remove(stream);
  if (!channel->empty()) {
    return;
  }
  if (!is_shared()) {
    // Who was broken off has not got all, and comes back.
    done_ = done_ || (options_.once && channel->over() && !channel->broke_off());
    channel->stop();
    channels_.erase(channel);
  }
}

bool Broadcast::done() const {
  const bool shared_is_done = options_.once && is_shared() && !channels_.empty() &&
                              channels_.front().over() && channels_.front().empty();
  return done_ || shared_is_done;
}

bool Broadcast::writes_apart() const {
  return options_.faults != nullptr && options_.faults->writes_apart();
}

void Broadcast::end_member(std::uint64_t member_id, std::string_view reason) {
  Piece farewell;
  if (!reason.empty()) {
    std::string block = "event: disconnect\ndata: {\"reason\":";
    append_json_string(block, reason);
    farewell = std::make_shared<const std::string>(block + "}\n\n");
  }
  for (Channel& channel : channels_) {
    channel.for_each([&](Channel::Listener& listener) {
      if (listener.member_id != member_id) {
        return;
      }
      if (farewell && listener.stream->send(farewell)) {
        note(listener.number, FrameSent{.complete = true, .raw = *farewell});
      }
      listener.stream->finish();
    });
  }
}

void Broadcast::end_all() {
  for (Channel& channel : channels_) {
    channel.for_each([](Channel::Listener& listener) { listener.stream->finish(); });
  }
}

void Broadcast::drop_stalled() {
  const std::chrono::nanoseconds patience = options_.limits.stream_stall_max;
  const std::int64_t since_ns = clock_.now_ns() - patience.count();
  for (Channel& channel : channels_) {
    channel.for_each([&](Channel::Listener& listener) {
      EventStream& stream = *listener.stream;
      if ((is_shared() || stream.finishing()) && stream.stalled_since(since_ns)) {
        drop(stream, "nothing taken for " + format_duration(patience.count()));
      }
    });
  }
}

void Broadcast::drop(EventStream& stream, const std::string& why) {
  if (!stream.abort()) {
    return;
  }
  ++dropped_;
  log("dropped a client that does not keep up: " + why);
}

void Broadcast::note_failure(const Error& error) {
  failure_ = failure_.value_or(error);
  log(error.message);
}

void Broadcast::log(const std::string& sentence) const {
  if (options_.log) {
    options_.log(sentence);
  }
}

}  // namespace tapedeck::replayer
