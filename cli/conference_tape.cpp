#include "cli/conference_tape.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "cli/output.hpp"
#include "core/base/join_defaults.hpp"
#include "core/base/percent.hpp"
#include "core/base/saturating.hpp"
#include "core/base/units.hpp"

namespace tapedeck::cli {

bool take_answer(const port::Exchange& exchange, state::Join& join) {
  constexpr std::string_view before = "/api/client/v2/conferences/";
  constexpr std::string_view after = "/request_token";
  const std::string_view target = exchange.target;
  const std::size_t start = target.find(before);
  const std::size_t end = target.find(after);
  if (exchange.status != 200 || start == std::string_view::npos || end == std::string_view::npos ||
      end < start + before.size()) {
    return false;
  }
  event::Decoder decoder;
  const event::Decoded body = decoder.decode(exchange.response_body);
  const event::Value result = body.value["result"];
  const auto take = [&](std::string& to, std::string_view key) {
    if (result[key].is_string()) {
      to = result[key].as_string();
    }
  };
  const std::size_t alias = start + before.size();
  join.alias = percent_decoded_leniently(target.substr(alias, end - alias));
  join.conference_name = conference_name_of(join.alias);
  take(join.self, "participant_uuid");
  take(join.conference_name, "conference_name");
  take(join.service_type, "current_service_type");
  take(join.display_name, "display_name");
  take(join.role, "role");
  std::string expires;
  take(expires, "expires");
  std::uint64_t seconds = 0;
  const char* const last = expires.data() + expires.size();
  if (std::from_chars(expires.data(), last, seconds).ptr == last && !expires.empty()) {
    join.token_expires_s = seconds;
  }
  return true;
}

void add_join_options(Options& options) {
  options.add()("self", po::value<std::string>(), "uuid of the participant that joined")(
      "conference", po::value<std::string>(), "alias that was joined")(
      "name", po::value<std::string>(), "name of the conference")(
      "service", po::value<std::string>(), "service type that the join was answered with");
}

namespace {

/// What replaces the alias; the name of the conference follows it.
void take_alias(state::Join& join, std::optional<std::string> alias) {
  if (alias) {
    join.alias = std::move(*alias);
    join.conference_name = conference_name_of(join.alias);
  }
}

}  // namespace

state::Join recorded_join(const schema::TapeReader& tape) {
  state::Join join;
  if (const auto exchanges = tape.exchanges()) {  // what cannot be read tells nothing
    for (const port::Exchange& exchange : *exchanges) {
      if (take_answer(exchange, join)) {
        break;
      }
    }
  }
  join.self = tape.value("self").value_or(join.self);
  take_alias(join, tape.value("alias"));
  join.conference_name = tape.value("conference_name").value_or(join.conference_name);
  join.service_type = tape.value("service_type").value_or(join.service_type);
  join.display_name = tape.value("display_name").value_or(join.display_name);
  join.role = tape.value("role").value_or(join.role);
  return join;
}

state::Join join_of(const Values& given, const schema::TapeReader& tape) {
  state::Join join = recorded_join(tape);
  join.self = given.text("self").value_or(join.self);
  if (auto alias = given.text("conference")) {
    const auto name = tape.value("conference_name");
    take_alias(join, std::move(alias));
    join.conference_name = name.value_or(join.conference_name);
  }
  join.conference_name = given.text("name").value_or(join.conference_name);
  join.service_type = given.text("service").value_or(join.service_type);
  return join;
}

Result<ConferenceTape> ConferenceTape::open(const std::string& path) {
  auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return fail(tape.error());
  }
  auto connections = (*tape)->connections();
  if (!connections) {
    return fail(connections.error());
  }
  return ConferenceTape(std::move(*tape), std::move(*connections));
}

Result<void> ConferenceTape::derive(state::Join join, const state::ReducerOptions& options,
                                    const schema::FrameRange& range) {
  auto frames = tape_->frames(range);
  if (!frames) {
    return fail(frames.error());
  }
  frames_ = std::move(*frames);
  derivation_ = std::make_unique<state::Derivation>(std::move(join), options);
  frame_.reset();
  acts_.clear();
  next_act_ = 0;
  finished_ = false;
  return {};
}

Result<void> ConferenceTape::follow_exchanges() {
  auto exchanges = tape_->exchanges();
  if (!exchanges) {
    return fail(exchanges.error());
  }
  std::ranges::stable_sort(*exchanges, {}, &port::Exchange::response_ns);
  state::RestCalls calls(reducer().state().join.token_expires_s);
  for (const port::Exchange& exchange : *exchanges) {
    const auto effect = calls.effect_of({exchange.method, exchange.target, exchange.request_body,
                                         exchange.status, exchange.response_ns});
    if (effect != state::RestEffect::none) {
      acts_.push_back({exchange.response_ns, effect});
    }
  }
  return {};
}

Result<std::optional<state::Step>> ConferenceTape::next() {
  while (true) {
    if (auto step = derivation_->next()) {
      return step;
    }
    if (finished_) {
      return std::optional<state::Step>{};
    }
    if (!frame_) {
      auto frame = frames_->next();
      if (!frame) {
        return fail(frame.error());
      }
      frame_ = *frame;
    }
    if (next_act_ < acts_.size() && (!frame_ || acts_[next_act_].at_ns < frame_->recv_ns)) {
      derivation_->act(acts_[next_act_].effect, acts_[next_act_].at_ns);
      ++next_act_;
    } else if (frame_) {
      derivation_->push({frame_->seq, frame_->connection_id, frame_->recv_ns},
                        wall_ns(frame_->connection_id, frame_->recv_ns), frame_->raw);
      frame_.reset();
    } else {
      finished_ = true;
      derivation_->finish();
    }
  }
}

Result<void> ConferenceTape::for_each_frame(
    const std::function<void(const port::Frame&, std::int64_t wall_ns)>& visit,
    const FramesDone& done) const {
  constexpr std::uint64_t frames_between = 4096;  // two calls of `done`
  const auto frames = tape_->frames();
  if (!frames) {
    return fail(frames.error());
  }
  for (std::uint64_t count = 0;; ++count) {
    const auto frame = (*frames)->next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      return {};
    }
    visit(**frame, wall_ns((*frame)->connection_id, (*frame)->recv_ns));
    if (done && count % frames_between == 0) {
      done(count);
    }
  }
}

ExitCode ConferenceTape::conclude() const {
  return conclude_with(reducer());
}

ExitCode conclude_with(const state::Reducer& reducer) {
  const std::uint64_t count = reducer.state().counts.over_limit;
  if (count == 0) {
    return ExitCode::done;
  }
  say(counted(count, "event") +
      " went over a limit and means less here than to a client; 'tapedeck verify' names each");
  return ExitCode::lost;
}

std::int64_t ConferenceTape::wall_ns(std::uint32_t connection_id, std::int64_t at_ns) const {
  return wall_ns_on(*tape_, connections_, connection_id, at_ns);
}

std::int64_t wall_ns_on(const schema::TapeReader& tape,
                        const std::vector<schema::Connection>& connections,
                        std::uint32_t connection_id, std::int64_t at_ns) {
  const auto found =
      std::ranges::lower_bound(connections, connection_id, {}, &schema::Connection::id);
  if (found == connections.end() || found->id != connection_id) {
    return saturating_add(tape.summary().wall_start_ns, at_ns);
  }
  return saturating_add(found->start.wall_ns, saturating_distance(found->start.opened_ns, at_ns));
}

}  // namespace tapedeck::cli
