#include "replayer/broadcast.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/json_text.hpp"
#include "core/base/units.hpp"
#include "replayer/fault_plan.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::replayer {

Broadcast::Broadcast(Deck& deck, port::Clock& clock, const ServerOptions& options,
                     const Programme& programme)
    : deck_(deck),
      clock_(clock),
      options_(options),
      programme_(programme),
      timeline_(options.timeline),
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

void Broadcast::call(Call call, Answer& answer) {
  const auto found = programme_of(call.who.alias);
  if (!found || !(*found)->call) {
    return;
  }
  const Programme& programme = **found;
  const JoinInfo who = join_info(call.who);
  const Call timed{.who = who,
                   .method = call.method,
                   .path = std::move(call.path),
                   .query = call.query,
                   .body = call.body,
                   .room_uuid = call.room_uuid,
                   .moment = moment_of(who, programme)};
  for (Told& told : programme.call(timed, answer)) {
    const auto hears = [to = told.to, caller = who.number](const Channel::Listener& listener) {
      return to == Hearer::all || (to == Hearer::caller) == (listener.member_id == caller);
    };
    for (Channel& channel : channels_) {
      if (plays_for(channel, who, programme)) {
        channel.tell(told.block, hears);
      }
    }
  }
}

/// Whether a channel is what somebody hears who has joined.
bool Broadcast::plays_for(Channel& channel, const JoinInfo& who, const Programme& programme) const {
  bool is_theirs = is_shared() && &channel.programme() == &programme;
  channel.for_each([&](const Channel::Listener& listener) {
    is_theirs = is_theirs || (!is_shared() && listener.member_id == who.number);
  });
  return is_theirs;
}

Result<std::optional<Role>> Broadcast::redeem(std::string_view alias,
                                              std::string_view token) const {
  if (programme_.redeem) {
    const auto role = programme_.redeem(alias, token);
    return role ? Result<std::optional<Role>>(role) : fail_usage(std::string(invalid_token));
  }
  const auto found = programme_of(alias);
  const auto transfer =
      found && (*found)->find_transfer ? (*found)->find_transfer(token) : std::optional<Transfer>();
  return transfer ? std::optional(transfer->role) : std::nullopt;
}

void Broadcast::identify(JoinInfo& who) {
  const auto found = programme_of(who.alias);
  if (!found || !(*found)->participant_at) {
    return;
  }
  if (std::string uuid = (*found)->participant_at(moment_of(who, **found)); !uuid.empty()) {
    who.participant_uuid = std::move(uuid);
  }
}

std::optional<Position> Broadcast::return_of(const JoinInfo& who,
                                             const Programme& programme) const {
  if (const auto back = returns_.find(who.number); back != returns_.end()) {
    return back->second.position;
  }
  if (!keeps_places() || who.pass.empty() || !programme.find_transfer) {
    return std::nullopt;
  }
  const auto transfer = programme.find_transfer(who.pass);
  return transfer ? std::optional(transfer->position) : std::nullopt;
}

