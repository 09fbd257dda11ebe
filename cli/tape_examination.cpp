#include "cli/tape_examination.hpp"

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include "cli/checkpoint_check.hpp"
#include "cli/outcome_queue.hpp"
#include "core/event/catalogue.hpp"
#include "core/event/decoder.hpp"
#include "core/event/wire_reader.hpp"
#include "core/verdict/examination.hpp"
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
  std::uint64_t frames = 0;
};

DerivedEvent derived_event(const state::Step& step, const state::Reducer& reducer) {
  DerivedEvent derived{step.outcome};
  const auto& few = reducer.few_changes();
  const auto fits = [](const event::Member& member) {
    static const event::Shape& shape =
        event::find_wire_shape(event::Kind::participant_update)->payload;
    const event::Field* const field = shape.find_field(member.key);
    return field != nullptr && verdict::fits(field->shape, member.value);
  };
  if (few && std::ranges::all_of(few->members, fits)) {
    derived.uuid_at = static_cast<std::size_t>(few->uuid.data() - step.event->data.data());
    derived.uuid_size = few->uuid.size();
  }
  return derived;
}

/// Empty where the event has to be decoded.
std::string_view uuid_of(const DerivedEvent& derived, const event::WireEvent& event) {
  // Of a tape that is written to meanwhile it may be another event.
  return derived.uuid_at <= event.data.size()
             ? event.data.substr(derived.uuid_at, derived.uuid_size)
             : std::string_view();
}

Result<Derived> derive(const std::string& path, const state::Join& join,
                       const verdict::RuleSet& rules, OutcomeQueue& outcomes) {
  const auto conference = ConferenceTape::open(path);
  if (!conference) {
    return fail(conference.error());
  }
  auto checkpoints = CheckpointCheck::begin(conference->tape(), join);
  if (!checkpoints) {
    return fail(checkpoints.error());
  }
  state::Derivation derivation(
      join,
      {.client = state::Client::client_20, .signals = false, .digest = true, .only_changes = true});
  Derived derived{verdict::Findings(rules), {}};
  const auto take_steps = [&] {
    while (const auto step = derivation.next()) {
      if (step->event != nullptr) {
        outcomes.put(derived_event(*step, derivation.reducer()));
      }
    }
  };
  Result<void> checked;
  // Where the tape cannot be read any further the other thread finds it too, and says so.
  (void)conference->for_each_frame([&](const port::Frame& frame, std::int64_t wall_ns) {
    checkpoints->before(frame, wall_ns, derivation);
    derivation.push({frame.seq, frame.connection_id, frame.recv_ns}, wall_ns, frame.raw);
    take_steps();
    if (checked) {
      checked = checkpoints->after(frame, derivation, derived.findings);
    }
    ++derived.frames;
  });
  if (!checked) {
    return fail(checked.error());
  }
  derivation.finish();
  take_steps();
  derived.digest = derivation.reducer().digest().to_string();
  return derived;
}

}  // namespace

Result<Examined> examine(const ConferenceTape& conference, const state::Join& join,
                         const verdict::RuleSet& rules, const FramesDone& done) {
  verdict::Examination examination(join, rules);
  auto selves = Selves::begin(conference.tape(), examination);
  auto checkpoints = CheckpointCheck::begin(conference.tape(), join);
  if (!selves || !checkpoints) {
    return fail(selves ? checkpoints.error() : selves.error());
  }
  verdict::Findings of_checkpoints(rules);
  Result<void> checked;
  const auto judge = [&](const port::Frame& frame, std::int64_t wall_ns) {
    selves->before(frame, examination);
    checkpoints->before(frame, wall_ns, examination.derivation());
    examination.frame(frame, wall_ns);
    if (checked) {
      checked = checkpoints->after(frame, examination.derivation(), of_checkpoints);
    }
  };
  const auto read = conference.for_each_frame(judge, done);
  if (!checked) {
    return fail(checked.error());
  }
  if (!read) {
    add_damage(examination.findings(), read.error());
  }
  examination.finish();
  Examined examined{examination.findings(), examination.reducer().digest().to_string(),
                    read.has_value()};
  examined.findings.append(of_checkpoints);
  return examined;
}

Result<Examined> examine_in_two_threads(const ConferenceTape& conference, const std::string& path,
                                        const state::Join& join, const verdict::RuleSet& rules,
                                        const FramesDone& done) {
  Examined examined{verdict::Findings(rules), {}};
  verdict::Validator validator(examined.findings);
  auto selves = Selves::begin(conference.tape(), validator);
  if (!selves) {
    return fail(selves.error());
  }
  OutcomeQueue outcomes;
  auto other = std::async(std::launch::async, [&] {
    const OutcomeQueue::Putting putting(outcomes);
    return derive(path, join, rules, outcomes);
  });
  const OutcomeQueue::Taking taking(outcomes);
  event::WireReader reader;
  std::uint64_t frames = 0;
  const auto judge = [&](const port::Frame& frame, std::int64_t) {
    selves->before(frame, validator);
    validator.frame(frame);
    reader.push({frame.seq, frame.connection_id, frame.recv_ns}, frame.raw);
    while (auto event = reader.next_undecoded()) {
      const DerivedEvent derived = outcomes.take();
      const std::string_view uuid = uuid_of(derived, *event);
      if (!uuid.empty() && validator.few_changes(*event, uuid, derived.outcome)) {
        continue;
      }
      if (event->payload == event::Payload::undecoded) {
        reader.decode(*event);
      }
      validator.event(*event, derived.outcome);
    }
    ++frames;
  };
  const auto read = conference.for_each_frame(judge, done);
  const bool all_taken = outcomes.close();
  const auto derived = other.get();
  if (!derived) {
    return fail(derived.error());
  }
  if (!all_taken || derived->frames != frames) {
    return examine(conference, join, rules, done);  // it has been written to meanwhile
  }
  if (!read) {
    add_damage(examined.findings, read.error());
  }
  validator.finish();
  examined.findings.append(derived->findings);
  examined.state_digest = derived->digest;
  examined.was_read = read.has_value();
  return examined;
}

}  // namespace tapedeck::cli
