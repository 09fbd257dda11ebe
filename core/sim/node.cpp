#include "core/sim/node.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/units.hpp"

namespace tapedeck::sim {
namespace {

/// Kept apart from the director's numbers, so that these do not hang on what else takes some.
constexpr std::uint64_t observer_seed = 0x6f62736572766572;

/// The number of an event that does not come.
constexpr std::uint64_t never = UINT64_MAX;

/// A client that cannot be told now is told when it can.
constexpr std::int64_t refer_again_ns = ns_per_s;

/// How long the people in a conference that is locked for a while let a guest wait.
constexpr std::int64_t usual_wait_ns = 3 * ns_per_s;

}  // namespace

class Node::Stream final : public port::FrameSource {
 public:
  Stream(Node& node, std::string uuid, const Presence& client, std::int64_t at_ns)
      : node_(node),
        uuid_(std::move(uuid)),
        is_host_(node.conference_.participant(main_room, client.leg).role == Role::chair),
        sees_from_(client.sees_from),
        greeting_(client.waiting ? node.conference_.waiting_greeting(client.leg)
                                 : node.conference_.greeting()),
        cursor_(node.next_event()),
        last_ns_(at_ns - burst_gap_ns) {
    if (!is_host_) {
      std::erase_if(greeting_,
                    [](const Event& event) { return event.audience == Audience::hosts; });
    }
    node_.streams_.insert(this);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() override { node_.streams_.erase(this); }

  [[nodiscard]] const std::string& uuid() const { return uuid_; }
  [[nodiscard]] std::uint64_t cursor() const { return cursor_; }
  /// It ends before the event `number`, or at once where that has been read.
  void end_before(std::uint64_t number) { end_ = std::min(end_, number); }
  void see_from(std::uint64_t number) { sees_from_ = number; }

  /// The greeting, at once; what follows are the events after it.
  [[nodiscard]] std::vector<std::string> take_greeting() {
    std::vector<std::string> blocks;
    while (greeted_ < greeting_.size()) {
      blocks.emplace_back(frame(std::move(greeting_[greeted_++]), last_ns_)->raw);
    }
    return blocks;
  }

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    if (greeted_ < greeting_.size()) {
      return frame(std::move(greeting_[greeted_++]), last_ns_ + burst_gap_ns);
    }
    while (cursor_ < end_) {
      if (cursor_ < node_.kept_from_) {
        return fail_io("cannot read on in the simulated conference: the reader fell more than " +
                       std::to_string(node_.kept_events_) + " events behind");
      }
      const std::uint64_t index = cursor_ - node_.kept_from_;
      if (index == node_.kept_.size()) {
        if (!node_.advance()) {
          break;
        }
        continue;
      }
      const Event& event = node_.kept_[static_cast<std::size_t>(index)];
      if (is_for_us(event, cursor_++)) {
        return frame(event, event.at_ns);
      }
    }
    return std::optional<port::Frame>{};
  }

 private:
  [[nodiscard]] bool is_for_us(const Event& event, std::uint64_t number) const {
    switch (event.audience) {
      case Audience::everyone:
        return number >= sees_from_;
      case Audience::hosts:
        return is_host_;
      case Audience::observer:
        return uuid_ == node_.observer_uuid();
      case Audience::one:
        return uuid_ == event.only_for;
      case Audience::others:
        return number >= sees_from_ && uuid_ != event.only_for;
    }
    return false;
  }

  std::optional<port::Frame> frame(Event event, std::int64_t at_ns) {
    bytes_ = std::move(is_host_ || event.guest_bytes.empty() ? event.bytes : event.guest_bytes);
    if (event.identity_at != std::string::npos) {
      const std::string identity = identity_in(event.breakout_uuid, uuid_);
      bytes_.replace(event.identity_at, identity.size(), identity);
    }
    last_ns_ = std::max(last_ns_, at_ns);
    return port::Frame{
        .seq = ++seq_, .connection_id = 1, .recv_ns = last_ns_, .complete = true, .raw = bytes_};
  }

