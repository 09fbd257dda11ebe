#include "cli/served_calls.hpp"

#include <algorithm>
#include <utility>

#include "cli/output.hpp"
#include "cli/state_answers.hpp"
#include "core/base/saturating.hpp"
#include "core/base/units.hpp"
#include "core/state/restore.hpp"
#include "replayer/prefaced_source.hpp"

namespace tapedeck::cli {
namespace {

/// Of recorded commands that nobody did here so many are named.
constexpr std::size_t named_max = 5;

bool is_command(const RecordedCall& call) {
  return call.method == "POST" && !call.path.ends_with("_token") &&
         call.path.find("/calls") == std::string::npos;
}

/// What a call is, where more is said of it.
std::string last_segment(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Result<std::unique_ptr<ServedCalls>> ServedCalls::prepare(const schema::TapeReader& tape,
                                                          ServedFrames& frames, Rules rules) {
  auto recorded = RecordedCalls::read(tape);
  if (!recorded) {
    return fail(recorded.error());
  }
  return std::unique_ptr<ServedCalls>(
      new ServedCalls(tape, frames, std::move(rules), *std::move(recorded)));
}

std::vector<replayer::Told> ServedCalls::call(const replayer::Call& call,
                                              replayer::Answer& answer) {
  if (call.method == "GET") {
    answer_question(call, answer);
    return {};
  }
  const state::State* state = state_at(call.moment, call.who.participant_uuid);
  if (state == nullptr) {
    return {};
  }
  const Place place = frames_.on_tape(call.moment);
  const std::int64_t wall_ns = saturating_add(tape_.summary().wall_start_ns, place.at_ns);
  const auto command = read_command(call, *state, wall_ns);
  if (!command) {
    return {};
  }
  ComparedCommand compared = compare(call, *command, *state);
  compared.refused = call.who.role == replayer::Role::guest && is_for_hosts(*command, call.who);
  say(sentence(compared));
  if (rules_.compared) {
    rules_.compared(compared);
  }
  if (compared.refused) {
    answer = replayer::failure(403, invalid_role);
    return {};
  }
  if (!rules_.react || command->changes.empty()) {
    return {};
  }
  auto reactions = reactions_.find(call.moment.timeline);
  if (reactions == reactions_.end()) {
    auto blocks = blocks_at(call.moment.seq);
    if (!blocks) {
      return {};
    }
    reactions =
        reactions_.try_emplace(call.moment.timeline, *blocks, call.who.participant_uuid).first;
  }
  return reactions->second.carry_out(*command, call.who);
}

void ServedCalls::answer_question(const replayer::Call& call, replayer::Answer& answer) {
  const bool about_people =
      call.path.back() == "participants" || call.path.back() == "conference_status";
  const Place place = frames_.on_tape(call.moment);
  const RecordedCall* recorded =
      about_people
          ? nullptr
          : recorded_.answered(joined_path(call.path), std::string(call.query), place.at_ns);
  if (recorded != nullptr) {
    answer.status = 200;
    answer.body = recorded->answer;
    return;
  }
  const state::State* state = state_at(call.moment, call.who.participant_uuid);
  const bool annotate = call.query.find("annotate=true") != std::string_view::npos;
  if (const auto result =
          state == nullptr ? std::nullopt : answer_from_state(*state, call.path, annotate)) {
    answer = replayer::success(*result);
  }
}

ComparedCommand ServedCalls::compare(const replayer::Call& call, const Command& command,
                                     const state::State& state) {
  const Place place = frames_.on_tape(call.moment);
  ComparedCommand compared{.join = call.who.number,
                           .at_ns = place.at_ns,
                           .path = joined_path(call.path),
                           .text = describe(command, state),
                           .tape_has_calls = !recorded_.empty()};
  ++commands_;
  std::vector<bool>& taken =
      done_by_.try_emplace(call.who.number, recorded_.all().size()).first->second;
  if (const auto match =
          recorded_.nearest(call.method, compared.path, call.body, place.at_ns, taken)) {
    taken[match->index] = true;
    done_[match->index] = true;
    matched_ += match->same_body ? 1 : 0;
    compared.recorded = {recorded_.all()[match->index].at_ns, match->same_body};
  }
  if (!command.changes.empty()) {
    look_for_effect(command.changes.front(), place, compared);
  }
  return compared;
}

void ServedCalls::look_for_effect(const Change& change, const Place& place,
                                  ComparedCommand& compared) {
  using What = Change::What;
  if (change.what == What::message || change.what == What::refer || change.what == What::end ||
      change.what == What::room_begins) {
    return;
  }
  const auto blocks = recorded_state_.blocks_after(place.seq);
  auto frames = tape_.frames(
      {.first_seq = place.seq + 1, .until_ns = saturating_add(place.at_ns, command_effect_ns_max)});
  if (!blocks || !frames) {
    return;
  }
  FollowedState followed;
  followed.begin();
  for (const std::string& block : *blocks) {
    followed.hear({.connection_id = 0, .complete = true, .raw = block});
  }
  if (is_so(*followed.state(), change)) {
    compared.effect = ComparedCommand::Effect::already;
    return;
  }
  compared.effect = ComparedCommand::Effect::never;
  for (;;) {
    const auto frame = (*frames)->next();
    if (!frame || !*frame) {
      return;
    }
    followed.hear(**frame);
    if (is_so(*followed.state(), change)) {
      compared.effect = ComparedCommand::Effect::later;
      compared.effect_ns = (*frame)->recv_ns;
      return;
    }
  }
}

const state::State* ServedCalls::state_at(const replayer::Moment& moment, const std::string& self) {
  if (const auto reactions = reactions_.find(moment.timeline); reactions != reactions_.end()) {
    return &reactions->second.state();
  }
  if (asked_for_ != std::pair(moment.seq, self)) {
    asked_for_.reset();
    const auto blocks = blocks_at(moment.seq);
    if (!blocks) {
      say(blocks.error().message);
      return nullptr;
    }
    state::Join join;
    join.self = self;
    asked_.begin(std::move(join));
    for (const std::string& block : *blocks) {
      asked_.hear({.connection_id = 0, .complete = true, .raw = block});
    }
    asked_for_ = {moment.seq, self};
  }
  return asked_.state();
}

Result<std::vector<std::string>> ServedCalls::blocks_at(std::uint64_t seq) {
  std::vector<std::string> blocks;
  auto state = frames_.open_state(seq);
  while (state) {
    const auto frame = (*state)->next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      return blocks;
    }
    blocks.emplace_back((*frame)->raw);
  }
  return fail(state.error());
}

std::optional<std::string> ServedCalls::rewrite(std::uint64_t timeline, const port::Frame& frame) {
  const auto reactions = reactions_.find(timeline);
  return reactions == reactions_.end() ? std::nullopt : reactions->second.rewrite(frame);
}

Result<std::unique_ptr<port::FrameSource>> ServedCalls::open_state(std::uint64_t seq) {
  const auto reactions = reactions_.find(0);
  if (reactions == reactions_.end() && seq != 0) {
    return frames_.open_state(seq);
  }
  return std::unique_ptr<port::FrameSource>(std::make_unique<replayer::PrefacedSource>(
      reactions == reactions_.end() ? std::vector<std::string>()
                                    : state::restoring_blocks(reactions->second.state()),
      port::Frame{.seq = seq, .raw = {}}, nullptr));
}

void ServedCalls::leave(const replayer::JoinInfo& who) {
  done_by_.erase(who.number);
  reactions_.erase(who.number);
}

std::string ServedCalls::summary() const {
  std::vector<const RecordedCall*> missed;
  for (std::size_t i = 0; i < recorded_.all().size(); ++i) {
    if (!done_[i] && is_command(recorded_.all()[i])) {
      missed.push_back(&recorded_.all()[i]);
    }
  }
  if (commands_ == 0 && missed.empty()) {
    return {};
  }
  std::string text = counted(commands_, "command") + " of clients";
  if (recorded_.empty()) {
    return text;
  }
  text += ", " + format_count(matched_) + " of them as on the recording";
  if (!missed.empty()) {
    text += "; it has " + format_count(missed.size()) + " that nobody gave here:";
  }
  for (std::size_t i = 0; i < std::min(missed.size(), named_max); ++i) {
    text += (i == 0 ? " " : ", ") + last_segment(missed[i]->path) + " at " +
            format_duration(missed[i]->at_ns);
  }
  return text + (missed.size() > named_max ? ", ..." : "");
}

}  // namespace tapedeck::cli
