#include "cli/tape_examination.hpp"

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include "cli/checkpoint_check.hpp"
#include "cli/frame_relay.hpp"
#include "core/base/check.hpp"
#include "core/event/catalogue.hpp"
#include "core/event/decoder.hpp"
#include "core/event/wire_reader.hpp"
#include "core/verdict/examination.hpp"
#include "core/verdict/shape_check.hpp"
#include "core/verdict/validator.hpp"

namespace tapedeck::cli {
namespace {

using verdict::Rule;

/// Who you were from a moment of the tape on.
struct Self {
  std::int64_t from_ns = 0;
  std::string uuid;
};

/// As the answers to request_token on the tape tell it, in their order.
Result<std::vector<Self>> selves_of(const schema::TapeReader& tape) {
  const auto exchanges = tape.exchanges();
  if (!exchanges) {
    return fail(exchanges.error());
  }
  std::vector<Self> selves;
  event::Decoder decoder;
  for (const port::Exchange& exchange : *exchanges) {
    if (exchange.status != 200 || exchange.target.find("/request_token") == std::string::npos) {
      continue;
    }
    const event::Value answer = decoder.decode(exchange.response_body).value;
    if (const event::Value uuid = answer["result"]["participant_uuid"]; uuid.is_string()) {
      selves.push_back({exchange.response_ns, std::string(uuid.as_string())});
    }
  }
  return selves;
}

/// Tells a judge, an Examination or a Validator, who you are as the frames go by.
class Selves {
 public:
  template <class Judge>
  [[nodiscard]] static Result<Selves> begin(const schema::TapeReader& tape, Judge& judge) {
    auto known = selves_of(tape);
    if (!known) {
      return fail(known.error());
    }
    if (const auto self = tape.value("self")) {
      judge.self(*self);
    }
    return Selves(*std::move(known));
  }

  template <class Judge>
  void before(const port::Frame& frame, Judge& judge) {
    for (; next_ < known_.size() && known_[next_].from_ns <= frame.recv_ns; ++next_) {
      judge.self(known_[next_].uuid);
    }
  }

 private:
  explicit Selves(std::vector<Self> known) : known_(std::move(known)) {}

  std::vector<Self> known_;
  std::size_t next_ = 0;
};

/// What could be read has been judged; the tape itself is at fault.
void add_damage(verdict::Findings& findings, const Error& error) {
  findings.add(Rule::tape_damaged, {}, "a whole tape", error.message);
}

/// What the thread that derives the state comes to.
struct Derived {
  verdict::Findings findings;  // of the checkpoints
  std::string digest;
};

DerivedEvent derived_event(const state::Step& step, const state::Reducer& reducer,
                           verdict::ShapeCheck& shapes) {
  DerivedEvent derived{step.outcome};
  const auto& few = reducer.few_changes();
  const auto fits = [&](const state::FewChanges::Change& change) {
    static const event::Shape& shape =
        event::find_wire_shape(event::Kind::participant_update)->payload;
    const event::Field* const field = shapes.field(shape, change.place, change.member.key);
    return field != nullptr && verdict::fits(field->shape, change.member.value);
  };
  if (few && std::ranges::all_of(few->changes, fits)) {
    derived.uuid_at = static_cast<std::size_t>(few->uuid.data() - step.event->data.data());
    derived.uuid_size = few->uuid.size();
  }
  return derived;
}

/// Empty where the event has to be decoded.
std::string_view uuid_of(const DerivedEvent& derived, const event::WireEvent& event) {
  return event.data.substr(derived.uuid_at, derived.uuid_size);
}

Result<Derived> derive(const std::string& path, const state::Join& join,
                       const verdict::RuleSet& rules, FrameRelay& relay) {
  const FrameRelay::Guard guard(relay, FrameRelay::Role::derives);
  const auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return fail(tape.error());
  }
  auto checkpoints = CheckpointCheck::begin(**tape, join);
  if (!checkpoints) {
    return fail(checkpoints.error());
  }
  state::Derivation derivation(
      join,
      {.client = state::Client::client_20, .signals = false, .digest = true, .only_changes = true});
  Derived derived{verdict::Findings(rules), {}};
  verdict::ShapeCheck shapes;
  while (FrameBlock* const block = relay.next_to_derive()) {
    for (const auto& [frame, wall_ns] : block->items()) {
      checkpoints->before(frame, wall_ns, derivation);
      derivation.push({frame.seq, frame.connection_id, frame.recv_ns}, wall_ns, frame.raw);
      while (const auto step = derivation.next()) {
        if (step->event != nullptr) {
          block->events.push_back(derived_event(*step, derivation.reducer(), shapes));
        }
      }
      if (auto checked = checkpoints->after(frame, derivation, derived.findings); !checked) {
        return fail(checked.error());
      }
    }
  }
  derivation.finish();
  while (derivation.next()) {
  }
  derived.digest = derivation.reducer().digest().to_string();
  return derived;
}

/// Judges the events of frames of which it is known what became of them.
class Judge {
 public:
  Judge(verdict::Validator& validator, Selves selves)
      : validator_(validator), selves_(std::move(selves)) {}

