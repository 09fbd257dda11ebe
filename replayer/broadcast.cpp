#include "replayer/broadcast.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/base/units.hpp"
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
  if (over_ && rules_.once) {
    listener.stream->finish();
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
  gathered_ += frame.raw;
  in_block_ = !frame.complete;
  return {};
}

Result<void> Channel::flush() {
  if (!gathered_.empty()) {
    const auto piece = std::make_shared<const std::string>(std::exchange(gathered_, {}));
    for (const Listener& listener : listeners_) {
      listener.stream->send(piece);
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
  if (!in_block_) {
    std::ranges::move(arriving_, std::back_inserter(listeners_));
    arriving_.clear();
  }
  return {};
}

Result<void> Channel::finish() {
  over_ = true;
  if (rules_.once) {
    for_each([](Listener& listener) { listener.stream->finish(); });
  }
  return {};
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

JoinInfo Broadcast::join_info(std::string participant_uuid, std::string display_name) const {
  const bool live = options_.sharing == Sharing::live;
  return {.participant_uuid = std::move(participant_uuid),
          .display_name = std::move(display_name),
          .now_ns = live ? clock_.now_ns() - started_ns_ : 0};
}

Result<Broadcast::Channels::iterator> Broadcast::channel_for(const StreamGrant& grant) {
  if (is_shared() && !channels_.empty()) {
    return channels_.begin();
  }
  auto source = programme_.open_stream(join_info(grant.participant_uuid, grant.display_name));
  if (!source) {
    return fail(source.error());
  }
  Channel::Rules rules{
      .behind_bytes_max = {},
      .once = options_.once,
      .drop =
          [this](EventStream& stream) {
            drop(stream, format_bytes(options_.limits.stream_bytes_max) + " behind the others");
          },
      .source_failed = [this](const Error& error) { note_failure(error); }};
  // At a given rate a shared moment waits for nobody; without one it waits for who listens.
  if (is_shared() && !options_.timeline.rate.is_unlimited()) {
    rules.behind_bytes_max = options_.limits.stream_bytes_max;
  }
  channels_.emplace_back(deck_, std::move(rules));
  const auto channel = std::prev(channels_.end());
  const bool live = options_.sharing == Sharing::live;
  const Timeline timeline(options_.timeline, live ? started_ns_ : clock_.now_ns());
  if (auto started = channel->start(std::move(*source), timeline); !started) {
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
  channel_of_.emplace(stream.get(), *channel);
  (*channel)->add({std::move(stream), grant.member_id});
  ++opened_;
  return {};
}

void Broadcast::detach(EventStream& stream) {
  const auto found = channel_of_.find(&stream);
  if (found == channel_of_.end()) {
    return;
  }
  const auto channel = found->second;
  channel_of_.erase(found);
  channel->remove(stream);
  if (!channel->empty()) {
    return;
  }
  if (!is_shared()) {
    done_ = done_ || (options_.once && channel->over());
    channel->stop();
    channels_.erase(channel);
  }
}

bool Broadcast::done() const {
  const bool shared_is_done = options_.once && is_shared() && !channels_.empty() &&
                              channels_.front().over() && channels_.front().empty();
  return done_ || shared_is_done;
}

void Broadcast::end_member(std::uint64_t member_id) {
  for (Channel& channel : channels_) {
    channel.for_each([&](Channel::Listener& listener) {
      if (listener.member_id == member_id) {
        listener.stream->finish();
      }
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
