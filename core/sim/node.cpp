#include "core/sim/node.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace tapedeck::sim {
namespace {

/// Kept apart from the director's numbers, so that these do not hang on what else takes some.
constexpr std::uint64_t observer_seed = 0x6f62736572766572;

}  // namespace

class Node::Stream final : public port::FrameSource {
 public:
  Stream(Node& node, std::string uuid, std::int64_t at_ns)
      : node_(node),
        uuid_(std::move(uuid)),
        greeting_(node.conference_.greeting()),
        cursor_(node.kept_from_ + node.kept_.size()),
        last_ns_(at_ns - burst_gap_ns) {
    node_.streams_.insert(this);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() override { node_.streams_.erase(this); }

  [[nodiscard]] const std::string& uuid() const { return uuid_; }
  [[nodiscard]] std::uint64_t cursor() const { return cursor_; }
  void end() { has_ended_ = true; }

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    if (greeted_ < greeting_.size()) {
      return frame(std::move(greeting_[greeted_++]), last_ns_ + burst_gap_ns);
    }
    while (!has_ended_) {
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
      ++cursor_;
      const Event& event = node_.kept_[static_cast<std::size_t>(index)];
      if (event.audience == Audience::everyone || uuid_ == node_.observer_uuid()) {
        return frame(event, event.at_ns);
      }
    }
    return std::optional<port::Frame>{};
  }

 private:
  std::optional<port::Frame> frame(Event event, std::int64_t at_ns) {
    bytes_ = std::move(event.bytes);
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
  std::vector<Event> greeting_;
  std::size_t greeted_ = 0;
  std::uint64_t cursor_;
  std::int64_t last_ns_;
  std::uint64_t seq_ = 0;
  std::string bytes_;
  bool has_ended_ = false;
};

Node::Node(const Options& options, std::size_t kept_events)
    : options_(options),
      kept_events_(kept_events),
      conference_(Random(options.seed ^ observer_seed).uuid()),
      director_(options, Random(options.seed), conference_) {
  clients_.emplace(observer_uuid(), conference_.observer());
  keep_events();
}

Node::~Node() {
  check(streams_.empty(), "a stream outlives its node");
}

const std::string& Node::observer_uuid() const {
  return conference_.participant(main_room, conference_.observer()).uuid;
}

Result<void> Node::join(const Client& client, std::int64_t at_ns) {
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
  participant.role = Role::chair;
  participant.protocol = Protocol::api;
  participant.controls_rooms = true;
  clients_.emplace(client.uuid, conference_.join(main_room, std::move(participant)));
  keep_events();
  return {};
}

void Node::leave(const std::string& uuid, std::int64_t at_ns) {
  check(uuid != observer_uuid(), "the observer stays to the end");
  const auto client = clients_.extract(uuid);
  if (client.empty()) {
    return;
  }
  advance_to(at_ns);
  for (Stream* stream : streams_) {
    if (stream->uuid() == uuid) {
      stream->end();
    }
  }
  if (!is_over_) {
    conference_.leave(main_room, client.mapped());
    keep_events();
  }
}

Result<std::unique_ptr<port::FrameSource>> Node::open_stream(const std::string& uuid,
                                                             std::int64_t at_ns) {
  advance_to(at_ns);
  if (is_over_) {
    return fail_io("cannot open a stream of the simulated conference: it is over");
  }
  if (!clients_.contains(uuid)) {
    return fail_io("cannot open a stream of the simulated conference for " + uuid +
                   ": nobody has joined under this uuid");
  }
  return std::unique_ptr<port::FrameSource>(std::make_unique<Stream>(*this, uuid, at_ns));
}

std::int64_t Node::next_ns() const {
  const std::int64_t next_ns = director_.next_ns();
  return options_.duration_ns == 0 ? next_ns : std::min(next_ns, options_.duration_ns);
}

bool Node::advance() {
  if (is_over_) {
    return false;
  }
  if (options_.duration_ns != 0 && next_ns() == options_.duration_ns) {
    conference_.set_now(options_.duration_ns);
    conference_.disconnect("Conference terminated by an administrator");
    is_over_ = true;
  } else {
    director_.act();
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
