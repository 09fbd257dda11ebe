#include "replayer/deck.hpp"

#include <limits>
#include <optional>

#include "replayer/limits.hpp"

namespace tapedeck::replayer {

Result<Deck::PlayId> Deck::start(std::unique_ptr<port::FrameSource> source,
                                 const Timeline& timeline, PacedSink& sink) {
  Play play{.player = Player(std::move(source), timeline), .sink = sink};
  const auto due = play.player.next_due_ns();
  if (!due) {
    return fail(due.error());
  }
  // A source without frames is over at its start, in the loop as every other.
  play.due_ns = due->value_or(timeline.start_ns());
  play.counted_to_ns = timeline.start_ns();
  const PlayId id = ++last_id_;
  schedule_.emplace(play.due_ns, id);
  plays_.emplace(id, std::move(play));
  return id;
}

void Deck::stop(PlayId id) {
  const auto found = plays_.find(id);
  if (found != plays_.end()) {
    schedule_.erase({found->second.due_ns, id});
    plays_.erase(found);
  }
}

void Deck::hold(PlayId id) {
  const auto found = plays_.find(id);
  if (found != plays_.end()) {
    found->second.held = true;
    schedule_.erase({found->second.due_ns, id});
  }
}

void Deck::release(PlayId id) {
  const auto found = plays_.find(id);
  if (found != plays_.end()) {
    found->second.held = false;
    schedule_.emplace(found->second.due_ns, id);
  }
}

/// Changes a play between two batches, when its next frame has been read and may be due at another
/// time then.
template <class Change>
void Deck::steer(PlayId id, Change change) {
  const auto found = plays_.find(id);
  if (found == plays_.end()) {
    return;
  }
  Play& play = found->second;
  schedule_.erase({play.due_ns, id});
  change(play);
  const auto due = play.player.next_due_ns();
  // What is over, or cannot be read, ends in the loop.
  play.due_ns = due && *due ? **due : std::numeric_limits<std::int64_t>::min();
  if (!play.held) {
    schedule_.emplace(play.due_ns, id);
  }
}

void Deck::pause(PlayId id, std::int64_t now_ns) {
  steer(id, [&](Play& play) {
    if (!play.player.timeline().is_paused()) {
      play.player.timeline().pause(now_ns);
      report_.elapsed_ns += static_cast<std::uint64_t>(now_ns - play.counted_to_ns);
      play.counted_to_ns = now_ns;
    }
  });
}

void Deck::resume(PlayId id, std::int64_t now_ns) {
  steer(id, [&](Play& play) {
    if (play.player.timeline().is_paused()) {
      play.player.timeline().resume(now_ns);
      play.counted_to_ns = now_ns;
    }
  });
}

void Deck::set_rate(PlayId id, const Rate& rate, std::int64_t now_ns) {
  steer(id, [&](Play& play) { play.player.timeline().set_rate(rate, now_ns); });
}

Result<void> Deck::step(PlayId id, std::int64_t now_ns, std::uint64_t blocks) {
  pause(id, now_ns);
  Result<void> stepped;
  steer(id, [&](Play& play) { stepped = hand_over_blocks(play, blocks); });
  return stepped;
}

Result<void> Deck::hand_over_blocks(Play& play, std::uint64_t blocks) {
  while (blocks > 0) {
    const auto due = play.player.next_due_ns();
    if (!due) {
      return fail(due.error());
    }
    if (!*due) {
      break;
    }
    const bool is_before_start = play.player.timeline().is_before_start();
    const auto frame = hand_over(play);
    if (!frame) {
      return fail(frame.error());
    }
    if (!is_before_start) {
      play.player.timeline().stand_at_frame();
      blocks -= frame->complete && !frame->raw.empty() ? 1 : 0;
    }
  }
  return play.sink.flush();
}

Result<void> Deck::finish_block(PlayId id) {
  const auto found = plays_.find(id);
  if (found == plays_.end()) {
    return {};
  }
  Play& play = found->second;
  while (play.in_block) {
    const auto due = play.player.next_due_ns();
    if (!due) {
      return fail(due.error());
    }
    if (!*due) {
      break;
    }
    if (auto accepted = hand_over(play); !accepted) {
      return fail(accepted.error());
    }
  }
  return play.sink.flush();
}

/// Gives the frame that was handed over; its bytes live until the next is read.
Result<port::Frame> Deck::hand_over(Play& play) {
  const port::Frame frame = play.player.take();
  if (auto accepted = play.sink.accept(frame); !accepted) {
    return fail(accepted.error());
  }
  play.in_block = !frame.complete && !frame.raw.empty();
  if (!frame.raw.empty()) {  // else it marks a moment
    ++report_.frames;
    report_.bytes += frame.raw.size();
  }
  return frame;
}

Result<void> Deck::seek(PlayId id, std::unique_ptr<port::FrameSource> source,
                        const Timeline& timeline) {
  Player player(std::move(source), timeline);
  const auto due = player.next_due_ns();
  if (!due) {
    return fail(due.error());
  }
  steer(id, [&](Play& play) {
    play.player = std::move(player);
    play.in_block = false;
    play.due_ns = due->value_or(timeline.start_ns());
    play.counted_to_ns = timeline.start_ns();
  });
  return {};
}

const Timeline* Deck::timeline(PlayId id) const {
  const auto found = plays_.find(id);
  return found == plays_.end() ? nullptr : &found->second.player.timeline();
}

Result<void> Deck::run(port::Clock& clock, const std::function<bool()>& over) {
  while (!over()) {
    if (clock.wait_until(next_due_ns()) == port::Wait::woken) {
      continue;
    }
    if (auto played = play_due(clock); !played) {
      return played;
    }
  }
  return {};
}

std::int64_t Deck::next_due_ns() const {
  return schedule_.empty() ? std::numeric_limits<std::int64_t>::max() : schedule_.begin()->first;
}

Result<void> Deck::play_due(port::Clock& clock) {
  // One batch for each play that is due now, so that none keeps the others waiting.
  due_.clear();
  const std::int64_t now_ns = clock.now_ns();
  for (const auto& [due_ns, id] : schedule_) {
    if (due_ns > now_ns) {
      break;
    }
    due_.push_back(id);
  }
  for (const PlayId id : due_) {
    const auto found = plays_.find(id);
    if (found == plays_.end() || found->second.held) {
      continue;  // a sink before it has stopped or held it
    }
    if (auto played = play_batch(id, found->second, clock.now_ns()); !played) {
      return played;
    }
  }
  return {};
}

Result<void> Deck::play_batch(PlayId id, Play& play, std::int64_t now_ns) {
  schedule_.erase({play.due_ns, id});
  const bool paced = !play.player.timeline().rate().is_unlimited();
  const std::int64_t played_before_ns = play.player.played_ns();
  std::size_t batch_bytes = 0;
  std::optional<std::int64_t> due_ns;
  for (;;) {
    auto next = play.player.next_due_ns();
    if (!next) {
      PacedSink& sink = play.sink;
      plays_.erase(id);
      return sink.source_failed(next.error());
    }
    due_ns = *next;
    if (!due_ns || *due_ns > now_ns || batch_bytes >= limits::batch_bytes_max) {
      break;
    }
    // What tells how things stand has no time of its own that it could be late for.
    const bool has_time = paced && !play.player.timeline().is_before_start();
    const auto frame = hand_over(play);
    if (!frame) {
      return fail(frame.error());
    }
    batch_bytes += frame->raw.size() + limits::batch_frame_cost;
    if (has_time && !frame->raw.empty()) {
      report_.lateness.add(now_ns - *due_ns);
    }
  }
  if (batch_bytes > 0) {
    report_.recorded_ns += static_cast<std::uint64_t>(play.player.played_ns() - played_before_ns);
    report_.elapsed_ns += static_cast<std::uint64_t>(now_ns - play.counted_to_ns);
    play.counted_to_ns = now_ns;
  }
  if (auto flushed = play.sink.flush(); !flushed) {
    return flushed;
  }
  if (!due_ns) {
    auto finished = play.sink.finish();
    plays_.erase(id);
    return finished;
  }
  play.due_ns = *due_ns;
  if (!play.held) {
    schedule_.emplace(play.due_ns, id);
  }
  return {};
}

}  // namespace tapedeck::replayer