Moment Broadcast::moment_of(const JoinInfo& who, const Programme& programme) {
  Moment moment{.timeline = is_shared() ? 0 : who.number, .at_ns = timeline_.from_ns};
  if (const auto back = return_of(who, programme)) {
    moment.seq = back->seq;
    moment.at_ns = back->at_ns;
  }
  for (Channel& channel : channels_) {
    if (plays_for(channel, who, programme)) {
      const Timeline* timeline = deck_.timeline(channel.play());
      const std::int64_t last_ns = std::max(channel.last_ns(), timeline_.from_ns);
      moment.seq = channel.last_seq();
      moment.at_ns =
          timeline == nullptr ? last_ns : std::max(last_ns, timeline->position_ns(clock_.now_ns()));
    }
  }
  return moment;
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

Result<void> Broadcast::start() {
  if (!options_.at_once) {
    return {};
  }
  const auto& aliases = options_.admission.aliases;
  for (const std::string& alias : programme_.conference ? aliases : std::vector<std::string>{""}) {
    StreamGrant grant;
    grant.who.alias = alias;
    if (auto channel = channel_for(grant); !channel) {
      return fail(channel.error());
    }
  }
  return {};
}

bool Broadcast::is_lost_for(const StreamGrant& grant) const {
  if (is_shared()) {
    const auto programme = programme_of(grant.who.alias);
    const auto lost = lost_until_ns_.find(programme ? *programme : nullptr);
    return lost != lost_until_ns_.end() && clock_.now_ns() < lost->second;
  }
  const auto back = returns_.find(grant.member_id);
  return back != returns_.end() && clock_.now_ns() < back->second.not_before_ns;
}

Result<const Programme*> Broadcast::programme_of(std::string_view alias) const {
  return programme_.conference ? programme_.conference(alias) : &programme_;
}

Channel::Rules Broadcast::rules_of(const StreamGrant& grant, const Programme& programme) {
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
      .sent = {},
      .welcome = {},
      .lost = [this, member_id = grant.member_id](
                  Channel& channel, const Loss& loss) { lose(channel, member_id, loss); },
      .keeps_place = keeps_places() && grant.member_id != 0,
      .sends_each_time = options_.chunks};
  if (options_.journal) {
    rules.sent = [this](const Channel::Listener& listener, const FrameSent& frame) {
      note(listener.number, frame);
    };
  }
  if (programme.rewrite && (is_shared() || grant.member_id != 0)) {
    rules.rewrite = [&programme, timeline = is_shared() ? 0 : grant.member_id](
                        const port::Frame& frame) { return programme.rewrite(timeline, frame); };
  }
  if (is_shared() && programme.open_state) {
    rules.welcome = [this, &programme](const Channel::Listener& listener, std::uint64_t seq) {
      // Before the first frame there is nothing to be told but what somebody has commanded.
      if (seq != 0 || programme.rewrite) {
        welcome(programme, listener, seq);
      }
    };
  }
  // At a given rate a shared moment waits for nobody; without one it waits for who listens.
  if (is_shared() && !timeline_.rate.is_unlimited()) {
    rules.behind_bytes_max = options_.limits.stream_bytes_max;
  }
  return rules;
}

Result<Broadcast::Channels::iterator> Broadcast::channel_for(const StreamGrant& grant) {
  const auto found = programme_of(grant.who.alias);
  if (!found) {
    return fail(found.error());
  }
  const Programme& programme = **found;
  if (is_shared()) {
    const auto shared = std::ranges::find_if(
        channels_, [&](const Channel& channel) { return &channel.programme() == &programme; });
    if (shared != channels_.end()) {
      return shared;
    }
  }
  const auto position = position_of(grant, programme);
  if (!position) {
    return fail(position.error());
  }
  TimelineOptions timeline = timeline_;
  timeline.from_ns = *position ? (*position)->at_ns : timeline.from_ns;
  auto source =
      *position ? programme.reopen(**position) : programme.open_stream(join_info(grant.who));
  if (!source) {
    return fail(source.error());
  }
  const auto channel =
      channels_.emplace(channels_.end(), deck_, programme, rules_of(grant, programme),
                        Session{.id = last_session_ + 1,
                                .conference = programme_.conference ? grant.who.alias : "",
                                .listener = is_shared() ? "" : grant.who.display_name,
                                .rate = timeline.rate,
                                .paused = timeline.paused,
                                .reel = programme.reel});
  const bool live = options_.sharing == Sharing::live;
  if (auto started = channel->start(as_heard(*channel, *std::move(source)),
                                    Timeline(timeline, live ? started_ns_ : clock_.now_ns()));
      !started) {
    channels_.erase(channel);
    note_failure(started.error());
    return fail(started.error());
  }
  ++last_session_;
  return channel;
}

