#include "cli/simulated_node.hpp"

#include <algorithm>
#include <utility>

#include "cli/followed_state.hpp"
#include "cli/simulated_change.hpp"
#include "cli/state_answers.hpp"
#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

/// Transfers that nobody followed; past that the oldest is void.
constexpr std::size_t passes_max = 1000;

/// Apart from the numbers that conferences take.
constexpr std::uint64_t transfer_seed = 0x7472616e73666572;
constexpr std::uint64_t fault_seed = 0x6661756c74730000;

/// Half as long to half as long again.
std::int64_t about(std::int64_t time_ns, Random& random) {
  return time_ns / 2 + random.between(0, time_ns);
}

/// Nobody reads further ahead of the time than this.
constexpr std::int64_t read_ahead_ns = 2 * ns_per_s;

/// A stream of one conference that keeps the others in step, so that who comes to them late is not
/// kept waiting, and all with them, until hours have been worked out.
class InStep final : public port::FrameSource {
 public:
  InStep(std::unique_ptr<port::FrameSource> source,
         const std::vector<std::unique_ptr<sim::Node>>& conferences)
      : source_(std::move(source)), conferences_(conferences) {}

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    auto frame = source_->next();
    if (frame && *frame) {
      for (const auto& conference : conferences_) {
        conference->advance_to((*frame)->recv_ns - read_ahead_ns);
      }
    }
    return frame;
  }

 private:
  std::unique_ptr<port::FrameSource> source_;
  const std::vector<std::unique_ptr<sim::Node>>& conferences_;
};

/// As the roster has it, where hosts may have changed it; as they joined where it has them not.
bool is_guest(const replayer::JoinInfo& who, const state::State& state) {
  const auto* self = state.participant(state::main_room, who.participant_uuid);
  return self != nullptr ? (*self->payload)["role"].is_text("guest")
                         : who.role == replayer::Role::guest;
}

sim::Role role_of(replayer::Role role) {
  return role == replayer::Role::host ? sim::Role::chair : sim::Role::guest;
}

}  // namespace

SimulatedNode::SimulatedNode(const NodeOptions& options)
    : options_(options),
      faults_(options.faults, options.conference.seed ^ fault_seed),
      transfers_(options.conference.seed ^ transfer_seed) {
  const std::size_t count = std::max<std::size_t>(1, options_.admission.aliases.size());
  for (std::size_t i = 0; i < count; ++i) {
    sim::Options conference = options_.conference;
    conference.seed += i;
    conferences_.push_back(std::make_unique<sim::Node>(conference));
  }
}

/// The first is also everybody's who named none.
sim::Node& SimulatedNode::conference(std::string_view alias) {
  const auto& aliases = options_.admission.aliases;
  const auto found = std::ranges::find(aliases, alias);
  return found == aliases.end() ? *conferences_.front()
                                : *conferences_[static_cast<std::size_t>(found - aliases.begin())];
}

replayer::Programme SimulatedNode::programme() {
  replayer::Programme programme;
  programme.open_stream = [this](const replayer::JoinInfo& who) { return open_stream(who); };
  programme.join = [this](const replayer::JoinInfo& who) { return join(who); };
  programme.redeem = [this](std::string_view alias, std::string_view token) {
    return redeem(alias, token);
  };
  programme.call = [this](const replayer::Call& call, replayer::Answer& answer) {
    return this->call(call, answer);
  };
  programme.leave = [this](const replayer::JoinInfo& who) {
    conference(who.alias).leave(who.participant_uuid, who.now_ns);
  };
  return programme;
}

replayer::ServerOptions SimulatedNode::serving() {
  replayer::ServerOptions serving;
  serving.sharing = replayer::Sharing::live;
  serving.admission = options_.admission;
  serving.tokens = {.life = options_.token_life, .strict = true, .text = [this](std::uint64_t n) {
                      return secret("token", n);
                    }};
  serving.participant_uuid = [seed = options_.conference.seed](std::uint64_t n, std::string_view) {
    return derived_uuid("client of seed " + std::to_string(seed), std::to_string(n));
  };
  serving.faults = &faults_;
  return serving;
}

Result<std::unique_ptr<port::FrameSource>> SimulatedNode::open_stream(
    const replayer::JoinInfo& who) {
  sim::Node& node = conference(who.alias);
  auto stream = node.open_stream(
      who.participant_uuid.empty() ? node.observer_uuid() : who.participant_uuid, who.now_ns);
  if (!stream || conferences_.size() == 1) {
    return stream;
  }
  return std::unique_ptr<port::FrameSource>(
      std::make_unique<InStep>(*std::move(stream), conferences_));
}