  void block(const FrameBlock& block) {
    auto derived = block.events.begin();
    for (const auto& [frame, wall_ns] : block.items()) {
      selves_.before(frame, validator_);
      validator_.frame(frame);
      reader_.push({frame.seq, frame.connection_id, frame.recv_ns}, frame.raw);
      while (auto event = reader_.next_undecoded()) {
        check(derived != block.events.end(), "what became of each event is known");
        judge(*event, *derived++);
      }
    }
  }

 private:
  void judge(event::WireEvent& event, const DerivedEvent& derived) {
    const std::string_view uuid = uuid_of(derived, event);
    if (!uuid.empty() && validator_.few_changes(event, uuid, derived.outcome)) {
      return;
    }
    if (event.payload == event::Payload::undecoded) {
      reader_.decode(event);
    }
    validator_.event(event, derived.outcome);
  }

  verdict::Validator& validator_;
  Selves selves_;
  event::WireReader reader_;
};

}  // namespace

Result<Examined> examine(const ConferenceTape& conference, const state::Join& join,
                         const verdict::RuleSet& rules, const ReadFrames& read) {
  verdict::Examination examination(join, rules);
  auto selves = Selves::begin(conference.tape(), examination);
  auto checkpoints = CheckpointCheck::begin(conference.tape(), join);
  if (!selves || !checkpoints) {
    return fail(selves ? checkpoints.error() : selves.error());
  }
  verdict::Findings of_checkpoints(rules);
  Result<void> checked;
  const auto unread = read([&](const port::Frame& frame) {
    const std::int64_t wall_ns = conference.wall_ns(frame.connection_id, frame.recv_ns);
    selves->before(frame, examination);
    checkpoints->before(frame, wall_ns, examination.derivation());
    examination.frame(frame, wall_ns);
    if (checked) {
      checked = checkpoints->after(frame, examination.derivation(), of_checkpoints);
    }
  });
  if (!checked) {
    return fail(checked.error());
  }
  if (unread) {
    add_damage(examination.findings(), *unread);
  }
  examination.finish();
  Examined examined{examination.findings(), examination.reducer().digest().to_string(), !unread};
  examined.findings.append(of_checkpoints);
  return examined;
}

Result<Examined> examine_by_threads(const ConferenceTape& conference, const std::string& path,
                                    const state::Join& join, const verdict::RuleSet& rules,
                                    const ReadFrames& read) {
  Examined examined{verdict::Findings(rules), {}};
  verdict::Validator validator(examined.findings);
  auto selves = Selves::begin(conference.tape(), validator);
  if (!selves) {
    return fail(selves.error());
  }
  FrameRelay relay;
  auto reading = std::async(std::launch::async, [&] {
    const FrameRelay::Guard guard(relay, FrameRelay::Role::reads);
    return read([&](const port::Frame& frame) {
      relay.put(frame, conference.wall_ns(frame.connection_id, frame.recv_ns));
    });
  });
  auto deriving = std::async(std::launch::async, [&] { return derive(path, join, rules, relay); });
  {
    const FrameRelay::Guard guard(relay, FrameRelay::Role::judges);
    Judge judge(validator, *std::move(selves));
    while (const FrameBlock* const block = relay.next_to_judge()) {
      judge.block(*block);
    }
  }
  const auto unread = reading.get();
  const auto derived = deriving.get();
  if (!derived) {
    return fail(derived.error());
  }
  if (unread) {
    add_damage(examined.findings, *unread);
  }
  validator.finish();
  examined.findings.append(derived->findings);
  examined.state_digest = derived->digest;
  examined.was_read = !unread;
  return examined;
}

}  // namespace tapedeck::cli