std::unique_ptr<port::FrameSource> Broadcast::as_heard(Channel& channel,
                                                       std::unique_ptr<port::FrameSource> source) {
  if (channel.programme().losses) {
    source = std::make_unique<FaithfulSource>(
        std::move(source), channel.programme().losses,
        [&channel](const Loss& loss) { channel.lose_with_source(loss); });
  }
  if (options_.faults != nullptr) {
    // Where each stream has a channel of its own they have the same number.
    source =
        options_.faults->apply(std::move(source), is_shared() ? 1 : channel.id(), timeline_now_ns(),
                               is_shared() ? AfterCut::go_on : AfterCut::end);
  }
  return source;
}

Result<std::optional<Position>> Broadcast::position_of(const StreamGrant& grant,
                                                       const Programme& programme) const {
  if (!keeps_places()) {
    return std::optional<Position>();
  }
  if (!grant.last_event_id.empty() && programme.find_event_id) {
    auto found = programme.find_event_id(grant.last_event_id);
    if (!found || *found) {
      return found;
    }
  }
  return return_of(grant.who, programme);
}

Result<void> Broadcast::attach(const StreamGrant& grant,
                               const std::function<std::shared_ptr<EventStream>()>& open_stream) {
  if (keeps_places() && grant.member_id != 0) {
    end_older_stream(grant.member_id);
  }
  const auto channel = channel_for(grant);
  if (!channel) {
    return fail(channel.error());
  }
  returns_.erase(grant.member_id);
  auto stream = open_stream();
  const std::uint64_t number = ++opened_;
  place_of_.emplace(stream.get(), Place{*channel, number, grant.member_id});
  note(number, StreamOpened{.who = grant.who});
  (*channel)->add({std::move(stream), grant.member_id, number});
  return {};
}

void Broadcast::detach(EventStream& stream) {
  const auto found = place_of_.find(&stream);
  if (found == place_of_.end()) {
    return;
  }
  const auto [channel, number, member_id] = found->second;
  place_of_.erase(found);
  note(number, StreamClosed{.by_server = stream.ended_here(), .broken = stream.broken_here()});
  if (!is_shared()) {
    remember_place(*channel, member_id);
  }
  channel->remove(stream);
  if (!channel->empty()) {
    return;
  }
  if (!is_shared()) {
    // Whose connection broke off has not got all, and comes back.
    const bool comes_back = channel->is_lost() || channel->broke_off();
    done_ = done_ || (options_.once && channel->over() && !comes_back);
    channel->stop();
    channels_.erase(channel);
  }
}

/// Who comes back without having left goes on after what their connection has taken.
void Broadcast::remember_place(Channel& channel, std::uint64_t member_id) {
  const std::uint64_t seq = channel.place_seq();
  if (!keeps_places() || member_id == 0 || seq == 0 || returns_.contains(member_id)) {
    return;
  }
  const Timeline* timeline = deck_.timeline(channel.play());
  const std::int64_t now_ns =
      timeline == nullptr ? channel.last_ns() : timeline->position_ns(clock_.now_ns());
  const Position position{
      .seq = seq, .at_ns = channel.untaken_ns().value_or(now_ns), .needs_state = true};
  returns_.emplace(member_id, Return{.position = position, .not_before_ns = 0});
}

void Broadcast::end_older_stream(std::uint64_t member_id) {
  std::vector<std::shared_ptr<EventStream>> older;
  for (Channel& channel : channels_) {
    channel.for_each([&](const Channel::Listener& listener) {
      if (listener.member_id == member_id) {
        older.push_back(listener.stream);
      }
    });
  }
  for (const auto& stream : older) {
    detach(*stream);
    stream->abort();
  }
}

void Broadcast::welcome(const Programme& programme, const Channel::Listener& listener,
                        std::uint64_t seq) {
  auto source = programme.open_state(seq);
  if (!source) {
    note_failure(source.error());
    listener.stream->abort();
    return;
  }
  for (;;) {
    const auto frame = (*source)->next();
    if (!frame) {
      note_failure(frame.error());
      listener.stream->abort();
      return;
    }
    if (!*frame) {
      return;
    }
    if (listener.stream->send(std::make_shared<const std::string>((*frame)->raw))) {
      note(listener.number, FrameSent{.complete = true, .raw = (*frame)->raw});
    }
  }
}