  Node& node_;
  std::string uuid_;
  bool is_host_;
  std::uint64_t sees_from_;
  std::vector<Event> greeting_;
  std::size_t greeted_ = 0;
  std::uint64_t cursor_;
  std::int64_t last_ns_;
  std::uint64_t seq_ = 0;
  std::string bytes_;
  std::uint64_t end_ = never;
};

Node::Node(const Options& options, std::size_t kept_events)
    : options_(options),
      kept_events_(kept_events),
      conference_(Random(options.seed ^ observer_seed).uuid()),
      director_(options, Random(options.seed), conference_) {
  clients_.emplace(observer_uuid(), Presence{.leg = conference_.observer()});
  keep_events();
}

Node::~Node() {
  check(streams_.empty(), "a stream outlives its node");
}

const std::string& Node::observer_uuid() const {
  return conference_.participant(main_room, conference_.observer()).uuid;
}

Result<ServiceType> Node::join(const Client& client, std::int64_t at_ns) {
  advance_to(at_ns);
  if (is_over_) {
    return fail_io("cannot join the simulated conference: it is over");
  }
  for (const auto& [leg, participant] : conference_.room(main_room).participants) {
    if (participant.uuid == client.uuid) {
      return fail_io("cannot join the simulated conference as " + client.uuid +
                     ": somebody is there under this uuid");
    }
  }
  Participant participant;
  participant.uuid = client.uuid;
  participant.display_name = client.display_name;
  participant.overlay_text = client.display_name;
  participant.uri = client.display_name;
  participant.call_tag = client.call_tag;
  participant.role = client.role;
  participant.protocol = Protocol::api;
  participant.controls_rooms = client.role == Role::chair;
  Presence presence;
  presence.waiting = client.role == Role::guest && conference_.room(main_room).status.locked;
  if (presence.waiting) {
    participant.service_type = ServiceType::waiting_room;
    presence.sees_from = never;
    if (options_.locked && !options_.admit_after_ns) {
      plan(at_ns + waiting_max_ns, {Deed::turn_away, client.uuid});
    } else {
      plan(at_ns + options_.admit_after_ns.value_or(usual_wait_ns), {Deed::admit, client.uuid});
    }
  }
  if (options_.ask_refresh_every_ns != 0) {
    plan(at_ns + options_.ask_refresh_every_ns, {Deed::ask_refresh, client.uuid});
  }
  if (client.role == Role::guest) {
    conference_.show_to_guests();
  }
  const ServiceType where = participant.service_type;
  presence.leg = conference_.join(main_room, std::move(participant));
  clients_.emplace(client.uuid, presence);
  keep_events();
  return where;
}

void Node::refer(const std::string& uuid, std::int64_t at_ns, Transfer transfer) {
  plan(at_ns, {Deed::refer, uuid, std::move(transfer)});
}

void Node::plan(std::int64_t at_ns, Plan what) {
  plans_.emplace(std::max(at_ns, conference_.now_ns()), std::move(what));
}

void Node::carry_out(const Plan& planned) {
  const auto client = clients_.find(planned.uuid);
  if (client == clients_.end()) {
    return;
  }
  switch (planned.deed) {
    case Deed::admit:
      admit(client->first, client->second);
      return;
    case Deed::turn_away:
      if (client->second.waiting) {
        send_away(planned.uuid,
                  "Timeout waiting for conference host to join or permit access to locked "
                  "conference");
      }
      return;
    case Deed::ask_refresh:
      conference_.ask_refresh(planned.uuid);
      plan(conference_.now_ns() + options_.ask_refresh_every_ns, planned);
      return;
    case Deed::refer:
      if (client->second.waiting || !is_heard_by(planned.uuid)) {
        plan(conference_.now_ns() + refer_again_ns, planned);
      } else {
        conference_.refer(planned.uuid, planned.transfer);
      }
      return;
  }
}

bool Node::is_heard_by(const std::string& uuid) const {
  return std::ranges::any_of(streams_,
                             [&](const Stream* stream) { return stream->uuid() == uuid; });
}

void Node::admit(const std::string& uuid, Presence& client) {
  if (!client.waiting) {
    return;
  }
  client.waiting = false;
  conference_.update(main_room, client.leg, [](Participant& participant) {
    participant.service_type = ServiceType::conference;
  });
  conference_.greet(main_room, client.leg);
  keep_events();
  client.sees_from = next_event();
  for (Stream* stream : streams_) {
    if (stream->uuid() == uuid) {
      stream->see_from(client.sees_from);
    }
  }
}

void Node::admit(const std::string& uuid) {
  if (const auto client = clients_.find(uuid); client != clients_.end()) {
    admit(client->first, client->second);
  }
}

void Node::send_away(const std::string& uuid, std::string_view reason) {
  if (is_over_ || uuid == observer_uuid() || !clients_.contains(uuid)) {
    return;
  }
  conference_.disconnect(reason, uuid);
  keep_events();
  depart(uuid, next_event());
}

void Node::end(std::string_view reason) {
  if (!is_over_) {
    conference_.disconnect(reason);
    is_over_ = true;
    keep_events();
  }
}

void Node::act(std::int64_t at_ns, const std::function<void(Conference&, Director&)>& deed) {
  advance_to(at_ns);
  if (!is_over_) {
    deed(conference_, director_);
    admit_all_if_unlocked();
    keep_events();
  }
}

void Node::admit_all_if_unlocked() {
  if (!conference_.room(main_room).status.locked) {
    for (auto& [uuid, client] : clients_) {
      admit(uuid, client);
    }
  }
}

void Node::leave(const std::string& uuid, std::int64_t at_ns) {
  check(uuid != observer_uuid(), "the observer stays to the end");
  if (!clients_.contains(uuid)) {
    return;
  }
  advance_to(at_ns);
  depart(uuid, 0);
}

void Node::depart(const std::string& uuid, std::uint64_t hears_until) {
  const auto client = clients_.extract(uuid);
  if (client.empty()) {
    return;
  }
  for (Stream* stream : streams_) {
    if (stream->uuid() == uuid) {
      stream->end_before(hears_until);
    }
  }
  if (!is_over_) {
    conference_.leave(main_room, client.mapped().leg);
    keep_events();
  }
}

Result<std::unique_ptr<port::FrameSource>> Node::open_stream(const std::string& uuid,
                                                             std::int64_t at_ns) {
  advance_to(at_ns);
  if (is_over_) {
    return fail_io("cannot open a stream of the simulated conference: it is over");
  }
  const auto client = clients_.find(uuid);
  if (client == clients_.end()) {
    return fail_usage("cannot open a stream of the simulated conference for " + uuid +
                      ": nobody has joined under this uuid");
  }
  return std::unique_ptr<port::FrameSource>(
      std::make_unique<Stream>(*this, uuid, client->second, at_ns));
}

Result<std::vector<std::string>> Node::greeting(const std::string& uuid, std::int64_t at_ns) {
  advance_to(at_ns);
  const auto client = clients_.find(uuid);
  if (client == clients_.end()) {
    return fail_usage("cannot tell how the simulated conference stands: nobody has joined as " +
                      uuid);
  }
  return Stream(*this, uuid, client->second, at_ns).take_greeting();
}

std::int64_t Node::next_ns() const {
  std::int64_t next_ns = director_.next_ns();
  if (!plans_.empty()) {
    next_ns = std::min(next_ns, plans_.begin()->first);
  }
  return options_.duration_ns == 0 ? next_ns : std::min(next_ns, options_.duration_ns);
}

bool Node::advance() {
  if (is_over_) {
    return false;
  }
  if (options_.duration_ns != 0 && next_ns() == options_.duration_ns) {
    conference_.set_now(options_.duration_ns);
    end("Conference terminated by an administrator");
  } else if (!plans_.empty() && plans_.begin()->first <= director_.next_ns()) {
    const auto planned = plans_.extract(plans_.begin());
    conference_.set_now(planned.key());
    carry_out(planned.mapped());
  } else {
    director_.act();
    admit_all_if_unlocked();
  }
  keep_events();
  return true;
}

void Node::advance_to(std::int64_t at_ns) {
  while (!is_over_ && next_ns() <= at_ns) {
    advance();
  }
  conference_.set_now(std::max(conference_.now_ns(), at_ns));
}

void Node::keep_events() {
  for (Event& event : conference_.take_events()) {
    kept_.push_back(std::move(event));
  }
  std::uint64_t needed_from = kept_from_ + kept_.size();
  for (const Stream* stream : streams_) {
    needed_from = std::min(needed_from, stream->cursor());
  }
  while (kept_from_ < needed_from || kept_.size() > kept_events_) {
    kept_.pop_front();
    ++kept_from_;
  }
}

}  // namespace tapedeck::sim
