#include "replayer/steering.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "core/base/saturating.hpp"
#include "core/base/units.hpp"

namespace tapedeck::replayer {
namespace {

/// What the keys go through; a rate in between goes to its neighbour.
constexpr std::array<std::string_view, 11> rates{"0.1", "0.25", "0.5", "1",   "2",  "5",
                                                 "10",  "25",   "50",  "100", "max"};

/// The replay time of a long piece of tape: the shorter, the faster.
std::int64_t slowness(const Rate& rate) {
  return rate.scale(1'000'000 * ns_per_s);
}

Rate next_rate(const Rate& from, Direction direction) {
  const std::int64_t now = slowness(from);
  Rate last = from;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const bool forward = direction == Direction::forward;
    const Rate rate = *Rate::parse(rates[forward ? i : rates.size() - 1 - i]);
    last = rate;
    if (forward ? slowness(rate) < now : slowness(rate) > now) {
      return rate;
    }
  }
  return last;
}

Steered refused(Refusal refusal, std::string sentence) {
  return {.refusal = refusal, .sentence = std::move(sentence)};
}

Steered outcome(const Result<void>& result) {
  return result ? Steered{} : refused(Refusal::failed, result.error().message);
}

/// A replay time of the pass that a session is in.
std::int64_t in_this_pass(const Session& session, std::int64_t tape_ns) {
  const std::int64_t passes_ns = session.at_ns - session.reel->tape_ns(session.at_ns);
  return saturating_add(passes_ns, tape_ns);
}

}  // namespace

std::vector<Session> Steering::sessions(SessionId id) const {
  auto found = plays_.sessions();
  if (id != all_sessions) {
    std::erase_if(found, [&](const Session& session) { return session.id != id; });
  }
  return found;
}

Steered Steering::each(SessionId id, const std::function<Steered(const Session&)>& action) {
  const auto meant = sessions(id);
  if (meant.empty()) {
    return id == all_sessions
               ? refused(Refusal::nothing_there, "Nothing is played")
               : refused(Refusal::unknown_session, "There is no session " + std::to_string(id));
  }
  Steered done;
  for (const Session& session : meant) {
    done = action(session);
    if (done.refusal) {
      break;
    }
  }
  changed_();
  return done;
}

/// What holds for the sessions to come too, so that there need be none yet.
Steered Steering::act(SessionId id, const std::function<void()>& action) {
  if (id != all_sessions && sessions(id).empty()) {
    return refused(Refusal::unknown_session, "There is no session " + std::to_string(id));
  }
  action();
  changed_();
  return {};
}

Steered Steering::pause(SessionId id) {
  return act(id, [&] { plays_.pause(id); });
}

Steered Steering::resume(SessionId id) {
  return act(id, [&] { plays_.resume(id); });
}

Steered Steering::toggle_pause(SessionId id) {
  const auto meant = sessions(id);
  const bool paused =
      meant.empty() ? plays_.begins_paused() : std::ranges::all_of(meant, &Session::paused);
  return paused ? resume(id) : pause(id);
}

Steered Steering::set_rate(SessionId id, const Rate& rate) {
  return act(id, [&] { plays_.set_rate(id, rate); });
}

Steered Steering::change_rate(SessionId id, Direction direction) {
  const auto meant = sessions(id);
  return set_rate(
      id, next_rate(meant.empty() ? plays_.begins_at_rate() : meant.front().rate, direction));
}

Steered Steering::step(SessionId id, Direction direction, std::uint64_t frames) {
  if (direction == Direction::forward) {
    return each(id,
                [&](const Session& session) { return outcome(plays_.step(session.id, frames)); });
  }
  return each(id, [&](const Session& session) {
    plays_.pause(session.id);
    return seek(session, session.reel->place_behind(session.seq - std::min(session.seq, frames)));
  });
}

Steered Steering::seek(const Session& session, const Result<Position>& position) {
  if (!position) {
    return refused(Refusal::failed, position.error().message);
  }
  return outcome(plays_.seek(session.id, *position));
}

Steered Steering::seek_to(SessionId id, std::int64_t tape_ns) {
  return each(id, [&](const Session& session) {
    return seek(session, session.reel->place_at(in_this_pass(session, tape_ns)));
  });
}

Steered Steering::seek_by(SessionId id, std::int64_t delta_ns) {
  return each(id, [&](const Session& session) {
    return seek(session, session.reel->place_at(saturating_add(session.at_ns, delta_ns)));
  });
}

Steered Steering::seek_mark(SessionId id, Direction direction) {
  return each(id, [&](const Session& session) {
    const std::int64_t now_ns = session.reel->tape_ns(session.at_ns);
    const auto& marks = session.reel->marks();
    const bool forward = direction == Direction::forward;
    // The one that has just been passed is the last one no more: back goes on to the one before.
    const std::int64_t before_ns = now_ns - (session.paused ? 0 : ns_per_s / 2);
    const auto next = std::ranges::upper_bound(marks, now_ns, {}, &Mark::at_ns);
    const auto last = std::ranges::lower_bound(marks, before_ns, {}, &Mark::at_ns);
    const auto none = [forward] {
      return refused(Refusal::nothing_there,
                     forward ? "No mark follows" : "There is no mark before this moment");
    };
    if (forward ? next == marks.end() : last == marks.begin()) {
      return none();
    }
    const Mark mark = forward ? *next : *std::prev(last);
    const auto place = session.reel->place_at(mark.at_ns);
    if (place && session.reel->tape_ns(place->at_ns) != mark.at_ns) {
      return none();  // it is on the tape, but not within what is played
    }
    Steered done = seek(session, session.reel->place_at(in_this_pass(session, mark.at_ns)));
    if (!done.refusal) {
      done.sentence = "mark at " + format_duration(mark.at_ns) + ": " + mark.text;
    }
    return done;
  });
}

Steered Steering::seek_event(SessionId id, std::string_view event) {
  return each(id, [&](const Session& session) {
    const auto found = session.reel->find_event(event, session.seq);
    if (!found) {
      return refused(Refusal::failed, found.error().message);
    }
    if (!*found) {
      return refused(Refusal::nothing_there, "No '" + std::string(event) + "' follows");
    }
    const Steered done = seek(session, **found);
    return !done.refusal && session.paused ? outcome(plays_.step(session.id, 1)) : done;
  });
}

Steered Steering::mark(SessionId id, std::optional<std::int64_t> tape_ns, const std::string& text) {
  std::set<const Reel*> marked;  // the first session of a tape says when
  return each(id, [&](const Session& session) {
    if (!marked.insert(session.reel).second) {
      return Steered{};
    }
    const Mark mark{.at_ns = tape_ns.value_or(session.reel->tape_ns(session.at_ns)), .text = text};
    if (mark.at_ns > session.reel->end_ns()) {
      return refused(Refusal::nothing_there,
                     "What is played ends at " + format_duration(session.reel->end_ns()));
    }
    const auto kept = session.reel->add_mark(mark);
    if (!kept) {
      return refused(Refusal::failed, kept.error().message);
    }
    const std::string what = "mark at " + format_duration(mark.at_ns);
    return Steered{.refusal = {},
                   .sentence = what + (*kept == Kept::on_tape ? ", on the tape when the replay ends"
                                                              : ", for this run only")};
  });
}

}  // namespace tapedeck::replayer