Result<replayer::Entrance> SimulatedNode::join(const replayer::JoinInfo& who) {
  const auto where = conference(who.alias).join({.uuid = who.participant_uuid,
                                                 .display_name = who.display_name,
                                                 .call_tag = who.call_tag,
                                                 .role = role_of(who.role)},
                                                who.now_ns);
  if (!where) {
    return fail(where.error());
  }
  plan_transfer(who);
  return *where == sim::ServiceType::waiting_room ? replayer::Entrance::waiting_room
                                                  : replayer::Entrance::conference;
}

std::vector<replayer::Told> SimulatedNode::call(const replayer::Call& call,
                                                replayer::Answer& answer) {
  sim::Node& node = conference(call.who.alias);
  const auto blocks = node.greeting(call.who.participant_uuid, call.who.now_ns);
  if (!blocks) {
    return {};  // it has been sent away
  }
  FollowedState followed;
  state::Join join;
  join.self = call.who.participant_uuid;
  followed.begin(std::move(join));
  for (const std::string& block : *blocks) {
    followed.hear({.connection_id = 0, .complete = true, .raw = block});
  }
  if (call.method == "GET") {
    const bool annotate = call.query.find("annotate=true") != std::string_view::npos;
    if (const auto result = answer_from_state(*followed.state(), call.path, annotate)) {
      answer = replayer::success(*result);
    }
    return {};
  }
  const auto command =
      read_command(call, *followed.state(), sim::epoch_ns + node.conference().now_ns());
  if (command && is_for_hosts(*command, call.who) && is_guest(call.who, *followed.state())) {
    answer = replayer::failure(403, invalid_role);
  } else if (command) {
    for (const Change& change : command->changes) {
      carry_out(change, call.who, node);
    }
  }
  return {};  // the streams of the node tell
}

void SimulatedNode::carry_out(const Change& change, const replayer::JoinInfo& who,
                              sim::Node& node) {
  using What = Change::What;
  switch (change.what) {
    case What::participant:
    case What::floor:
    case What::status:
    case What::layout:
    case What::message:
    case What::move:
    case What::room_begins:
    case What::room_ends:
      if (change.what == What::participant && change.fields.front().first == "service_type") {
        node.admit(change.who);
      }
      node.act(who.now_ns, [&](sim::Conference& conference, sim::Director& director) {
        apply(change, conference, director);
      });
      return;
    case What::removal:
    case What::refer:
      send(change, who, node);
      return;
    case What::end:
      node.end("Conference terminated by another participant");
      return;
  }
}

/// Away, or to another conference.
void SimulatedNode::send(const Change& change, const replayer::JoinInfo& who, sim::Node& node) {
  const bool is_here = node.has_client(change.who);
  if (is_here && change.what == Change::What::refer) {
    const Pass& pass = give_pass(change.to, who.role);
    node.refer(change.who, who.now_ns, {.alias = pass.alias, .token = pass.token});
  } else if (is_here) {
    node.send_away(change.who, "Disconnected by another participant");
  } else {
    node.act(who.now_ns, [&](sim::Conference& conference, sim::Director& director) {
      director.send_away(find_leg(conference, change));
    });
  }
}

void SimulatedNode::plan_transfer(const replayer::JoinInfo& who) {
  if (!options_.transfer_every_ns) {
    return;
  }
  const auto& aliases = options_.admission.aliases;
  const auto next = std::ranges::find(aliases, who.alias) + 1;
  const Pass& pass = give_pass(next == aliases.end() ? aliases.front() : *next, who.role);
  conference(who.alias).refer(who.participant_uuid,
                              who.now_ns + about(*options_.transfer_every_ns, transfers_),
                              {.alias = pass.alias, .token = pass.token});
}

SimulatedNode::Pass& SimulatedNode::give_pass(const std::string& alias, replayer::Role role) {
  if (passes_.size() == passes_max) {
    passes_.pop_front();
  }
  return passes_.emplace_back(
      Pass{.token = secret("one-time token", ++passes_given_), .alias = alias, .role = role});
}

std::optional<replayer::Role> SimulatedNode::redeem(std::string_view alias,
                                                    std::string_view token) {
  const auto pass = std::ranges::find_if(
      passes_, [&](const Pass& given) { return given.token == token && given.alias == alias; });
  if (pass == passes_.end()) {
    return std::nullopt;
  }
  const replayer::Role role = pass->role;
  passes_.erase(pass);
  return role;
}

/// As base64 looks: a client that escapes it wrongly is found out.
std::string SimulatedNode::secret(const std::string& kind, std::uint64_t number) const {
  std::string text = derived_uuid(kind + " of seed " + std::to_string(options_.conference.seed),
                                  std::to_string(number));
  text[text.find('-')] = '+';
  text[text.find('-')] = '/';
  std::erase(text, '-');
  return text + "==";
}

}  // namespace tapedeck::cli