/// The recording goes on with its next connection: where all share one stream at its time, else
/// when the client is back, and not before that time.
void Broadcast::lose(Channel& channel, std::uint64_t member_id, const Loss& loss) {
  Timeline timeline = *deck_.timeline(channel.play());
  const std::int64_t until_ns = timeline.advance(loss.until_ns);
  const Position position{.seq = channel.last_seq(), .at_ns = loss.until_ns};
  if (!is_shared()) {
    if (member_id != 0) {
      returns_[member_id] = {.position = position, .not_before_ns = until_ns};
    }
    return;
  }
  lost_until_ns_[&channel.programme()] = until_ns;
  TimelineOptions options = timeline_;
  options.rate = timeline.rate();
  options.paused = timeline.is_paused();
  options.from_ns = loss.until_ns;
  auto source = channel.programme().reopen(position);
  const auto started =
      source ? channel.start(as_heard(channel, *std::move(source)), Timeline(options, until_ns))
             : Result<void>(fail(source.error()));
  if (!started) {
    note_failure(started.error());
  }
}

std::vector<Session> Broadcast::sessions() const {
  std::vector<Session> sessions;
  for (const Channel& channel : channels_) {
    sessions.push_back(channel.session(clock_.now_ns()));
  }
  return sessions;
}

void Broadcast::for_each(SessionId id, const std::function<void(Channel&)>& action) {
  for (Channel& channel : channels_) {
    if (id == all_sessions || id == channel.id()) {
      action(channel);
    }
  }
}

void Broadcast::pause(SessionId id) {
  timeline_.paused = timeline_.paused || id == all_sessions;
  for_each(id, [&](Channel& channel) { channel.pause(clock_.now_ns()); });
}

void Broadcast::resume(SessionId id) {
  timeline_.paused = timeline_.paused && id != all_sessions;
  for_each(id, [&](Channel& channel) { channel.resume(clock_.now_ns()); });
}

void Broadcast::set_rate(SessionId id, const Rate& rate) {
  timeline_.rate = id == all_sessions ? rate : timeline_.rate;
  for_each(id, [&](Channel& channel) { channel.set_rate(rate, clock_.now_ns()); });
}

Result<void> Broadcast::step(SessionId id, std::uint64_t frames) {
  Result<void> stepped;
  for_each(id, [&](Channel& channel) {
    if (stepped) {
      stepped = channel.step(clock_.now_ns(), frames);
    }
  });
  return stepped;
}

Result<void> Broadcast::seek(SessionId id, const Position& position) {
  const auto channel = std::ranges::find(channels_, id, &Channel::id);
  check(channel != channels_.end(), "a seek in no session");
  const Session now = channel->session(clock_.now_ns());
  TimelineOptions options = timeline_;
  options.rate = now.rate;
  options.paused = now.paused;
  options.from_ns = position.at_ns;
  lost_until_ns_.erase(&channel->programme());
  return channel->seek(
      position,
      [&](const Position& to) -> Result<std::unique_ptr<port::FrameSource>> {
        auto source = now.reel->reopen(to);
        return source ? as_heard(*channel, *std::move(source)) : std::move(source);
      },
      Timeline(options, clock_.now_ns()));
}

bool Broadcast::done() const {
  const bool shared_is_done =
      options_.once && is_shared() && std::ranges::any_of(channels_, [](const Channel& channel) {
        return channel.over() && channel.empty();
      });
  return done_ || shared_is_done;
}

bool Broadcast::writes_apart() const {
  return options_.faults != nullptr && options_.faults->writes_apart();
}

void Broadcast::end_member(std::uint64_t member_id, std::string_view reason) {
  returns_.erase(member_id);
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
      if (const auto place = place_of_.find(listener.stream.get()); place != place_of_.end()) {
        place->second.member_id = 0;  // nobody comes back to it
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
